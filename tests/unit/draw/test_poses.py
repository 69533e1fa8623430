"""Poses on a frame: colours of sides, what is not sure or nowhere, and lines that fit the person."""

import numpy as np
import pytest

from saccade.core import BODY_25, COCO_17, COCO_18, LSP_14, MPII_16, Instances, Skeleton
from saccade.draw.poses import LEFT, MIDDLE, RIGHT, draw_poses

GRAY = 90
SKELETONS = [COCO_17, COCO_18, MPII_16, LSP_14, BODY_25]
BAR = Skeleton(
    name="bar",
    points=("left_end", "right_end", "middle", "left_tip"),
    edges=(("left_end", "left_tip"), ("right_end", "middle"), ("left_end", "right_end")),
    pairs=(("left_end", "right_end"),),
)


def blank(width: int = 320, height: int = 240) -> np.ndarray:
    return np.full((height, width, 3), GRAY, np.uint8)


def pose(points, scores=None, *, skeleton=BAR, size=200.0):
    points = np.asarray(points, float).reshape(-1, len(skeleton) if skeleton else 4, 2)
    return Instances(
        boxes=np.array([[10.0, 10.0, 10 + size, 10 + size]] * len(points)).reshape(-1, 4),
        scores=np.ones(len(points)),
        keypoints=points,
        keypoint_scores=None if scores is None else np.asarray(scores, float).reshape(points.shape[:2]),
        skeleton=skeleton,
    )


def drawn(found, line=5, **more):
    picture = blank()
    draw_poses(picture, found, line, **more)
    return picture


def painted(picture):
    return (picture != GRAY).any(axis=2)


def test_sides_have_their_colours():
    picture = drawn(pose([[40, 50], [200, 50], [200, 200], [40, 200]]))
    places = {
        (40, 50): LEFT, (40, 130): LEFT, (200, 50): RIGHT, (200, 130): RIGHT, (200, 200): MIDDLE,
        # between the sides
        (120, 50): MIDDLE,
        # the skeleton does not say that it is on the left
        (40, 200): MIDDLE,
    }  # fmt: skip
    assert {place: tuple(picture[place[::-1]].tolist()) for place in places} == places


def test_what_is_not_sure_is_not_drawn_nor_are_its_limbs():
    points = [[40, 50], [200, 50], [200, 200], [40, 200]]
    picture = painted(drawn(pose(points, [[0.9, 0.1, 0.9, 0.9]])))
    assert picture[50, 40] and picture[130, 40] and picture[200, 200]
    assert not picture[50, 200] and not picture[130, 200] and not picture[50, 120]
    assert painted(drawn(pose(points, [[0.9, 0.1, 0.9, 0.9]]), threshold=0.1))[50, 200]
    # what was not found at all is at (0, 0), however low the threshold
    assert not painted(drawn(pose(np.zeros((1, 4, 2)), np.zeros((1, 4))), threshold=0.0)).any()


@pytest.mark.parametrize("place", [(np.nan, 5), (np.inf, 5), (5, -np.inf), (1e30, 1), (-1e7, 1)])
def test_a_joint_that_is_nowhere_is_left_out(place):
    assert not painted(drawn(pose([place] * 4))).any()


def test_a_joint_outside_of_the_frame_still_has_its_limb():
    picture = painted(drawn(pose([[40, -500], [900, 50], [200, 50], [40, 100]])))
    assert picture[2, 40] and picture[50, 310]


def test_lines_fit_the_person():
    def width(size, line):
        found = pose([[40, 50], [200, 50], [200, 200], [40, 200]], size=size)
        return int(painted(drawn(found, line))[130, 20:60].sum())

    widths = [width(size, 9) for size in (20, 100, 200, 2000)]
    assert widths == sorted(set(widths)) and widths[-1] <= 9 + 6, "OpenCV's smooth lines are a bit wider"
    assert width(20, 9) == width(2000, 1) <= 3


def test_people_farther_down_lie_on_top():
    flat = [[20, 100], [300, 100], [300, 220], [20, 220]]
    upright = [[160, 20], [300, 20], [300, 60], [160, 200]]
    for order in ((0, 1), (1, 0)):
        found = pose([[flat, upright][row] for row in order])
        boxes = np.array([[0, 0, 300.0, 120], [0, 0, 300.0, 210]])[list(order)]
        found = Instances(
            boxes=boxes, scores=found.scores, keypoints=found.keypoints, skeleton=found.skeleton
        )
        assert tuple(drawn(found)[100, 160].tolist()) == LEFT


@pytest.mark.parametrize("skeleton", SKELETONS, ids=lambda skeleton: skeleton.name)
def test_every_skeleton_has_as_much_on_either_side(skeleton):
    rng = np.random.default_rng(0)
    points = rng.uniform(20, 200, (1, len(skeleton), 2))
    mirrored = points[:, list(skeleton.mirror)]
    one, two = (drawn(pose(each, skeleton=skeleton)) for each in (points, mirrored))
    left, right = (painted_in(one, color) for color in (LEFT, RIGHT))
    assert left and right
    # left and right trade places, but for what lies on top of what
    assert painted_in(two, RIGHT) == pytest.approx(left, rel=0.5)


def painted_in(picture, color):
    return int((picture == color).all(axis=2).sum())


def test_without_a_skeleton_there_are_joints_alone():
    picture = painted(drawn(pose([[40, 50], [200, 50], [200, 200], [40, 200]], skeleton=None)))
    assert picture[50, 40] and not picture[50, 120]


def test_nobody_is_nothing():
    assert not painted(drawn(pose(np.zeros((0, 4, 2))))).any()
