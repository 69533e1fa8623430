"""Cameras and streams: a camera that is played, and servers on the loopback."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.core import SaccadeWarning, SourceError
from saccade.media import camera, open_source, stream
from tests.unit.media.clips import SIZE_WH, number_in, picture


class Camera:
    """Plays `cv2.VideoCapture`: ten pictures, and then the cable is pulled."""

    instances: list["Camera"]

    def __init__(self, index: int) -> None:
        self.index, self.taken, self.released = index, 0, False
        type(self).instances.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.index < 2

    def get(self, property_id: int) -> float:
        known = {
            cv2.CAP_PROP_FRAME_WIDTH: SIZE_WH[0],
            cv2.CAP_PROP_FRAME_HEIGHT: SIZE_WH[1],
            cv2.CAP_PROP_FPS: 0,
        }
        return float(known[property_id])

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.01)
        if self.released or self.taken == 10:
            return False, None
        self.taken += 1
        return True, picture(self.taken - 1)[..., ::-1]

    def release(self) -> None:
        self.released = True


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[Camera]:
    Camera.instances = []
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    return Camera.instances


@pytest.mark.parametrize("source", [0, "1", np.int64(1)])
def test_a_camera_is_live(cameras: list[Camera], source: object) -> None:
    with open_source(source, end=8) as frames:
        assert (frames.live, frames.num_frames, frames.fps, frames.size_wh) == (True, None, None, SIZE_WH)
        assert frames.name == f"camera {source}"
        read = list(frames)
    assert [number_in(frame.image) for frame in read] == [frame.index for frame in read]
    times = [frame.time for frame in read if frame.time is not None]
    assert len(times) == len(read) and times == sorted(times)
    assert len(read) + frames.dropped == 8
    assert cameras[0].released


def test_the_newest_frame_of_a_camera_wins(cameras: list[Camera]) -> None:
    with open_source(0) as frames:
        first = next(frames)
        while cameras[0].taken < 8:
            time.sleep(0.01)
        assert next(frames).index > first.index + 3
        assert frames.dropped > 3


def test_a_camera_that_stops_is_reached_for_again(
    cameras: list[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "RETRY_DELAYS", (0.01, 0.01))
    with open_source(0, end=25) as frames:
        read = list(frames)
    assert len(cameras) == 3 and all(each.released for each in cameras)
    assert read[-1].index == 24 and [frame.index for frame in read] == sorted(f.index for f in read)


def test_a_camera_that_stops_for_good_says_so(cameras: list[Camera], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "RETRY_DELAYS", (0.01, 0.01))
    with open_source(0) as frames:
        next(frames)
        monkeypatch.setattr(Camera, "isOpened", lambda self: False)
        with pytest.raises(SourceError, match="camera 0: stopped at frame 10 and could not") as caught:
            list(frames)
    assert caught.value.frame == 10 and all(each.released for each in cameras)


def test_closing_does_not_wait_for_a_camera_that_is_gone(
    cameras: list[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "RETRY_DELAYS", (60.0,))
    frames = open_source(0)
    next(frames)
    time.sleep(0.2)  # by now its cable is pulled
    begin = time.perf_counter()
    frames.close()
    assert time.perf_counter() - begin < 5


def test_a_camera_that_changes_its_size_shows_things_where_they_were(
    cameras: list[Camera], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Camera.read

    def growing(self: Camera) -> tuple[bool, np.ndarray | None]:
        ok, image = read(self)
        return ok, image if image is None or self.taken < 5 else np.kron(image, np.ones((2, 2, 1), np.uint8))

    monkeypatch.setattr(Camera, "read", growing)
    with (
        open_source(0, end=8) as frames,
        pytest.warns(SaccadeWarning, match="camera 0: its pictures are now") as said,
    ):
        shown = list(frames)
    assert len(said) == 1 and {frame.size_wh for frame in shown} == {SIZE_WH}
    assert [number_in(frame.image) for frame in shown] == [frame.index for frame in shown]


def test_a_camera_that_is_not_there_is_refused(cameras: list[Camera]) -> None:
    with pytest.raises(SourceError, match="camera 7: cannot be opened"):
        open_source("7")
    assert cameras[0].released


def test_opencv_says_nothing_of_a_camera_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="camera 97"):
        open_source(97)
    assert capfd.readouterr() == ("", "")


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on the loopback, at the yielded address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Pictures(Quiet):
    """Sends MJPEG, as network cameras do; each connection has some pictures and then breaks."""

    per_connection: list[int]
    served = 0

    def do_GET(self) -> None:
        if not self.per_connection:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for _ in range(self.per_connection.pop(0)):
            data = cv2.imencode(".jpg", picture(type(self).served)[..., ::-1])[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            self.wfile.write(head.encode() + data + b"\r\n")
            type(self).served += 1
            time.sleep(0.005)


@pytest.fixture
def camera_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[Pictures]]]:
    monkeypatch.setattr(stream, "RETRY_DELAYS", (0.01, 0.01))
    handler = type("Handler", (Pictures,), {"per_connection": [], "served": 0})
    with serving(handler) as address:
        yield address, handler


def test_a_stream_that_breaks_is_reached_for_again_until_it_is_gone(
    camera_server: tuple[str, type[Pictures]],
) -> None:
    address, handler = camera_server
    handler.per_connection = [40, 40]
    read = []
    with open_source(f"http://user:secret@{address}/stream") as frames:
        assert frames.live and frames.num_frames is None and frames.size_wh == SIZE_WH
        assert frames.name == f"http://{address}/stream"  # no password in any message
        with pytest.raises(
            SourceError, match=r"broke off at frame \d+ \(.*could not be reached again"
        ) as caught:
            read.extend(frames)
    assert "secret" not in str(caught.value)
    assert caught.value.frame == len(read) + frames.dropped
    assert 60 < caught.value.frame <= 80  # a decoder may keep the last picture of a connection
    assert [frame.index for frame in read] == sorted({frame.index for frame in read})
    assert number_in(read[-1].image) >= 70


def test_a_broken_stream_can_be_taken_for_its_end(camera_server: tuple[str, type[Pictures]]) -> None:
    address, handler = camera_server
    handler.per_connection = [20]
    frames = open_source(f"http://{address}/stream", on_bad_frame="skip")
    with frames, pytest.warns(SaccadeWarning, match="broke off"):
        assert list(frames)
    assert len(frames.skipped) == 1


def test_a_server_that_answers_without_pictures_is_given_up(
    camera_server: tuple[str, type[Pictures]],
) -> None:
    address, handler = camera_server
    handler.per_connection = [20] + [0] * 1000
    with open_source(f"http://{address}/stream") as frames, pytest.raises(SourceError, match="broke off"):
        list(frames)
    assert len(handler.per_connection) > 990


def test_closing_does_not_wait_for_a_stream_that_is_gone(
    camera_server: tuple[str, type[Pictures]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "RETRY_DELAYS", (60.0,))
    address, handler = camera_server
    handler.per_connection = [30]
    frames = open_source(f"http://{address}/stream")
    next(frames)
    time.sleep(0.5)  # by now the server has hung up
    begin = time.perf_counter()
    frames.close()
    assert time.perf_counter() - begin < 5


def test_a_file_on_a_server_is_read_whole(make_video: Callable[..., Path]) -> None:
    path = make_video("clip.mp4", 60)
    with serving(partial(Quiet, directory=path.parent)) as address:
        with open_source(f"http://{address}/clip.mp4", start=5, end=50) as frames:
            assert (frames.live, frames.num_frames, frames.fps, frames.size_wh) == (False, 45, 25, SIZE_WH)
            read = [(frame.index, number_in(frame.image)) for frame in frames]
        with open_source(f"http://{address}/clip.mp4") as frames:
            assert len(list(frames)) == 60
    assert read == [(i, i) for i in range(5, 50)] and frames.dropped == 0


def test_what_cannot_be_reached_is_refused(make_video: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>no video</html>" * 50)
    with serving(partial(Quiet, directory=tmp_path)) as address:
        with pytest.raises(SourceError, match=r"gone\.mp4: cannot be opened .*check the address"):
            open_source(f"http://{address}/gone.mp4")
        with pytest.raises(SourceError, match=r"page\.html: cannot be opened"):
            open_source(f"http://{address}/page.html")
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source("rtsp://127.0.0.1:1/nobody")
