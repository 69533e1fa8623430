"""A visitor's own camera: JPEGs that their page sends."""

import threading
from collections import OrderedDict
from collections.abc import Generator

import cv2
import numpy as np

from saccade.core import Frame, FrameError
from saccade.live.limits import Limits
from saccade.media.reader import Item, Reader

_KEPT = 8
"""pictures as they came, for as long as they may be asked for"""
# ITU T.81, table B.1: the frame headers, which hold the size; C4, C8 and CC are others
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, of its header alone.

    Raises:
        FrameError: when it is none.
    """
    place = 2
    while data[:2] == b"\xff\xd8" and place + 9 <= len(data) and data[place] == 0xFF:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if kind in _FRAME_HEADERS:
            height, width = (int.from_bytes(data[i : i + 2]) for i in (place + 5, place + 7))
            return width, height
        place += 2 + length
    raise FrameError("a picture of the camera is no JPEG; reload the page")


def decode_jpeg(data: bytes, index: int) -> Frame:
    """The frame that a JPEG shows.

    Raises:
        FrameError: when it is broken.
    """
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise FrameError(f"frame {index}: the picture is broken; reload the page")
    return Frame.of(picture, index=index, color="bgr")


class BrowserReader(Reader):
    """Reads the pictures that are pushed, the newest of them, numbered as they came.

    Attributes:
        count: how many have come.
    """

    live = True
    name = "the browser's camera"

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.count = 0
        self._newest: tuple[int, bytes] | None = None
        self._came = threading.Condition()
        self._is_closed = False
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def push(self, data: bytes) -> None:
        """Takes the next picture, from any thread.

        Raises:
            FrameError: when it is no JPEG, or too large; it has its number nevertheless.
        """
        with self._came:
            index = self.count
            self.count += 1
        size_wh, largest = jpeg_size(data), self._limits.frame_side
        if not 0 < min(size_wh) <= max(size_wh) <= largest:
            raise FrameError(
                f"a picture of {size_wh[0]}x{size_wh[1]} pixels; at most {largest} a side are taken"
            )
        with self._came:
            self._newest = (index, data)
            self._came.notify()

    def raw(self, index: int) -> bytes | None:
        """A recent picture as it came."""
        return self._kept.get(index)

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields what is pushed."""
        while True:
            with self._came:
                self._came.wait_for(lambda: self._newest or self._is_closed)
                if self._newest is None or self._is_closed:
                    return
                (index, data), self._newest = self._newest, None
            try:
                frame = decode_jpeg(data, index)
            except FrameError:  # whoever sends such does not deserve a list of them that grows
                continue
            self._kept[index] = data
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            yield frame

    def interrupt(self) -> None:
        """Ends the wait for the next picture."""
        with self._came:
            self._is_closed = True
            self._came.notify_all()
