"""saccade behind the interfaces of others: OpenCV's tracker, the got10k toolkit's, supervision's records."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from saccade.core import Instances, MissingExtraError, Model, Run, Status, TargetError, Targets
from saccade.core.frame import ColorOrder
from saccade.core.instances import id_array

if TYPE_CHECKING:
    import supervision as sv

__all__ = ["OpenCVTracker", "from_supervision", "got10k", "opencv"]


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


def got10k(model: Model, *, name: str | None = None, seed: int = 0) -> Any:
    """A model as a `got10k.trackers.Tracker`, for the experiments of the GOT-10k toolkit.

    Args:
        name: what the toolkit calls the tracker in its results; the model's own name when not given.
        seed: as in `model.start`, the same for every sequence.

    Raises:
        MissingExtraError: when the package got10k is not installed.
    """
    try:
        from got10k.trackers import Tracker
    except ImportError:
        raise MissingExtraError(
            "this needs the package 'got10k'; install it with: pip install got10k"
        ) from None

    class Got10kTracker(Tracker):
        """Follows one object; pictures come from Pillow, boxes are (x, y, w, h) in pixels."""

        def init(self, image: Any, box: Any) -> None:
            self._run = model.start(seed=seed)
            self._run.step(_pixels(image), Targets(boxes=[np.asarray(box, dtype=np.float64)]))

        def update(self, image: Any) -> Float[np.ndarray, "4"]:
            return self._run.step(_pixels(image)).xywh[0]

    return Got10kTracker(name=name or model.name, is_deterministic=True)


def _pixels(image: Any) -> Any:
    """A Pillow picture of any mode as an RGB array; arrays pass through."""
    return np.asarray(image.convert("RGB")) if hasattr(image, "convert") else image


def from_supervision(detections: "sv.Detections", *, frame: int = 0, time: float | None = None) -> Instances:
    """What `Instances.to_supervision` makes, read back; the detections of any other model too.

    Detections without a confidence get the score 1.

    Args:
        frame: index of the frame in its video, from 0.
        time: seconds from the start of the video, if known.
    """
    data = detections.data
    count = len(detections)
    scores = np.ones(count) if detections.confidence is None else detections.confidence
    return Instances(
        boxes=np.asarray(detections.xyxy, dtype=np.float64).reshape(-1, 4),
        scores=np.asarray(scores, dtype=np.float64),
        ids=id_array(data["id"]) if "id" in data else detections.tracker_id,
        labels=detections.class_id,
        names=np.asarray(data["class_name"]) if "class_name" in data else None,
        masks=None if detections.mask is None else np.asarray(detections.mask, dtype=bool),
        status=np.asarray(data["status"]) if "status" in data else None,
        frame=frame,
        time=time,
    )
