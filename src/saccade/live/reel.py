"""Frames that can be seen again: of a clip all, of a live source the newest."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2

from saccade.core import Frame
from saccade.core.errors import InputError
from saccade.live.browser import decode_jpeg
from saccade.live.limits import Limits
from saccade.media.fitting import fit
from saccade.media.source import Source, open_source

_FOR_THE_EYE, _TO_BE_FOLLOWED = 85, 95
"""quality of JPEGs"""


@runtime_checkable
class Reel(Protocol):
    """Where a session's frames come from."""

    name: str
    live: bool
    num_frames: int | None
    fps: float | None
    first: int
    """the oldest frame that can be seen again"""

    def wait(self, seconds: float) -> bool:
        """Whether the next frame is there, after waiting that long at most."""
        ...

    def next(self, after: int) -> Frame | None:
        """The frame that comes after another: of a live source the newest; None at the end."""
        ...

    def frame(self, index: int) -> Frame:
        """A frame that has been there before.

        Raises:
            InputError: when it is kept no longer.
        """
        ...

    def jpeg(self, frame: Frame) -> bytes:
        """A frame as a picture to be shown."""
        ...

    def close(self) -> None:
        """Lets go of the source."""
        ...


def encode_jpeg(frame: Frame, quality: int) -> bytes:
    """A frame as a JPEG."""
    _, data = cv2.imencode(".jpg", frame.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


class ClipReel:
    """A clip, whose every frame is there at any time.

    Args:
        what: whatever `open_source` takes.
        name: how it is called towards visitors.
    """

    live = False
    first = 0

    def __init__(self, what: Any, name: str, source: Source | None = None) -> None:
        self.name = name
        self._what = what
        self._source = source or open_source(what)
        self._next = 0
        self.num_frames, self.fps = self._source.num_frames, self._source.fps

    def wait(self, seconds: float) -> bool:
        """Always; see `Reel`."""
        return True

    def next(self, after: int) -> Frame | None:
        """See `Reel`."""
        if self.num_frames is not None and after + 1 >= self.num_frames:
            return None
        return self._read(after + 1)

    def frame(self, index: int) -> Frame:
        """See `Reel`."""
        frame = self._read(index)
        if frame is None:
            raise InputError(f"there is no frame {index}")
        return frame

    def _read(self, index: int) -> Frame | None:
        if self._next != index:
            self._source.close()
            self._source = open_source(self._what, start=index)
        self._next = index + 1
        return next(self._source, None)

    def jpeg(self, frame: Frame) -> bytes:
        """See `Reel`."""
        return encode_jpeg(frame, _FOR_THE_EYE)

    def copy(self) -> "ClipReel":
        """The same clip, read on its own."""
        return ClipReel(self._what, self.name)

    def close(self) -> None:
        """See `Reel`."""
        self._source.close()


class LiveReel:
    """A live source. Its newest frames are kept on disk, and while it is recorded, all of them.

    Args:
        folder: for the frames; it belongs to this reel.
        raw: a frame's JPEG, where that is what came.

    Attributes:
        records: whether all frames are kept, up to the limit.
        unrecorded: frames of the recording that have made room for newer ones.
    """

    live = True

    def __init__(
        self,
        source: Source,
        name: str,
        folder: Path,
        limits: Limits,
        raw: Callable[[int], bytes | None] = lambda index: None,
    ) -> None:
        self.name, self.fps, self.source = name, source.fps, source
        self.num_frames: int | None = None
        self.records, self.unrecorded = False, 0
        self._folder, self._limits, self._raw = folder, limits, raw
        # read by downloads while it grows
        self._kept: dict[int, None] = {}
        self._size_wh: tuple[int, int] | None = None
        self.first = 0
        folder.mkdir(parents=True, exist_ok=True)

    def record(self, on: bool) -> None:
        """Begins a recording, with what is kept already, or ends it."""
        if on and not self.records:
            self.unrecorded = 0
        self.records = on

    def wait(self, seconds: float) -> bool:
        """See `Reel`."""
        return self.source.wait(seconds)

    def next(self, after: int) -> Frame | None:
        """See `Reel`."""
        return next(self.source, None)

    def jpeg(self, frame: Frame) -> bytes:
        """See `Reel`; the first time, the frame is kept by it."""
        path = self._path(frame.index)
        self._size_wh = self._size_wh or frame.size_wh
        if frame.index in self._kept:
            return path.read_bytes()
        data = self._raw(frame.index) or encode_jpeg(frame, _TO_BE_FOLLOWED)
        path.write_bytes(data)
        self._kept[frame.index] = None
        most = self._limits.recorded_frames if self.records else self._limits.kept_frames
        while len(self._kept) > most:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._path(oldest).unlink(missing_ok=True)
            self.unrecorded += self.records
        self.first = next(iter(self._kept))
        return data

    def frame(self, index: int) -> Frame:
        """See `Reel`."""
        try:
            frame = decode_jpeg(self._path(index).read_bytes(), index)
        except FileNotFoundError:
            raise InputError(f"frame {index} is kept no longer") from None
        size_wh = self._size_wh or frame.size_wh
        return frame if frame.size_wh == size_wh else replace(frame, image=fit(frame.image, size_wh))

    def _path(self, index: int) -> Path:
        return self._folder / f"{index}.jpg"

    def close(self) -> None:
        """See `Reel`."""
        self.source.close()
        for index in self._kept:
            self._path(index).unlink(missing_ok=True)
        self._kept.clear()
