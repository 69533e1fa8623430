"""Skeletons: names, limbs and mirror images that fit together."""

import pytest

from saccade.core import COCO_17, ConfigError, Skeleton

ARM = Skeleton(
    name="arms", points=("left", "middle", "right"), edges=(("left", "middle"),), pairs=(("left", "right"),)
)


def test_names_become_indices():
    assert len(ARM) == 3
    assert ARM.edge_indices == ((0, 1),)
    assert ARM.mirror == (2, 1, 0)


def test_the_coco_skeleton_is_whole():
    assert len(COCO_17) == 17
    assert len(COCO_17.edges) == 19
    assert len(COCO_17.sigmas) == 17
    assert COCO_17.mirror[0] == 0
    assert [COCO_17.mirror[i] for i in COCO_17.mirror] == list(range(17)), "a mirror twice is no mirror"
    assert all(COCO_17.sigmas[i] == COCO_17.sigmas[m] for i, m in enumerate(COCO_17.mirror))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"edges": (("left", "elbow"),)},
            "skeleton 'arms' has no point 'elbow'; points: left, middle, right",
        ),
        ({"pairs": (("wrist", "left"),)}, "has no point 'wrist'"),
        ({"sigmas": (0.1,)}, "1 sigmas for 3 points; give one a point"),
        ({"sigmas": (0.1, 0.0, 0.1)}, "a sigma of 0.0; give positive numbers"),
        ({"limbs": (("left", "knee"),)}, "has no point 'knee'"),
        ({"composed": (("middle", "left", "hip"),)}, "has no point 'hip'"),
        ({"head": ("left", "hat")}, "has no point 'hat'"),
        ({"torso": ("left", "belt")}, "has no point 'belt'"),
        (
            {"pairs": (("left", "right"), ("middle", "left"))},
            "'left' is twice in its pairs; keep one of them",
        ),
    ],
)
def test_what_does_not_fit_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        Skeleton(name="arms", points=ARM.points, **wrong)


def test_a_name_stands_for_one_point_only():
    with pytest.raises(ConfigError, match="'left' is twice in its points"):
        Skeleton(name="arms", points=("left", "left"))
