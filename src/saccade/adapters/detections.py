"""Records of supervision, read as ours."""

from typing import TYPE_CHECKING

import numpy as np

from saccade.core import Instances
from saccade.core.instances import id_array

if TYPE_CHECKING:
    import supervision as sv


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
