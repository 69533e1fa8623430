"""The screen of a run in the browser: what the window of `--show window` is, without a display.

The run is never held up: viewers are sent its newest picture each time that they have shown one. They may
pause it, end it, and draw the boxes that it begins with.
"""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles
from jaxtyping import UInt8

from saccade.core import Frame, Instances, SaccadeError
from saccade.live.access import Access
from saccade.live.gate import Gate
from saccade.live.line import TRY_LATER
from saccade.live.messages import box_of, pack
from saccade.live.pointing import Box

HOST = "127.0.0.1"
_FOLDER = Path(str(files("saccade.live")))
_QUALITY = 85
"""of JPEG"""
_RECENT = 30
"""frames that their rate is taken of"""
_BEAT = 0.1
"""seconds from one look at what viewers want to the next"""
_PATIENCE = 2.0
"""seconds that viewers have to hear that a run has ended"""
_ARRIVAL = 5.0
"""seconds that a browser that was opened has to arrive before a short run is over"""
_MOST_BYTES = 64 << 10
"""of one message of a viewer's"""
_MOST_VIEWERS = 8

Picture = UInt8[np.ndarray, "H W 3"]


@dataclass(frozen=True, slots=True, eq=False)
class _News:
    """What viewers are told next: a header, and the picture that belongs to it."""

    header: Mapping[str, Any]
    picture: Picture | None = None

    def packed(self) -> bytes:
        if self.picture is None:
            return pack(self.header)
        _, encoded = cv2.imencode(".jpg", self.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return pack(self.header, encoded.tobytes())


@dataclass(slots=True, eq=False)
class _Viewer:
    """A page that watches: what it has been told, and whether it has shown that."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    told: _News | None = None
    is_ready: bool = True


class Screen:
    """Shows a run in the browser; a context manager, during which the page is served on the loopback.

    Args:
        title: what is run.
        out: folder of its files, which the page names in the end.
        num_frames: how many frames there are; None when nobody can know.

    Attributes:
        address: of the page, with the token that it asks for: other users of this machine do not have it.
        is_expected: whether a browser was opened, so that a viewer is on the way.
    """

    def __init__(self, title: str, out: Path, num_frames: int | None = None) -> None:
        self.is_expected = False
        self._title, self._out, self._num_frames = title, out, num_frames
        self._news: _News | None = None
        self._viewers: set[_Viewer] = set()
        self._count = self._visits = 0
        self._times: deque[float] = deque(maxlen=_RECENT)
        self._is_stopped = self._is_paused = False
        self._boxes: list[Box] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        access = Access(HOST, asks=True)
        routes = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        routes.websocket("/session")(self._serve)
        routes.mount("/page", StaticFiles(directory=_FOLDER / "page"))
        routes.mount("/", StaticFiles(directory=_FOLDER / "watch", html=True))
        self._socket = socket.create_server((HOST, 0))
        self.address = f"http://{HOST}:{self._socket.getsockname()[1]}/?token={access.token}"
        config = uvicorn.Config(Gate(routes, access), log_level="warning", ws_max_size=_MOST_BYTES)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="saccade-screen", daemon=True
        )

    def show(self, frame: Frame, found: Instances, picture: Picture, remark: str = "") -> bool:
        """Shows a frame that has been run, and waits while a viewer has paused.

        Args:
            picture: the frame with what was found drawn on it.
            remark: what else there is to say.

        Returns:
            False when a viewer has stopped the run.
        """
        self._count += 1
        self._times.append(time.monotonic())
        self._tell(_News(self._header(frame.index, _status(found), remark), picture))
        while self._is_paused and self._viewers and not self._is_stopped:
            time.sleep(_BEAT)
            self._times.clear()
        return not self._is_stopped

    def pick(self, picture: Picture) -> list[Box]:
        """Lets a viewer draw boxes on a frame; waits for one if need be.

        Returns:
            boxes (x, y, w, h) in frame pixels; none when the viewer gave up.
        """
        self._tell(_News(self._header(0, "draw the targets", "", asks=True), picture))
        while self._boxes is None and not self._is_stopped:
            time.sleep(_BEAT)
        return self._boxes or []

    def _header(self, index: int, status: str, remark: str, *, asks: bool = False) -> dict[str, Any]:
        spent = self._times[-1] - self._times[0] if len(self._times) > 1 else 0.0
        return {
            "kind": "frame",
            "title": self._title,
            "frame": index,
            "done": self._count,
            "of": self._num_frames,
            "fps": round((len(self._times) - 1) / spent, 2) if spent else None,
            "status": status,
            "remark": remark,
            "asks": asks,
        }

    def _tell(self, news: _News) -> None:
        """Makes it the news of all viewers; from the thread of the run."""
        self._news = news
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and nobody watches any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.wake.set()

    async def _serve(self, page: WebSocket) -> None:
        """A viewer, from the first word to the last."""
        await page.accept()
        self._loop = asyncio.get_running_loop()
        if len(self._viewers) >= _MOST_VIEWERS:
            await page.close(TRY_LATER, "too many watch already")
            return
        viewer = _Viewer()
        viewer.wake.set()
        self._viewers.add(viewer)
        self._visits += 1
        telling = asyncio.create_task(self._keep_telling(page, viewer))
        try:
            while True:
                self._hear(await page.receive_text(), viewer)
        except (WebSocketDisconnect, RuntimeError, ValueError, KeyError, TypeError, SaccadeError):
            pass  # it has gone, or is none of ours: what it says cannot be understood
        finally:
            telling.cancel()
            self._viewers.discard(viewer)
            with suppress(RuntimeError, WebSocketDisconnect):
                await page.close()

    async def _keep_telling(self, page: WebSocket, viewer: _Viewer) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):
            while True:
                await viewer.wake.wait()
                viewer.wake.clear()
                news = self._news
                if news is None or news is viewer.told or not viewer.is_ready:
                    continue
                viewer.told, viewer.is_ready = news, False
                await page.send_bytes(await asyncio.to_thread(news.packed))

    def _hear(self, text: str, viewer: _Viewer) -> None:
        """Does what a viewer wants.

        Raises:
            ValueError, KeyError, TypeError, TargetError: when it cannot be understood.
        """
        message = json.loads(text)
        match message["do"]:
            case "shown":
                viewer.is_ready = True
                viewer.wake.set()
            case "stop":
                self._is_stopped = True
            case "pause" | "play" as wish:
                self._is_paused = wish == "pause"
            case "draw":
                self._boxes = [box_of(box) for box in message["boxes"]]
            case other:
                raise ValueError(other)

    def __enter__(self) -> "Screen":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_expected:
            self._wait(_ARRIVAL, lambda: not self._visits)
        # the last frame, too, is seen, and then what became of it
        for news in (self._news, _News(self._ending(error))):
            if news is not None:
                self._tell(news)
                self._wait(_PATIENCE, partial(self._is_owed, news))
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _wait(self, seconds: float, holds: Callable[[], bool]) -> None:
        """Waits while something holds, but no longer than that."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and holds():
            time.sleep(_BEAT)

    def _is_owed(self, news: _News) -> bool:
        """Whether a viewer has still to show something."""
        return any(viewer.told is not news or not viewer.is_ready for viewer in list(self._viewers))

    def _ending(self, error: BaseException | None) -> dict[str, Any]:
        frames = f"{self._count} frame{'s' * (self._count != 1)}"
        if error is None:
            text = f"Stopped after {frames}." if self._is_stopped else f"Done: {frames}."
        else:
            text = f"Broken off after {frames}."
        names = sorted(path.name for path in self._out.iterdir()) if self._out.is_dir() else []
        said = str(error) if isinstance(error, SaccadeError) else None
        folder = str(self._out.resolve())
        return {"kind": "ended", "text": text, "error": said, "folder": folder, "files": names}


def _status(found: Instances) -> str:
    """What was found, in a few words."""
    if found.status is None:
        return f"{len(found)} found"
    kinds, counts = np.unique(found.status, return_counts=True)
    if len(found) == 1:
        return str(kinds[0])
    return ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True)) or "nothing"
