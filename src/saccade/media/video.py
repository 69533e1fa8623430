"""Frames from a video file, through PyAV."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import Int64

from saccade.core import Frame, SourceError
from saccade.media.decoding import decode_frames, to_rgb
from saccade.media.reader import Item, Reader


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What a pass over the packets of a video tells without decoding them.

    Attributes:
        pts: presentation time of every frame in the file, ascending, in units of the stream's time base; None
            when the file gives no times, or the same to two frames.
        key_pts: the times among them at which decoding can begin.
        first_pts: the earliest of them, from which seconds are counted.
        num_frames: how many frames the file has, or says that it has where it is cut off.
        is_cut: whether the file ends in the middle of what it announces.
    """

    pts: Int64[np.ndarray, " F"] | None
    key_pts: Int64[np.ndarray, " M"]
    first_pts: int
    num_frames: int
    is_cut: bool

    def index(self, pts: int | None, expected: int) -> int:
        """The index of a frame by its time; `expected` when that cannot be told."""
        if self.pts is None or pts is None:
            return expected
        place = int(np.searchsorted(self.pts, pts))
        return place if place < len(self.pts) and self.pts[place] == pts else expected

    def seek_point(self, index: int) -> int | None:
        """Where to begin decoding for the frame of this index; None for the start of the file."""
        if self.pts is None or index >= len(self.pts):
            return None
        # one key frame further back than need be: pictures that lead the last one lean on those before it
        before = self.key_pts[self.key_pts <= self.pts[index]]
        return int(before[-2]) if len(before) >= 2 else None


class VideoReader(Reader):
    """Reads a video file.

    Frames stand upright (rotation metadata is applied), in RGB by the file's own colour matrix and range.
    Pixels that are not square stay as they are stored. `time` is the presentation time, so a variable frame
    rate keeps its pace.

    Raises:
        SourceError: when the file is no video, or has no frame.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._timeline = self._scan()
        self.num_frames = self._timeline.num_frames

    def _open(self) -> InputContainer:
        try:
            # the prefix keeps a colon in a file name from being read as a protocol
            return av.open(f"file:{self._path}")
        except (av.FFmpegError, OSError) as error:
            raise SourceError(
                f"{self.name}: cannot be opened as a video ({error.strerror}); it is no video, or was cut "
                "off before it was finished: copy or record it again"
            ) from error

    def _scan(self) -> Timeline:
        with self._open() as container:
            if not container.streams.video:
                raise SourceError(
                    f"{self.name}: holds no video (sound only, or a recording that was cut off); give a file "
                    "that shows pictures, or copy or record it again"
                )
            stream = container.streams.video[0]
            self.fps = float(stream.average_rate) if stream.average_rate else None
            pts: list[int | None] = []
            key_pts: list[int] = []
            is_cut = _ends_beyond(stream, self._path.stat().st_size)
            try:
                for packet in container.demux(stream):
                    is_cut = is_cut or packet.is_corrupt
                    if packet.size and not packet.is_discard:
                        pts.append(packet.pts)
                        if packet.is_keyframe and packet.pts is not None:
                            key_pts.append(packet.pts)
            except (av.FFmpegError, OSError):
                is_cut = True
            announced = sum(not entry.is_discard for entry in stream.index_entries) if is_cut else 0
        if not pts:
            raise SourceError(f"{self.name}: the video has no frame; record or copy it again")
        times = np.unique([t for t in pts if t is not None]).astype(np.int64)
        self.size_wh = self._first_size()
        return Timeline(
            pts=times if len(times) == len(pts) else None,
            key_pts=np.sort(np.array(key_pts, dtype=np.int64)),
            first_pts=int(times[0]) if len(times) else 0,
            num_frames=max(announced, len(pts)),
            is_cut=is_cut,
        )

    def _first_size(self) -> tuple[int, int] | None:
        with self._open() as container:
            stream = container.streams.video[0]
            try:
                first = next(container.decode(stream), None)
            except av.FFmpegError:
                first = None  # reading will say which frame is broken
        if first is None:
            return None
        return (first.height, first.width) if first.rotation % 180 else (first.width, first.height)

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields the frames; where some cannot be decoded, one error that names the first and the last."""
        timeline = self._timeline
        stop = timeline.num_frames if end is None else min(end, timeline.num_frames)
        seek_point = timeline.seek_point(start)
        # frames are counted; after a seek and after damage they are placed by their time
        position = 0 if seek_point is None else start
        is_placed, damaged = seek_point is None, timeline.is_cut
        with self._open() as container:
            for decoded in self._decode(container, seek_point):
                if decoded is None and timeline.pts is not None:
                    damaged = True
                    continue
                if decoded is None:
                    # without times, what was lost has to be counted too
                    yield from self._lost(start, position, position + 1)
                    position += 1
                    continue
                index = position if is_placed and not damaged else timeline.index(decoded.pts, position)
                yield from self._lost(start, position, min(index, stop))
                if start <= index < stop and index >= position:
                    yield Frame.of(to_rgb(decoded), index=index, time=self._time(decoded))
                    is_placed = True
                position = max(position, index + 1)
                if position >= stop:
                    return
        if damaged:
            yield from self._lost(start, position, stop)

    def _decode(
        self, container: InputContainer, seek_point: int | None
    ) -> Generator[VideoFrame | None, None, None]:
        """See `decode_frames`; where the file ends too early, that is damage too."""
        if seek_point is not None:
            container.seek(seek_point, stream=container.streams.video[0])
        try:
            yield from decode_frames(container)
        except (av.FFmpegError, OSError):
            yield None

    def _time(self, decoded: VideoFrame) -> float | None:
        if decoded.pts is None or decoded.time_base is None:
            return None
        return float((decoded.pts - self._timeline.first_pts) * decoded.time_base)

    def _lost(self, start: int, position: int, stop: int) -> Generator[Item, None, None]:
        """The error for the frames from `position` up to `stop`, if any of them are wanted."""
        first = max(position, start)
        if first >= stop:
            return
        which = f"frame {first}" if first == stop - 1 else f"frames {first} to {stop - 1}"
        what = "the file is cut off" if self._timeline.is_cut else "the data is damaged"
        before = f"stop before with --end {first}, " if first > start else ""
        yield SourceError(
            f"{self.name}: {which} of {self._timeline.num_frames} cannot be decoded, {what}; copy the file "
            f"again, {before}or leave it out: `--on-bad-frame skip`",
            frame=first,
        )


def _ends_beyond(stream: VideoStream, file_size: int) -> bool:
    """Whether the container's index points to data that the file does not have."""
    entries = stream.index_entries
    return any(entry.pos + entry.size > file_size for entry in entries)
