"""Frames from a camera, through OpenCV."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import cv2

from saccade.core import Frame, SourceError
from saccade.media.reader import Item, Reader
from saccade.media.reconnecting import RETRY_DELAYS, reopened


class CameraReader(Reader):
    """Reads a camera by its index. `time` counts seconds from the moment it was opened.

    A camera that stops is reached for again.

    Raises:
        SourceError: when there is no such camera.
    """

    live = True

    def __init__(self, index: int) -> None:
        self.name = f"camera {index}"
        self._index = index
        self._closing = threading.Event()
        self._capture = self._open()
        self._opened_at = time.monotonic()
        # drivers that do not know say 0 or -1
        self.fps = max(self._capture.get(cv2.CAP_PROP_FPS), 0.0) or None
        width, height = (
            int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self.size_wh = (width, height) if width and height else None

    def _open(self) -> Any:
        with _quiet_opencv():
            capture = cv2.VideoCapture(self._index)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f"{self.name}: cannot be opened; check that it is plugged in, that no other program uses it, "
                "and that this one may (cameras count from 0)"
            )
        return capture

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields what the camera sees, until it stops for good."""
        index, delays = 0, iter(RETRY_DELAYS)
        while end is None or index < end:
            ok, picture = self._capture.read()
            if ok:
                if index >= start:
                    yield Frame.of(picture, index=index, time=time.monotonic() - self._opened_at, color="bgr")
                index, delays = index + 1, iter(RETRY_DELAYS)
                continue
            # most drivers open a camera for one owner only
            self._capture.release()
            again = reopened(self._open, (SourceError,), delays, self._closing)
            if again is None:
                break
            self._capture = again
        else:
            return
        if not self._closing.is_set():
            yield SourceError(
                f"{self.name}: stopped at frame {index} and could not be reached again; check its cable",
                frame=index,
            )

    def interrupt(self) -> None:
        """Ends the wait for a camera that stopped."""
        self._closing.set()

    def close(self) -> None:
        """Sets the camera free."""
        self._capture.release()


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV from telling, in a dozen lines, of every driver that does not have the camera."""
    logging = cv2.utils.logging
    before = logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
