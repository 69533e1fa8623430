"""`--show browser` in a real browser: a run is seen while it goes on, stopped, and begun with drawn boxes."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra live")

from saccade.media import read_boxes_csv
from tests.browser import Browser, find_browser
from tests.unit.live.material import clip

BROWSER = find_browser()
in_a_browser = pytest.mark.skipif(BROWSER is None, reason="needs a browser, such as chromium")
PATIENCE = 300.0
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


class Run:
    """A run of the command line, watched at an address that it prints."""

    def __init__(self, *words: object, out: Path) -> None:
        bare = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
        }
        command = [sys.executable, "-m", "saccade", *map(str, words), "--show", "browser", "--out", str(out)]
        self.process = subprocess.Popen(
            command,
            env={**bare, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said, self._lines = list[str](), SimpleQueue[str]()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)

    @property
    def address(self) -> str:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                self.said.append(self._lines.get(timeout=0.2))
            except Empty:
                assert self.process.poll() is None, self.said
                continue
            if found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", self.said[-1]):
                return found[0]
        raise AssertionError(self.said)

    def end(self) -> dict[str, Any]:
        """Waits for the end; what was printed, as JSON."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, self.said
        answer: dict[str, Any] = json.loads(out)
        return answer


@contextmanager
def running(*words: object, out: Path) -> Iterator[Run]:
    run = Run(*words, out=out)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.communicate()


def text(browser: Browser, name: str) -> str:
    return str(browser.run(f"document.querySelector('#{name}').textContent"))


def click(browser: Browser, name: str) -> None:
    browser.run(f"document.querySelector('#{name}').click()")


@in_a_browser
def test_boxes_are_drawn_the_run_is_seen_paused_and_stopped(tmp_path: Path) -> None:
    source, out = clip(tmp_path / "cards.mp4", 400, fps=25.0), tmp_path / "out"
    assert BROWSER is not None
    with running("track", source, "--json", out=out) as run, Browser(BROWSER) as browser:
        browser.visit(run.address)
        browser.wait("!document.querySelector('#start').hidden")
        assert "token" not in browser.run("location.href")
        script = """(() => { const c = document.querySelector('#canvas'), r = c.getBoundingClientRect();
            return [r.left, r.top, r.width, r.height, c.width, c.height] })()"""
        left, top, width, height, across, down = browser.run(script)
        share = min(width / across, height / down)
        left, top = left + (width - share * across) / 2, top + (height - share * down) / 2
        browser.drag((left + 20 * share, top + 20 * share), (left + 60 * share, top + 55 * share))
        browser.wait("!document.querySelector('#start').disabled")
        click(browser, "start")
        browser.wait("parseInt(document.querySelector('#frame').textContent) >= 3")
        assert text(browser, "status") in ("tracked", "uncertain", "lost") and float(text(browser, "fps")) > 0
        click(browser, "pause")
        time.sleep(0.5)
        paused = text(browser, "frame")
        time.sleep(0.5)
        assert text(browser, "frame") == paused
        click(browser, "pause")
        browser.wait(f"parseInt(document.querySelector('#frame').textContent) > {paused}")
        click(browser, "stop")
        browser.wait("!document.querySelector('#ending').hidden")
        done = run.end()
        assert text(browser, "folder") == str(out) and "boxes.csv" in text(browser, "files")
        assert text(browser, "ending-text") == f"Stopped after {done['frames']} frames."
        assert int(paused) < done["frames"] < 400
        assert browser.complaints == []
    first = next(iter(read_boxes_csv(out / "boxes.csv")))
    assert abs(first.xywh[0] - (20, 20, 40, 35)).max() < 1.5


@pytest.mark.slow
@in_a_browser
def test_a_run_ends_and_the_page_says_where_its_files_are(tmp_path: Path) -> None:
    source, out = clip(tmp_path / "cards.mp4", 60, fps=25.0), tmp_path / "out"
    words = ("track", source, "--tracker", "still", "--json")
    assert BROWSER is not None
    with Browser(BROWSER) as browser, running(*words, out=out) as run:
        browser.visit(run.address, 390)
        browser.wait("!document.querySelector('#start').hidden")
        # by keyboard alone: a box in the middle, taken, and off
        for key in ("n", "Enter", "Enter"):
            browser.press(key)
        browser.wait("!document.querySelector('#ending').hidden")
        assert text(browser, "ending-text") == "Done: 60 frames." and text(browser, "frame") == "59"
        assert run.end()["frames"] == 60
        assert browser.run("document.querySelector('#stop').disabled")
        assert text(browser, "title") == "cards.mp4"
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert browser.complaints == []


@pytest.mark.slow
def test_without_a_browser_the_address_is_printed_and_the_run_goes_on(tmp_path: Path) -> None:
    source, out = clip(tmp_path / "cards.mp4", 12, fps=25.0), tmp_path / "out"
    with running("track", source, "--box", "20,20,40,35", "--tracker", "still", "--json", out=out) as run:
        address = run.address
        assert run.end()["frames"] == 12
    assert address.startswith("http://127.0.0.1:")


def test_nobody_without_the_token_sees_it(tmp_path: Path) -> None:
    source = clip(tmp_path / "cards.mp4", 12, fps=25.0)
    with running("track", source, "--tracker", "still", "--json", out=tmp_path / "out") as run:
        address, _, token = run.address.partition("?token=")
        for asked in (address, f"{address}?token=x{token}", f"{address}page/page.css"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(asked, timeout=10)
