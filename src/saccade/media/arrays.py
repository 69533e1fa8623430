"""Frames that the caller has: a list, an array (F, H, W, 3), or any other iterable of pictures."""

from collections.abc import Generator, Iterable, Sized
from itertools import islice
from typing import Any

from saccade.core import Frame, FrameError
from saccade.core.frame import ColorOrder
from saccade.media.reader import Item, Reader


class ArrayReader(Reader):
    """Reads an iterable of arrays, which are numbered from 0, or of `Frame`s, which keep their own index."""

    def __init__(self, pictures: Iterable[Any], color: ColorOrder) -> None:
        self.name = f"the {type(pictures).__name__} of frames"
        self.num_frames = len(pictures) if isinstance(pictures, Sized) else None
        self._pictures = pictures
        self._color: ColorOrder = color

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields the pictures; what is no picture is a `FrameError`."""
        for index, picture in enumerate(islice(self._pictures, start, end), start):
            try:
                item: Item = Frame.of(picture, index=index, color=self._color)
            except FrameError as error:
                item = error
            yield item
