"""Skeletons as files describe them: known ones, inferred pairs, and what is written being read again."""

import json
from typing import Any

import pytest

from saccade.core import COCO_17, SKELETONS, Skeleton
from saccade.data.pose.described import describe, pairs_of, read_skeleton
from tests.unit.data.pose.poses import HAND, PERSON


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda skeleton: skeleton.name)
def test_what_is_written_is_read_again(skeleton: Skeleton) -> None:
    said = json.loads(json.dumps(describe(skeleton)))
    assert read_skeleton(said, "x") == (skeleton, ())
    plain = {key: said[key] for key in ("keypoints", "skeleton")}
    assert read_skeleton(plain, "x") == (skeleton, ()), "names and limbs are enough for what is known"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"skeleton": []}, COCO_17.edges, id="limbs may be left out"),
        pytest.param(
            {"skeleton": [[b, a] for a, b in PERSON["skeleton"]]}, COCO_17.edges, id="or point the other way"
        ),
        pytest.param({"skeleton": [[1, 2]]}, (("nose", "left_eye"),), id="other limbs are its own"),
    ],
)
def test_a_known_skeleton_by_its_points(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    skeleton, _ = read_skeleton({**PERSON, **changes}, "x")
    assert skeleton.edges == expected
    assert (skeleton is COCO_17) == (expected == COCO_17.edges)
    assert skeleton.mirror == COCO_17.mirror, "pairs are found by names as they are known"


def test_an_unknown_skeleton_is_inferred() -> None:
    skeleton, notes = read_skeleton(HAND, "x")
    assert (skeleton.name, skeleton.edge_indices, skeleton.mirror) == ("hand3", ((0, 1), (0, 2)), (0, 2, 1))
    assert notes == ("left and right by the points' names: left_tip - right_tip",)
    assert skeleton.sigmas == (), "nobody has measured them"


def test_what_is_given_is_not_inferred() -> None:
    given = {**HAND, "pairs": [["wrist", "left_tip"]], "sigmas": [0.1, 0.2, 0.2], "lower": ["wrist"]}
    skeleton, notes = read_skeleton(given, "x")
    assert (skeleton.mirror, skeleton.sigmas, skeleton.lower) == ((1, 0, 2), (0.1, 0.2, 0.2), ("wrist",))
    assert notes == ()


def test_limbs_from_zero_are_understood() -> None:
    skeleton, notes = read_skeleton({**HAND, "skeleton": [[0, 1], [0, 2]]}, "x")
    assert skeleton.edge_indices == ((0, 1), (0, 2))
    assert "limbs have a point 0: they are taken as counted from 0" in notes


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["left_knee", "right_knee"], [("left_knee", "right_knee")]),
        (["Right Knee", "Left Knee"], [("Left Knee", "Right Knee")]),
        (["l_knee", "r_knee"], [("l_knee", "r_knee")]),
        (["LKnee", "RKnee"], [("LKnee", "RKnee")]),
        (["kneeLeft", "kneeRight"], [("kneeLeft", "kneeRight")]),
        (["medial_left_bow", "medial_right_bow", "nose"], [("medial_left_bow", "medial_right_bow")]),
        (["left_paw_1", "right_paw_1", "left_paw_2"], [("left_paw_1", "right_paw_1")]),
        (["bright", "cleft", "alright", "left_ear"], []),  # no names of sides, or only one side
    ],
)
def test_left_and_right_by_names(names: list[str], pairs: list[tuple[str, str]]) -> None:
    assert pairs_of(names) == pairs


def test_points_without_sides_are_said_to_have_none() -> None:
    _, notes = read_skeleton({"name": "Face", "keypoints": ["chin", "brow"]}, "x")
    assert notes == ("no point is a left or a right one by its name: mirrored pictures keep all names",)


def test_the_lower_half_by_names() -> None:
    skeleton, _ = read_skeleton({"keypoints": ["Head", "Right Hip", "LKnee", "mid_hip", "chip"]}, "x")
    assert (skeleton.lower, skeleton.name) == (("Right Hip", "LKnee", "mid_hip"), "points5")
