"""The live page in a real browser: what it follows is what the same run follows without it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="needs the extra live")

from saccade import load
from saccade.core import Frame, Targets, follow_frames
from saccade.live.menu import Menu
from saccade.media import open_source, read_boxes_csv
from tests.browser import Browser, find_browser
from tests.e2e.live_server import Served, serving
from tests.unit.live.material import BOX, SECOND, clip, jpeg

BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs a browser, such as chromium")

MOST = 0.006
"""pixels by which the CSV and the page round"""


class Page:
    """The page in the browser, spoken to in pixels of the frame."""

    def __init__(self, browser: Browser, served: Served, width: int = 1280, *, dark: bool = False) -> None:
        self.browser, self.served = browser, served
        browser.visit(served.address, width, dark=dark)
        browser.wait("document.querySelector('#source').options.length > 2")

    def text(self, name: str) -> str:
        return str(self.browser.run(f"document.querySelector('#{name}').textContent"))

    def click(self, name: str) -> None:
        self.browser.run(f"document.querySelector('#{name}').click()")

    @property
    def place(self) -> int:
        """The frame that is shown."""
        text = self.text("place").split(" ")[0]
        return int(text) if text.isdecimal() else -1

    def wait_for(self, frame: int) -> None:
        self.browser.wait(f"parseInt(document.querySelector('#place').textContent) >= {frame}")

    def is_playing(self, wished: bool) -> None:
        self.browser.wait(
            f"document.querySelector('#play').classList.contains('plays') === {str(wished).lower()}"
        )

    def draw(self, box: tuple[float, float, float, float]) -> None:
        script = """(() => { const c = document.querySelector('#canvas'), r = c.getBoundingClientRect();
            return [r.left, r.top, r.width, r.height, c.width, c.height] })()"""
        left, top, width, height, across, down = self.browser.run(script)
        share = min(width / across, height / down)
        left, top = left + (width - share * across) / 2, top + (height - share * down) / 2
        x, y, w, h = (share * value for value in box)
        self.browser.drag((left + x, top + y), (left + x + w, top + y + h))

    def download(self, kind: str, folder: Path) -> Path:
        path = folder / kind
        path.unlink(missing_ok=True)
        self.browser.run(f"document.querySelector('[data-kind=\"{kind}\"]').click()")
        until = time.monotonic() + 30
        while not path.is_file() or path.with_suffix(path.suffix + ".crdownload").exists():
            assert time.monotonic() < until, self.text("message")
            time.sleep(0.05)
        return path


@pytest.fixture
def fake_camera(tmp_path: Path) -> Path:
    path = tmp_path / "camera.mjpeg"
    path.write_bytes(b"".join(jpeg(index) for index in range(40)))
    return path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "clips").mkdir()
    clip(tmp_path / "clips" / "cards.mp4", 30, fps=25.0)
    with serving(Menu(None, "", [tmp_path / "clips"])) as server:
        yield server


def camera_flags(path: Path) -> list[str]:
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]


def compare(csv: Path, frames: list[Frame], prompts: dict[int, Targets]) -> None:
    """What the page has saved is what a run finds in the same frames."""
    saved = {found.frame: found for found in read_boxes_csv(csv)}
    for _, found in follow_frames(load("eco"), frames, prompts):
        assert list(saved[found.frame].ids) == list(found.ids)  # type: ignore[arg-type]
        np.testing.assert_allclose(saved[found.frame].boxes, found.boxes, atol=MOST)
    assert len(frames) == len([index for index in saved if index >= frames[0].index])


def test_a_box_is_drawn_on_the_camera_and_followed(served: Served, fake_camera: Path, tmp_path: Path) -> None:
    assert BROWSER is not None
    with Browser(BROWSER, *camera_flags(fake_camera)) as browser:
        browser.save_downloads(tmp_path)
        page = Page(browser, served)
        page.click("use-camera")
        page.wait_for(3)
        page.draw((20.0, 20.0, 100.0, 80.0))
        browser.wait("document.querySelectorAll('#targets li').length === 1")
        page.wait_for(page.place + 6)
        served.cut()
        browser.wait("document.querySelector('#message').textContent.includes('line to the server is cut')")
        assert browser.run("document.querySelector('#play').disabled")
        browser.wait("document.querySelector('#message').hidden")
        page.wait_for(page.place + 6)
        assert float(page.text("latency")) > 0 and page.text("dropped").isdecimal()
        page.click("play")
        page.is_playing(False)
        csv = page.download("boxes.csv", tmp_path)
        reel, passing = next(iter(served.server.sessions.values())).taken()
        found = [each for each in passing.results.all() if len(each)]
        drawn: Any = found[0]
        # where the mouse was, to a pixel of the window
        np.testing.assert_allclose(drawn.xywh[0], (20, 20, 100, 80), atol=1)
        frames = [reel.frame(each.frame) for each in found]
        compare(csv, frames, {drawn.frame: Targets(boxes=drawn.xywh)})
        assert browser.complaints == []


def choose_cards(page: Page) -> None:
    page.browser.run("""(() => { const s = document.querySelector('#source');
        s.value = '0/cards.mp4'; s.dispatchEvent(new Event('change')) })()""")
    page.browser.wait("document.querySelector('#place').textContent === '0 / 29'")


def says(text: str) -> str:
    return f"document.querySelector('#message').textContent.includes('{text}')"


@pytest.mark.slow
def test_what_the_server_knows_no_longer_is_told(served: Served) -> None:
    assert BROWSER is not None
    served.server._limits = replace(served.server._limits, cut_seconds=0.1)
    with Browser(BROWSER) as browser:
        page = Page(browser, served)
        choose_cards(page)
        page.draw(BOX)
        browser.wait("document.querySelectorAll('#targets li').length === 1")
        served.cut()
        browser.wait(says("the server knows no longer what was followed here; choose a source again"))
        assert browser.run("document.querySelectorAll('#targets li').length") == 0
        choose_cards(page)
        page.draw(BOX)
        browser.wait("document.querySelectorAll('#targets li').length === 1")
        assert browser.run("document.querySelector('#message').hidden")


@pytest.mark.slow
def test_a_server_that_asks_for_another_token_is_not_asked_again(served: Served) -> None:
    assert BROWSER is not None
    with Browser(BROWSER) as browser:
        page = Page(browser, served)
        choose_cards(page)
        served.access.token = "another"
        served.cut()
        browser.wait(says("asks for another token; open the address that it has printed"))
        assert browser.run("document.querySelector('#play').disabled")
        # the lines are tried again after half a second, and then a second
        time.sleep(2)
        assert browser.run(says("asks for another token"))
        assert all(line.socket is None for line in served.server._lines.values())
        browser.visit(f"{served.address}?token=another", 1280)
        browser.wait("document.querySelector('#source').options.length > 2")
        choose_cards(page)


@pytest.mark.slow
def test_an_upload_is_followed_corrected_and_saved(served: Served, tmp_path: Path) -> None:
    assert BROWSER is not None
    source = clip(tmp_path / "mine.mp4", 26, fps=25.0)
    with Browser(BROWSER) as browser:
        browser.save_downloads(tmp_path)
        page = Page(browser, served)
        browser.choose_file("#file", source)
        browser.wait("document.querySelector('#place').textContent === '0 / 25'")
        page.draw(BOX)
        browser.wait("document.querySelectorAll('#targets li').length === 1")
        page.draw(SECOND)
        browser.wait("document.querySelectorAll('#targets li').length === 2")
        assert page.place == 0
        page.click("play")
        page.wait_for(12)
        page.click("play")
        page.is_playing(False)
        page.click("back")
        time.sleep(0.3)
        at = page.place
        assert at >= 10
        browser.run("document.querySelectorAll('#targets li button')[2].click()")  # correct target 1
        better = (140.0, 88.0 - at, 30.0, 26.0)
        page.draw(better)
        browser.wait("document.querySelector('#targets li.chosen') === null")
        page.click("play")
        page.wait_for(25)
        page.is_playing(False)
        csv, video = page.download("boxes.csv", tmp_path), page.download("video.mp4", tmp_path)
        saved = {found.frame: found.xywh for found in read_boxes_csv(csv)}
        np.testing.assert_allclose(saved[0], (BOX, SECOND), atol=1)
        np.testing.assert_allclose(saved[at][1], better, atol=1)
        prompts = {0: Targets(boxes=saved[0], ids=[0, 1]), at: Targets(boxes=saved[at][1:], ids=[1])}
        compare(csv, list(open_source(source)), prompts)
        with open_source(video) as drawn:
            assert drawn.num_frames == 26 and drawn.size_wh == (220, 160)
        page.browser.run("document.querySelector('[data-kind=\"masks.zip\"]').click()")
        browser.wait("document.querySelector('#message').textContent.includes('no masks')")
        junk = tmp_path / "junk.mp4"
        junk.write_text("no video")
        browser.choose_file("#file", junk)
        browser.wait("document.querySelector('#message').textContent.includes('this is no video')")
        assert browser.run("document.querySelector('#empty').hidden"), "the clip before goes on being shown"
        # the browser itself says of the refused download
        assert [said for said in browser.complaints if "404" not in said and "415" not in said] == []


@pytest.mark.slow
def test_the_keyboard_does_it_too_on_a_telephone(served: Served) -> None:
    assert BROWSER is not None
    served.server._shelf.take("yolox")  # loading it takes longer than a page is waited for
    with Browser(BROWSER) as browser:
        page = Page(browser, served, 390, dark=True)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        choose_cards(page)
        browser.run("document.querySelector('#inside').open = true")
        for key in ("n", "ArrowRight", "ArrowDown", "Enter"):
            browser.press(key)
        browser.wait("document.querySelectorAll('#targets li').length === 1")
        for key in (".", ".", ".", ","):
            browser.press(key)
        browser.wait("document.querySelector('#place').textContent === '2 / 29'")
        browser.wait("document.querySelectorAll('.insight canvas').length >= 3")
        browser.press(" ")
        page.wait_for(8)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        # models that find things by themselves
        for model, holds in (
            ("yolox", "length > 1"),
            ("finder", "length === 1 && rows[0].textContent.includes('person')"),
        ):
            browser.run(f"""(() => {{ const s = document.querySelector('#model');
                s.value = '{model}'; s.dispatchEvent(new Event('change')) }})()""")
            browser.wait(
                "(() => { const rows = document.querySelectorAll('#targets li'); return "
                f"document.querySelector('#hint').textContent.includes('by itself') && rows.{holds} }})()"
            )
        assert browser.complaints == []
