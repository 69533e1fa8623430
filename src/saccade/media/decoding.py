"""From packets to pictures, through PyAV: which frames can be trusted, and their pixels as RGB."""

from collections.abc import Generator

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from jaxtyping import UInt8

MOST_HELD = 8
"""B-frames that wait for the picture they lean on; encoders use at most as many in a row"""


class _Trust:
    """Tells the frames that show what was filmed from those that are painted over lost pictures.

    Frames come in order of presentation. After a damaged one nothing is trusted up to the next key frame. A
    B-frame also leans on a picture shown after it, so it waits for the next frame that is none.
    """

    def __init__(self) -> None:
        self._waiting: list[VideoFrame] = []
        self._lost: list[int] = []
        self._is_damaged = False

    def lose(self, pts: int | None) -> list[VideoFrame | None]:
        """Takes note of a packet that was not decoded; what can be said because of it."""
        if pts is None:
            return self._damage(1)
        self._lost.append(pts)
        return []

    def admit(self, frame: VideoFrame) -> list[VideoFrame | None]:
        """Takes the next frame; the frames that are known to be right, and None for each that is not."""
        passed = [pts for pts in self._lost if frame.pts is None or pts < frame.pts]
        self._lost = [pts for pts in self._lost if pts not in passed]
        answer = self._damage(len(passed)) if passed else []
        if frame.is_corrupt:
            return answer + self._damage(1)
        self._is_damaged = self._is_damaged and not frame.key_frame
        if self._is_damaged:
            return [*answer, None]
        self._waiting.append(frame)
        if frame.pict_type == PictureType.B:
            return answer + [self._waiting.pop(0) for _ in self._waiting[MOST_HELD:]]
        return answer + self._release()

    def rest(self) -> list[VideoFrame | None]:
        """What is left when there are no more frames."""
        return self._damage(len(self._lost)) if self._lost else self._release()

    def _damage(self, num_lost: int) -> list[VideoFrame | None]:
        self._is_damaged = True
        return [None] * (num_lost + len(self._release()))

    def _release(self) -> list[VideoFrame | None]:
        released: list[VideoFrame | None] = [*self._waiting]
        self._waiting = []
        return released


def decode_frames(container: InputContainer) -> Generator[VideoFrame | None, None, None]:
    """The frames of a file in order of presentation, with None in place of each that is damaged.

    Raises:
        av.FFmpegError, OSError: when the data cannot be read any further.
    """
    trust = _Trust()
    for decoded in _decode_packets(container):
        yield from trust.lose(decoded) if not isinstance(decoded, VideoFrame) else trust.admit(decoded)
    yield from trust.rest()


def decode_live(container: InputContainer) -> Generator[VideoFrame, None, None]:
    """The frames of a live stream without delay: damaged ones are left out, and what leans on them is kept.

    Raises:
        av.FFmpegError, OSError: when the data cannot be read any further.
    """
    for decoded in _decode_packets(container):
        if isinstance(decoded, VideoFrame) and not decoded.is_corrupt:
            yield decoded


def _decode_packets(container: InputContainer) -> Generator[VideoFrame | int | None, None, None]:
    """Decoded frames, and the time of each packet (None where it has none) that could not be decoded."""
    stream = container.streams.video[0]
    # not several frames at once: an error then belongs to its packet, and the other cores to the tracker
    stream.thread_type = "SLICE"
    for packet in container.demux(stream):
        if packet.is_corrupt:
            yield packet.pts
            continue
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            yield packet.pts
            continue
        yield from frames


def to_rgb(decoded: VideoFrame) -> UInt8[np.ndarray, "H W 3"]:
    """A decoded frame as RGB, upright."""
    image = decoded.to_ndarray(format="rgb24")
    return np.rot90(image, decoded.rotation // 90) if decoded.rotation else image
