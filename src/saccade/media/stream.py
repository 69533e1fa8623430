"""Frames from the network, through PyAV: a stream that may break and come back, or a file on a server."""

import re
import threading
import time
from collections.abc import Generator

import av
from av.container import InputContainer
from av.video.frame import VideoFrame

from saccade.core import Frame, SourceError
from saccade.media.decoding import decode_frames, decode_live, to_rgb
from saccade.media.reader import Item, Reader
from saccade.media.reconnecting import RETRY_DELAYS, reopened

TIMEOUTS = (10.0, 5.0)
"""seconds that opening, and waiting for the next packet, may take"""

_REFUSALS = (av.FFmpegError, OSError)

# RTSP over TCP loses nothing on the way; servers that know only UDP are still read
_OPTIONS = {"rtsp_flags": "prefer_tcp"}


class StreamReader(Reader):
    """Reads a stream. What has a known duration (a file on a server) is read to its end and not live.

    A live stream that breaks is reached for again. Packets that were damaged on the way are left out without
    a number, as every player does; `time` counts seconds from the moment the stream was opened, for a file
    presentation time.

    Raises:
        SourceError: when nobody answers, or what comes is no video.
    """

    def __init__(self, url: str) -> None:
        # credentials belong in no message and no result file
        self.name = re.sub(r"//[^/@]*@", "//", url)
        self._url = url
        self._closing = threading.Event()
        self._opened_at = time.monotonic()
        try:
            self._container = self._open()
        except _REFUSALS as error:
            raise SourceError(
                f"{self.name}: cannot be opened ({error.strerror}); check the address, and that the server "
                "can be reached from here"
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{self.name}: sends no video; give the address of one that does")
        stream = self._container.streams.video[0]
        self.live = self._container.duration is None
        self.fps = float(stream.average_rate) if stream.average_rate else None
        # the index names every frame in some formats (MP4), and only some of them in others
        self.num_frames = stream.frames if stream.frames == len(stream.index_entries) > 0 else None
        width, height = stream.codec_context.width, stream.codec_context.height
        self.size_wh = (width, height) if width and height else None

    def _open(self) -> InputContainer:
        scheme = self._url.partition(":")[0].lower()
        return av.open(self._url, timeout=TIMEOUTS, options=_OPTIONS if scheme == "rtsp" else {})

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields the frames from the moment of opening on."""
        index, delays = 0, iter(RETRY_DELAYS)
        container: InputContainer | None = self._container
        while container is not None:
            reason = "it ended"
            try:
                for decoded in decode_live(container) if self.live else decode_frames(container):
                    if index >= start:
                        yield self._item(decoded, index)
                    index, delays = index + 1, iter(RETRY_DELAYS)
                    if end is not None and index >= end:
                        return
            except _REFUSALS as error:
                reason = str(error.strerror)
            finally:
                container.close()
            if not self.live and index >= (self.num_frames or index) and reason == "it ended":
                return
            container = reopened(self._open, _REFUSALS, delays, self._closing) if self.live else None
        if not self._closing.is_set():
            yield SourceError(
                f"{self.name}: broke off at frame {index} ({reason}) and could not be reached again; "
                "check the server",
                frame=index,
            )

    def _item(self, decoded: VideoFrame | None, index: int) -> Item:
        if decoded is None:
            return SourceError(
                f"{self.name}: frame {index} is damaged; go on without it with --on-bad-frame skip",
                frame=index,
            )
        return Frame.of(
            to_rgb(decoded),
            index=index,
            time=time.monotonic() - self._opened_at if self.live else decoded.time,
        )

    def interrupt(self) -> None:
        """Ends the wait for a stream that broke."""
        self._closing.set()

    def close(self) -> None:
        """Closes the connection."""
        self._container.close()
