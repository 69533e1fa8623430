"""A headless Chromium for tests, spoken to through pipes in its DevTools protocol: no driver, no package."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from select import select
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60.0
"""seconds that an answer may take"""


def find_browser() -> str | None:
    """The browser that `SACCADE_TEST_BROWSER` names, else the first that is installed."""
    return os.environ.get("SACCADE_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a headless browser.

    Args:
        more: flags besides the usual ones.

    Attributes:
        complaints: what the page has said on its console, and errors that nobody caught.
    """

    def __init__(self, binary: str, *more: str) -> None:
        self.complaints: list[str] = []
        self._count = 0
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        there, self._out = os.pipe()
        self._in, back = os.pipe()
        # the browser reads from descriptor 3 and writes to 4, whichever these have here
        command = f'exec "$0" "$@" 3<&{there} 4>&{back}'
        flags = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--mute-audio"]
        flags += [
            "--no-first-run",
            "--hide-scrollbars",
            f"--user-data-dir={self._profile.name}",
            *more,
            "about:blank",
        ]
        self._process = subprocess.Popen(
            ["bash", "-c", command, binary, *flags],
            pass_fds=(there, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(there)
        os.close(back)
        self._session: str | None = None
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def show(self, page: Path, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Opens a file in a window of that width and height, in CSS pixels."""
        self.visit(page.resolve().as_uri(), width, height, dark=dark)
        # charts are drawn when their size is known
        self.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")

    def visit(self, address: str, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """Opens an address in a window of that width and height, in CSS pixels."""
        mobile = width < 500
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self._call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._read()

    def wait(self, script: str, seconds: float = PATIENCE) -> Any:
        """The value of an expression as soon as it is one that counts."""
        until = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"never: {script}; the page has said {self.complaints}"
            time.sleep(0.05)
        return value

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drags the mouse from one place of the window to another, in CSS pixels."""
        for kind, (x, y) in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            held = {"button": "left", "buttons": 1, "clickCount": 1}
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)

    def choose_file(self, selector: str, path: Path) -> None:
        """Chooses a file in an input, as a person would in its dialogue."""
        document = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def save_downloads(self, folder: Path) -> None:
        """Downloads go there."""
        self._call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def run(self, script: str) -> Any:
        """The value of an expression, or of the promise that it is."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Presses a key, as a person would."""
        text = "\r" if key == "Enter" else key if len(key) == 1 else None
        code = {"Enter": 13, " ": 32, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "Tab": 9}.get(
            key, ord(key[0].upper())
        )
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **extra)

    def write(self, text: str) -> None:
        """Types a text where the focus is."""
        self._call("Input.insertText", text=text)

    def picture(self, path: Path, *, whole: bool = True) -> Path:
        """Takes a picture of the page, all of it or what the window shows."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    def __enter__(self) -> "Browser":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        number = self._count
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        """The next message; notes it when it is an event."""
        while b"\0" not in self._buffer:
            if not select([self._in], [], [], PATIENCE)[0]:
                raise AssertionError(f"the browser has said nothing for {PATIENCE:.0f} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise AssertionError("the browser is gone")
            self._buffer += chunk
        raw, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(raw)
        if "method" in message:
            self._events.append(message)
            self._note(message["method"], message.get("params", {}))
        return message

    def _note(self, method: str, event: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(arg.get("value")) for arg in event["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(event["entry"]["text"])
