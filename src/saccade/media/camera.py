"""Frames from a camera, through OpenCV."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import cv2

from saccade.core import Frame, SourceError
from saccade.media.reader import Item, Reader


class CameraReader(Reader):
    """Reads a camera by its index. `time` counts seconds from the moment it was opened.

    Raises:
        SourceError: when there is no such camera.
    """

    live = True

    def __init__(self, index: int) -> None:
        self.name = f"camera {index}"
        with _quiet_opencv():
            self._capture = cv2.VideoCapture(index)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(
                f"{self.name}: cannot be opened; check that it is plugged in, that no other program uses it, "
                "and that this one may (cameras count from 0)"
            )
        self._opened_at = time.monotonic()
        # drivers that do not know say 0 or -1
        self.fps = max(self._capture.get(cv2.CAP_PROP_FPS), 0.0) or None
        width, height = (
            int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self.size_wh = (width, height) if width and height else None

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields what the camera sees, until it stops."""
        index = 0
        while end is None or index < end:
            ok, picture = self._capture.read()
            if not ok:
                yield SourceError(
                    f"{self.name}: stopped at frame {index}; check its cable, and start again", frame=index
                )
                return
            if index >= start:
                yield Frame.of(picture, index=index, time=time.monotonic() - self._opened_at, color="bgr")
            index += 1

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
