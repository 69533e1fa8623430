"""Pictures that a page sends."""

import threading
import time

import cv2
import numpy as np
import pytest

from saccade.core import Frame, FrameError, SourceError
from saccade.live.browser import BrowserReader, decode_jpeg, jpeg_size
from saccade.live.limits import Limits
from saccade.media.source import Source


def jpeg(width: int, height: int, value: int = 0, *flags: int) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), value, np.uint8), list(flags))[1].tobytes()


@pytest.mark.parametrize("flags", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_the_size_stands_in_the_header(flags: tuple[int, ...]) -> None:
    data = jpeg(123, 45, 0, *flags)
    assert jpeg_size(data) == (123, 45) == decode_jpeg(data, 0).size_wh


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"GET / HTTP/1.1",
        jpeg(9, 9)[:30],
        b"\xff\xd8" + b"\xff\xe0\0\0" * 9,
    ],
)
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError, match="no JPEG"):
        jpeg_size(data)


def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header() -> None:
    data = jpeg(64, 64)
    place = data.index(b"\xff\xc0")
    bomb = data[: place + 5] + b"\xff\xff\xff\xff" + data[place + 9 :]
    with pytest.raises(FrameError, match="65535x65535 pixels; at most 4096"):
        BrowserReader(Limits()).push(bomb)


def test_the_newest_picture_wins_and_keeps_its_number() -> None:
    reader = BrowserReader(Limits())
    with Source(reader, start=0, end=None, on_bad_frame="skip") as source:
        reader.push(jpeg(8, 8, 10))
        assert next(source).index == 0
        for value in range(20, 60, 10):
            reader.push(jpeg(8, 8, value))
        time.sleep(0.2)
        newest = next(source)
        assert newest.index == 4 and abs(int(newest.image[0, 0, 0]) - 50) < 3
        assert reader.raw(4) == jpeg(8, 8, 50)
        with pytest.raises(FrameError):
            reader.push(b"rubbish")
        reader.push(jpeg(8, 8, 70))
        assert next(source).index == 6  # what was refused had its number


def test_closing_ends_the_wait_for_a_picture() -> None:
    source = Source(BrowserReader(Limits()), start=0, end=None, on_bad_frame="skip")
    taken: list[Frame | None] = []

    def take() -> None:
        try:
            taken.append(next(source, None))
        except SourceError:  # there was no frame at all
            taken.append(None)

    waiting = threading.Thread(target=take)
    waiting.start()
    time.sleep(0.1)
    source.close()
    waiting.join(5)
    assert not waiting.is_alive() and taken == [None]
