"""A source of frames, opened from whatever the user has: one iterator that can be closed, always alike."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from saccade.core import ConfigError, Frame, SourceError
from saccade.core.errors import warn
from saccade.core.frame import ColorOrder
from saccade.media.arrays import ArrayReader
from saccade.media.fitting import fit
from saccade.media.prefetch import END, Direct, Items, Newest, Queue, ReadAhead
from saccade.media.reader import Reader

OnBadFrame = Literal["stop", "skip"]

STREAM_SCHEMES = ("http", "https", "rtmp", "rtsp", "rtsps", "srt", "tcp", "udp")


class Source:
    """Frames in order, to be iterated over once and then closed, best by a `with` block.

    Attributes:
        name: how messages call it.
        fps: frames per second; None when it has no rate.
        num_frames: how many frames there are between start and end; None when nobody can know.
        size_wh: width and height of the first frame in pixels; None when that is not known beforehand.
        live: whether frames come at their own pace, so that some are dropped when they are not taken in time;
            where their size changes, they are fitted into that of the first, so that what is followed keeps
            its place.
        files: of sources that are single pictures, in the order of `Frame.index`; empty for all others.
        skipped: what was left out, a sentence each (with `on_bad_frame="skip"`).

    Raises:
        SourceError: while iterating, at a frame that cannot be read; its index is in `frame`, and all before
            it have been delivered.
        FrameError: while iterating over the caller's own arrays, at one that is no picture.
    """

    def __init__(self, reader: Reader, *, start: int, end: int | None, on_bad_frame: OnBadFrame) -> None:
        self.name = reader.name
        self.fps = reader.fps
        self.size_wh = reader.size_wh
        self.live = reader.live
        self.files = tuple(reader.files)
        self.num_frames = _count(reader, start, end)
        self.skipped: list[str] = []
        self._reader = reader
        self._range = (start, end)
        self._skips = on_bad_frame == "skip"
        self._queue: Queue | None = None
        self._delivered = 0
        self._ended = False
        self._live_wh: tuple[int, int] | None = None
        self._is_fitting = False

    @property
    def dropped(self) -> int:
        """How many frames of a live source were not taken in time and made room for newer ones."""
        return self._queue.dropped if self._queue else 0

    @property
    def arrived(self) -> float:
        """When the last frame of a live source was there to be taken, by `time.monotonic`."""
        return self._queue.arrived if self._queue else 0.0

    def wait(self, seconds: float) -> bool:
        """Whether the next frame, the end or an error is there, after waiting that long at most."""
        return self._ended or self._reading().wait(seconds)

    def _reading(self) -> Queue:
        if self._queue is None:
            self._queue = _queue_of(self._reader)(self._reader.frames(*self._range))
        return self._queue

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        while not self._ended:
            item = self._reading().take()
            if isinstance(item, Frame):
                self._delivered += 1
                return self._fitted(item) if self.live else item
            if item is END:
                self._end()
            elif self._skips:
                self.skipped.append(str(item))
                warn(f"left out: {item}")
            else:
                self.close()
                raise item
        raise StopIteration

    def _fitted(self, frame: Frame) -> Frame:
        """A frame of a live source at the size of its first."""
        if self._live_wh is None:
            self._live_wh = frame.size_wh
        if frame.size_wh == self._live_wh:
            return frame
        if not self._is_fitting:
            self._is_fitting = True
            (width, height), (full_width, full_height) = frame.size_wh, self._live_wh
            warn(
                f"{self.name}: its pictures are now {width}x{height}; they are fitted into the "
                f"{full_width}x{full_height} that they were"
            )
        return replace(frame, image=fit(frame.image, self._live_wh))

    def _end(self) -> None:
        self.close()
        if self._delivered == 0:
            start = self._range[0]
            what = "none of its frames could be read" if self.skipped else f"there is no frame {start}"
            raise SourceError(f"{self.name}: {what}; give a source with at least one frame", frame=start)

    def close(self) -> None:
        """Stops reading, ends the thread and lets go of files and devices; doing so twice is no harm."""
        if self._ended:
            return
        self._ended = True
        self._reader.interrupt()
        if self._queue is not None:
            self._queue.close()
        self._reader.close()

    def __enter__(self) -> "Source":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(
    source: Any,
    *,
    start: int = 0,
    end: int | None = None,
    on_bad_frame: OnBadFrame = "stop",
    color: ColorOrder = "rgb",
) -> Source:
    """Opens whatever holds frames.

    Files are read ahead in a thread and no frame of them is ever lost; of a live source the newest frames
    win, and `Source.dropped` counts the others. A caller's own iterable is read in the caller's thread.

    Args:
        source: one of
            a video file, of any format that PyAV reads, turned upright;
            a picture, turned upright as its EXIF orientation says;
            a folder of pictures, in natural order (img2 before img10), or where it holds none itself, those
            in its `img` (OTB), `color` (VOT) or `img1` (MOTChallenge);
            a pattern for pictures such as "shots/*.png";
            a text file (.txt) with the path of one picture a line, relative to the file;
            the index of a camera, 0 or "0";
            a stream, rtsp:// http:// https:// udp:// and the like, live unless its duration is known;
            an iterable of arrays or of `Frame`s.
        start: index of the first frame to deliver; `Frame.index` counts from the beginning of the source.
        end: index of the first frame not to deliver; None for all there are. It may lie beyond the last.
        on_bad_frame: "stop" raises at a frame that cannot be read, "skip" leaves it out with a warning.
        color: channel order of arrays; files and streams know theirs.

    Raises:
        SourceError: when nothing can be read from it, or `start` lies beyond its end.
        ConfigError: for another value of `on_bad_frame`.
    """
    if on_bad_frame not in ("stop", "skip"):
        raise ConfigError(f"on_bad_frame: expected 'stop' or 'skip', got {on_bad_frame!r}")
    if start < 0 or (end is not None and end <= start):
        raise SourceError(f"{source}: no frame lies between start {start} and end {end}; frames count from 0")
    return Source(_reader_of(source, color), start=start, end=end, on_bad_frame=on_bad_frame)


def _reader_of(source: Any, color: ColorOrder) -> Reader:
    if isinstance(source, str):
        return _reader_of_text(source)
    if isinstance(source, os.PathLike):
        return _reader_of_path(Path(source).expanduser())
    if isinstance(source, int | np.integer):
        return _camera(int(source))
    if isinstance(source, Iterable):
        return ArrayReader(source, color)
    raise SourceError(
        f"no frames can be read from a {type(source).__name__}; give a file, folder, pattern, camera index, "
        "address of a stream, or an iterable of arrays"
    )


def _reader_of_text(text: str) -> Reader:
    scheme = re.match(r"([A-Za-z][\w+.-]*)://", text)
    if scheme:
        if scheme[1].lower() not in STREAM_SCHEMES:
            raise SourceError(
                f"{text}: cannot read from {scheme[0]}; streams start with {', '.join(STREAM_SCHEMES)}"
            )
        from saccade.media.stream import StreamReader

        return StreamReader(text)
    path = Path(text).expanduser()
    if not path.exists():
        if text.isdecimal():
            return _camera(int(text))
        if any(sign in text for sign in "*?["):
            from saccade.media.images import ImageReader

            return ImageReader.of_glob(str(path))
    return _reader_of_path(path)


def _reader_of_path(path: Path) -> Reader:
    from saccade.media.images import SUFFIXES, ImageReader

    if not path.exists():
        raise SourceError(f"{path}: no such file or folder; check the name (looked for from {Path.cwd()})")
    if path.is_dir():
        return ImageReader.of_folder(path)
    if path.suffix.lower() == ".txt":
        return ImageReader.of_list(path)
    if path.suffix.lower() in SUFFIXES:
        return ImageReader(str(path), [path])
    from saccade.media.video import VideoReader

    return VideoReader(path)


def _camera(index: int) -> Reader:
    from saccade.media.camera import CameraReader

    return CameraReader(index)


def _queue_of(reader: Reader) -> Callable[[Items], Queue]:
    if isinstance(reader, ArrayReader):
        return Direct
    return Newest if reader.live else ReadAhead


def _count(reader: Reader, start: int, end: int | None) -> int | None:
    total = reader.num_frames
    if reader.live or total is None:
        return None
    if start >= total:
        raise SourceError(
            f"{reader.name}: starts at frame {start}, but has only {total}; they count from 0"
            if total
            else f"{reader.name}: has no frame; give at least one"
        )
    return (total if end is None else min(end, total)) - start
