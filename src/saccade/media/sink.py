"""The video that a run leaves behind: H.264 in MP4, as every browser plays it."""

import errno
import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from jaxtyping import UInt8

from saccade.core import Frame
from saccade.media.files import make_folder, output_error, part_of
from saccade.media.fitting import fit

CLOCK = 90_000
"""ticks of a second in the written video, the customary clock; a multiple of every usual frame rate"""

DEFAULT_FPS = 25.0
"""frames per second where the source has no rate"""

# the tracker needs the processor more than the file needs to be small; no B-frames: what was written is on
# disk in order; a key frame every two seconds or so, to jump to
_ENCODER = {"preset": "ultrafast", "crf": "20", "bf": "0", "g": "60"}
# each fragment goes to disk when it is done, not when some buffer is full
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_PROGRESSIVE = {"movflags": "faststart"}

_WRITING_ERRORS = (OSError, av.FFmpegError)


class VideoSink:
    """Writes RGB frames as a video; a context manager.

    The first frame sets the size, made even by repeating the last row or column; frames of another size later
    on are scaled to fit and centred on black. While it grows the file is called `<name>.part` and can be
    played up to the last two seconds or so, whatever happens. Closing it, also after an error or Ctrl-C,
    rewrites it without loss so that it starts at once in a browser, and renames it. Without a frame no file
    is left.

    Args:
        path: the file, by custom `.mp4`.
        fps: frames per second; None for `DEFAULT_FPS`.

    Raises:
        OutputError: when the file cannot be written, e.g. on a full disk; what was written before is kept
            under its final name.
    """

    def __init__(self, path: Path | str, fps: float | int | None = None) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self._fps = Fraction(fps or DEFAULT_FPS).limit_denominator(1001)
        self._open_video: tuple[OutputContainer, VideoStream] | None = None
        self._is_closed = False
        self._last_tick = -1
        self._first_time: float | int | None = None
        make_folder(self.path.parent)

    def write(self, image: Any, time: float | int | None = None) -> None:
        """Appends a frame.

        Args:
            image: RGB, 0-255; whatever `Frame.of` takes.
            time: seconds, on the clock of the source, so that a variable frame rate keeps its pace and what
                was left out leaves a gap; without it the frame follows the last after 1 / fps.
        """
        if self._is_closed:
            raise ValueError(f"{self.path}: the sink is closed and takes no more frames")
        rgb = Frame.of(image, index=self.num_frames).image
        try:
            if self._open_video is None:
                self._open_video = self._open((rgb.shape[1], rgb.shape[0]))
            container, stream = self._open_video
            frame = _to_yuv(fit(rgb, (stream.width, stream.height)))
            frame.pts, frame.time_base = self._tick(time), Fraction(1, CLOCK)
            frame.duration = round(CLOCK / self._fps)
            container.mux(stream.encode(frame))
        except _WRITING_ERRORS as error:
            self._rescue()
            raise output_error(self.path, error) from error
        self.num_frames += 1

    def _open(self, size_wh: tuple[int, int]) -> tuple[OutputContainer, VideoStream]:
        container = av.open(f"file:{part_of(self.path)}", "w", format="mp4", options=_FRAGMENTED)
        stream = container.add_stream("libx264", rate=self._fps, options=_ENCODER)
        # 4:2:0 halves the colour planes, so both sides are even
        stream.width, stream.height = (side + side % 2 for side in size_wh)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, CLOCK)
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return container, stream

    def _tick(self, time: float | int | None) -> int:
        if time is None:
            tick = 0 if self._last_tick < 0 else self._last_tick + round(CLOCK / self._fps)
        else:
            self._first_time = time if self._first_time is None else self._first_time
            tick = round((time - self._first_time) * CLOCK)
        self._last_tick = max(tick, self._last_tick + 1)
        return self._last_tick

    def close(self) -> None:
        """Finishes the video and gives it its name; doing so twice is no harm."""
        if self._is_closed:
            return
        if self._open_video is None:
            self._is_closed = True
            return
        container, stream = self._open_video
        try:
            container.mux(stream.encode(None))
            container.close()
            _make_progressive(part_of(self.path), self.num_frames)
            part_of(self.path).replace(self.path)
        except _WRITING_ERRORS as error:
            self._rescue()
            raise output_error(self.path, error) from error
        self._is_closed = True

    def _rescue(self) -> None:
        """Keeps what can be played of a video that could not be written to its end."""
        self._is_closed = True
        part = part_of(self.path)
        if self._open_video is not None:
            container, stream = self._open_video
            with suppress(*_WRITING_ERRORS):
                container.mux(stream.encode(None))
            with suppress(*_WRITING_ERRORS):
                container.close()
        with suppress(OSError):
            end = _end_of_last_fragment(part)
            if end:
                os.truncate(part, end)
                part.replace(self.path)
            else:
                part.unlink()

    def __enter__(self) -> "VideoSink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _to_yuv(rgb: UInt8[np.ndarray, "H W 3"]) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _make_progressive(path: Path, num_frames: int) -> None:
    """Rewrites a fragmented MP4 without loss as one whose index comes first, as browsers like it.

    Raises:
        OSError: when it cannot be written, or fewer frames are there than were written: FFmpeg says nothing
            of a disk that became full with the very last of them.
    """
    whole, copied = part_of(path), 0
    try:
        with (
            av.open(f"file:{path}") as source,
            av.open(f"file:{whole}", "w", format="mp4", options=_PROGRESSIVE) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.size and not packet.is_corrupt:
                    packet.stream = stream
                    target.mux(packet)
                    copied += 1
        if copied != num_frames:
            raise OSError(errno.EIO, f"{copied} of {num_frames} frames have reached the disk")
        whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)


def _end_of_last_fragment(path: Path) -> int:
    """Where the last media data box of an MP4 file that is there in full ends, in bytes from its start."""
    size, place, end = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while place + 8 <= size:
            file.seek(place)
            # ISO 14496-12, 4.2: a box starts with its size in four bytes and its type in four
            length, kind = int.from_bytes(file.read(4)), file.read(4)
            if length < 8:
                break
            place += length
            if kind == b"mdat" and place <= size:
                end = place
    return end
