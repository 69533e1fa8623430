"""Poses in files as OpenPose's `--write_json` leaves them: one of JSON a frame, with its 25 points."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from saccade.core import BODY_25, Instances, ModelError
from saccade.core.instances import NOBODY
from saccade.media.files import make_folder, replacing

VERSION = 1.3
"""of OpenPose's files"""
_EMPTY = (
    *("face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d"),
    *("pose_keypoints_3d", "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d"),
)
"""what readers of these files look for, and nobody has found"""


class OpenPoseFiles:
    """`openpose/`, a file a frame.

    `pose_keypoints_2d` are x, y and score of the points of BODY_25, in pixels of the frame: 0, 0, 0 where
    nothing is known, as of the feet in models that have none. Neck and middle of the hips are composed of
    shoulders and hips, with the lower of their scores. `person_id` is -1 where nobody has a number.

    Args:
        name: what the file of a frame is called, by `Frame.index`, without `_keypoints.json`.
    """

    leftovers: ClassVar[tuple[str, ...]] = ("openpose/*_keypoints.json",)

    def __init__(self, folder: Path, name: Callable[[int], str]) -> None:
        self._folder, self._name = folder / "openpose", name

    def write(self, found: Instances) -> None:
        """Writes who was found in the next frame; each file is whole when it is written.

        Raises:
            ModelError: when the model knows none of the points.
            OutputError: when it cannot be written.
        """
        make_folder(self._folder)
        with replacing(self._folder / f"{self._name(found.frame)}_keypoints.json") as part:
            part.write_text(json.dumps(to_openpose(found)) + "\n", encoding="utf-8")

    def facts(self) -> Mapping[str, Any]:
        """Nothing that would have to be said of them."""
        return {}

    def close(self) -> None:
        """Each file has its name already."""


def to_openpose(found: Instances) -> dict[str, Any]:
    """What stands in the file of a frame; see `OpenPoseFiles`.

    Raises:
        ModelError: when the skeleton has none of the points.
    """
    if not len(found):
        return {"version": VERSION, "people": []}
    assert found.keypoints is not None and found.keypoint_scores is not None and found.skeleton is not None
    mapping = found.skeleton.mapping(BODY_25)
    if len(mapping.missing) == len(BODY_25):
        raise ModelError(
            f"no point of the skeleton '{found.skeleton.name}' is one of OpenPose's 25; leave --openpose out"
        )
    points, scores = mapping.convert(found.keypoints, found.keypoint_scores)
    rows = np.concatenate([points, scores[..., None]], axis=-1).reshape(len(found), -1)
    ids = [NOBODY] * len(found) if found.ids is None else found.ids.tolist()
    people = [
        {
            "person_id": [who if isinstance(who, int) else NOBODY],
            "pose_keypoints_2d": [round(value, 4) for value in row],
            **{name: [] for name in _EMPTY},
        }
        for who, row in zip(ids, rows.tolist(), strict=True)
    ]
    return {"version": VERSION, "people": people}
