"""saccade behind the two methods of OpenCV's trackers."""

from typing import Any

from saccade.core import Model, Run, Status, TargetError, Targets
from saccade.core.frame import ColorOrder


class OpenCVTracker:
    """Follows one object behind the two methods of `cv2.Tracker`."""

    def __init__(self, model: Model, *, color: ColorOrder = "bgr", seed: int = 0) -> None:
        self._model, self._color, self._seed = model, color, seed
        self._run: Run | None = None

    def init(self, image: Any, box: Any) -> None:
        """Points at the object, (x, y, w, h) in pixels, top-left and size; forgets what was followed before.

        Raises:
            FrameError: when `image` is no picture.
            TargetError: when `box` points at nothing.
        """
        run = self._model.start(seed=self._seed)
        run.step(image, Targets(boxes=[box]), color=self._color)
        self._run = run

    def update(self, image: Any) -> tuple[bool, tuple[int, int, int, int]]:
        """Finds the object in the next picture.

        Returns:
            whether it was found (False while it is lost), and its box (x, y, w, h) in whole pixels, as
            OpenCV's trackers give it; while it is lost, the best guess.

        Raises:
            FrameError: when `image` is no picture.
            TargetError: before `init`.
        """
        if self._run is None:
            raise TargetError("nothing to follow yet; call init(image, box) before update(image)")
        found = self._run.step(image, color=self._color)
        x, y, w, h = (round(v) for v in found.xywh[0].tolist())
        is_lost = found.status is not None and found.status[0] == Status.LOST
        return not is_lost, (x, y, max(w, 1), max(h, 1))


def opencv(model: Model, *, color: ColorOrder = "bgr", seed: int = 0) -> OpenCVTracker:
    """A model as an OpenCV tracker: `init(image, box)`, then `ok, box = update(image)` for each picture.

    Args:
        color: channel order of the pictures; unless told, "bgr", as `cv2.imread` and `cv2.VideoCapture` give
            them.
        seed: as in `model.start`.
    """
    return OpenCVTracker(model, color=color, seed=seed)
