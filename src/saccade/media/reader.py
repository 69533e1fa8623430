"""What every kind of source is made of: something that yields frames, and names those it could not read."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from saccade.core import Frame, InputError

Item = Frame | InputError
"""a frame; or, in its place, the error that says what is wrong with it"""


@runtime_checkable
class Reader(Protocol):
    """One kind of source, before ranges, bad frames and threads are dealt with.

    Attributes:
        name: how messages call it.
        fps: frames per second; None when it has no rate.
        num_frames: how many there are in all; None when nobody can know.
        size_wh: width and height of the first frame in pixels; None when that is not known beforehand.
        live: whether frames come at their own pace and are lost when nobody takes them.
        files: of sources that are single pictures, in the order of the frames; empty for all others.
    """

    name: str
    fps: float | None = None
    num_frames: int | None = None
    size_wh: tuple[int, int] | None = None
    live: bool = False
    files: Sequence[Path] = ()

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields the frames from index `start` up to, not including, `end`.

        A frame that cannot be read is yielded as an error with its index in it; the generator goes on after
        it where the source can, and ends where it cannot.
        """
        ...

    def interrupt(self) -> None:
        """Wakes up a read that waits for something; called from another thread."""
        return

    def close(self) -> None:
        """Lets go of what the constructor opened; called when nothing is read any more."""
        return
