"""The screen of a run: viewers see its newest picture, may hold and end it, and never hold it up."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="needs the extra live")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from saccade.core import Frame, Instances, SourceError
from saccade.live.access import COOKIE
from saccade.live.screen import Screen

PICTURE = np.zeros((48, 64, 3), np.uint8)


def found(*status: str) -> Instances:
    rows = len(status)
    return Instances(
        boxes=np.tile([1.0, 2.0, 9.0, 8.0], (rows, 1)), scores=np.ones(rows), status=np.array(status)
    )


def show(screen: Screen, index: int, *status: str) -> bool:
    return screen.show(Frame(PICTURE, index), found(*(status or ("tracked",))), PICTURE)


class Viewer:
    """A page that has come by the printed address."""

    def __init__(self, screen: Screen) -> None:
        address, _, token = screen.address.partition("?token=")
        cookie = {"Cookie": f"{COOKIE}={token}"}
        place = address.replace("http", "ws") + "session"
        self._connecting = connect(place, additional_headers=cookie)
        self.socket: ClientConnection = self._connecting.__enter__()

    def hear(self) -> dict[str, Any]:
        data = self.socket.recv(20)
        assert isinstance(data, bytes)
        length = int.from_bytes(data[:4])
        header: dict[str, Any] = json.loads(data[4 : 4 + length])
        if header["kind"] == "frame":
            assert data[4 + length :].startswith(b"\xff\xd8")  # a JPEG
        return header

    def say(self, kind: str, **rest: Any) -> None:
        self.socket.send(json.dumps({"do": kind, **rest}))


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    # these viewers say nothing of having seen the end
    monkeypatch.setattr("saccade.live.screen._PATIENCE", 0.1)
    with Screen("cards", tmp_path, 10) as screen:
        yield screen


def until(holds: Any) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_viewer_is_shown_the_newest_frame_each_time_it_is_ready(screen: Screen) -> None:
    viewer = Viewer(screen)
    assert show(screen, 0)
    first = viewer.hear()
    assert (first["frame"], first["of"], first["done"], first["status"]) == (0, 10, 1, "tracked")
    for index in range(1, 6):
        assert show(screen, index, "lost", "tracked", "lost")
    viewer.say("shown")
    newest = viewer.hear()
    assert newest["frame"] == 5 and newest["fps"] > 0 and newest["status"] == "2 lost, 1 tracked"


def test_it_is_held_while_somebody_watches_and_ended(screen: Screen) -> None:
    viewer = Viewer(screen)
    assert show(screen, 0)
    viewer.hear()
    viewer.say("pause")
    until(lambda: screen._is_paused)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(show(screen, 1)))
    waiting.start()
    time.sleep(0.3)
    assert not answers
    viewer.say("stop")
    waiting.join(20)
    assert answers == [False] and not show(screen, 2)


def test_a_viewer_that_goes_does_not_hold_it(screen: Screen) -> None:
    viewer = Viewer(screen)
    viewer.say("pause")
    until(lambda: screen._is_paused)
    viewer.socket.close()
    assert show(screen, 0)


def test_boxes_are_drawn(screen: Screen) -> None:
    viewer = Viewer(screen)
    drawn: list[Any] = []
    waiting = threading.Thread(target=lambda: drawn.extend(screen.pick(PICTURE)))
    waiting.start()
    assert viewer.hear()["asks"]
    viewer.say("draw", boxes=[[1, 2, 30.5, 20], [4, 4, 5, 5]])
    waiting.join(20)
    assert drawn == [(1.0, 2.0, 30.5, 20.0), (4.0, 4.0, 5.0, 5.0)]


def test_who_gives_up_draws_none(screen: Screen) -> None:
    viewer = Viewer(screen)
    viewer.say("stop")
    assert screen.pick(PICTURE) == []


@pytest.mark.parametrize(
    "rubbish",
    [
        "{",
        "[]",
        '{"do": "fly"}',
        '{"do": "draw", "boxes": [[1, 2, 0, 4]]}',
        '{"do": "draw", "boxes": 3}',
        "[" * 20_000,
        b"\xff\xd8",
        "x" * 100_000,
    ],
)
def test_who_talks_rubbish_is_let_go_and_the_run_goes_on(screen: Screen, rubbish: str | bytes) -> None:
    good, bad = Viewer(screen), Viewer(screen)
    bad.socket.send(rubbish)
    with pytest.raises(ConnectionClosed):
        while True:
            bad.socket.recv(20)
    assert show(screen, 0) and good.hear()["frame"] == 0


def test_nobody_without_the_token_is_let_in(screen: Screen) -> None:
    address = screen.address.partition("?")[0].replace("http", "ws") + "session"
    with pytest.raises(InvalidStatus), connect(address):
        pass


@pytest.mark.parametrize(
    ("error", "text", "said"),
    [
        (None, "Done: 1 frame.", None),
        (SourceError("clip.mp4: broken"), "Broken off after 1 frame.", "clip.mp4: broken"),
        (KeyboardInterrupt(), "Broken off after 1 frame.", None),
    ],
)
def test_in_the_end_it_says_what_became_of_it(
    tmp_path: Path, error: BaseException | None, text: str, said: str | None
) -> None:
    (tmp_path / "boxes.csv").touch()
    screen = Screen("cards", tmp_path, None)
    screen.__enter__()
    viewer = Viewer(screen)
    show(screen, 0)
    ending = threading.Thread(target=screen.__exit__, args=(None, error, None))
    ending.start()
    assert viewer.hear()["frame"] == 0  # the last frame is not passed over
    viewer.say("shown")
    heard = viewer.hear()
    viewer.say("shown")
    ending.join(20)
    assert not ending.is_alive()
    assert heard == {
        "kind": "ended",
        "text": text,
        "error": said,
        "folder": str(tmp_path.resolve()),
        "files": ["boxes.csv"],
    }
