"""Poses as OpenPose leaves them: its order of points, middles, people without numbers, names of files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import BODY_25, COCO_17, Instances, ModelError, Skeleton
from saccade.core.instances import NOBODY
from saccade.deploy.openpose_files import OpenPoseFiles, to_openpose

LEFT, RIGHT = (COCO_17.points.index(f"{side}_shoulder") for side in ("left", "right"))


def people(count: int = 1, skeleton: Skeleton = COCO_17, **changes: Any) -> Instances:
    """Points at (10 k, k) of which all are as sure as 0.9."""
    points = np.stack([np.arange(len(skeleton)) * 10, np.arange(len(skeleton))], axis=1).astype(np.float32)
    return Instances(
        boxes=np.tile(np.array([0, 0, 9, 9], np.float32), (count, 1)),
        scores=np.ones(count, np.float32),
        keypoints=np.tile(points, (count, 1, 1)),
        keypoint_scores=np.full((count, len(skeleton)), 0.9, np.float32),
        skeleton=skeleton,
        **changes,
    )


def points_of(person: dict[str, Any]) -> dict[str, list[float]]:
    """(x, y, score) by the names of the points."""
    values = person["pose_keypoints_2d"]
    assert len(values) == 3 * 25
    return {name: values[3 * place : 3 * place + 3] for place, name in enumerate(BODY_25.points)}


def test_points_are_where_openpose_has_them() -> None:
    found = people()
    assert found.keypoint_scores is not None
    found.keypoint_scores[0, LEFT] = 0.5
    content = to_openpose(found)
    assert content["version"] == 1.3
    (person,) = content["people"]
    values = person["pose_keypoints_2d"]
    assert values[:3] == [0, 0, 0.9]  # the nose comes first
    assert values[3:6] == [55.0, 5.5, 0.5]  # then the neck, as sure as the less sure shoulder
    assert values[3 * 8 : 3 * 9] == [115.0, 11.5, 0.9]  # the middle of the hips
    assert values[3 * 4 : 3 * 5] == [100, 10, 0.9]  # the right wrist
    points = points_of(person)
    assert all(
        points[f"{side}_{part}"] == [0, 0, 0] for side in ("left", "right") for part in ("heel", "big_toe")
    )
    for name in (
        "face_keypoints_2d",
        "hand_left_keypoints_2d",
        "hand_right_keypoints_2d",
        "pose_keypoints_3d",
    ):
        assert person[name] == []


def test_a_middle_is_unknown_where_one_end_is() -> None:
    found = people()
    assert found.keypoint_scores is not None
    found.keypoint_scores[0, RIGHT] = 0
    points = points_of(to_openpose(found)["people"][0])
    assert points["neck"] == points["right_shoulder"] == [0, 0, 0]
    assert points["left_shoulder"] == [50, 5, 0.9]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (None, [-1, -1]),
        (np.array([7, NOBODY]), [7, -1]),
        (np.array(["anna", 3], object), [-1, 3]),
    ],
)
def test_who_is_who(ids: Any, said: list[int]) -> None:
    content = json.loads(json.dumps(to_openpose(people(2, ids=ids))))
    assert [person["person_id"] for person in content["people"]] == [[who] for who in said]


def test_nobody_is_an_empty_list() -> None:
    empty = Instances(boxes=np.zeros((0, 4), np.float32), scores=np.zeros(0, np.float32))
    assert to_openpose(empty) == {"version": 1.3, "people": []}


def test_a_file_a_frame(tmp_path: Path) -> None:
    files = OpenPoseFiles(tmp_path, lambda index: f"clip_{index:012d}")
    files.write(people(frame=3))
    files.close()
    (file,) = (tmp_path / "openpose").iterdir()
    assert file.name == "clip_000000000003_keypoints.json"
    assert len(json.loads(file.read_text())["people"]) == 1


def test_other_things_than_people_are_refused() -> None:
    with pytest.raises(ModelError, match="no point of the skeleton 'cat' is one of OpenPose's 25"):
        to_openpose(people(skeleton=Skeleton(name="cat", points=("tail", "paw"))))
