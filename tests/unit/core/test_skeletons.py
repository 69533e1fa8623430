"""The skeletons that have a name, and poses that go from one to another."""

import json
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from saccade.core import (
    BODY_25,
    COCO_17,
    COCO_18,
    LSP_14,
    MPII_16,
    SKELETONS,
    ConfigError,
    Skeleton,
    find_skeleton,
)
from saccade.core.config import from_json, override, to_json

OPENPOSE_LIMBS = "1-2 1-5 2-3 3-4 5-6 6-7 1-8 8-9 9-10 1-11 11-12 12-13 1-0 0-14 14-16 0-15 15-17 2-16 5-17"
"""the order in which OpenPose puts people together, as published"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    skeleton: Skeleton = COCO_17
    width: int = 256


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda skeleton: skeleton.name)
def test_a_mirror_is_its_own_inverse_and_keeps_limbs_and_sigmas(skeleton):
    mirror = skeleton.mirror
    assert [mirror[i] for i in mirror] == list(range(len(skeleton)))
    for left, right in skeleton.pairs:
        assert left.startswith("left_") and right == left.replace("left", "right", 1)
    assert {p for p in skeleton.points if p.startswith(("left_", "right_"))} == {
        p for pair in skeleton.pairs for p in pair
    }
    for limbs in (skeleton.edge_indices, skeleton.limb_indices):
        sides = {frozenset(limb) for limb in limbs}
        assert {frozenset(mirror[i] for i in limb) for limb in sides} == sides, "one side has other limbs"
        assert len(sides) == len(limbs)
    feet = [i for i, p in enumerate(skeleton.points) if "toe" in p or "heel" in p]
    assert all(skeleton.sigmas[i] == skeleton.sigmas[m] for i, m in enumerate(mirror) if i not in feet), (
        "COCO-WholeBody's feet alone differ by side"
    )


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda skeleton: skeleton.name)
def test_a_skeleton_survives_in_the_json_of_a_configuration(skeleton):
    config = Network(skeleton=skeleton)
    assert from_json(Network, json.loads(json.dumps(to_json(config)))) == config
    assert override(config, {"width": 128}).skeleton == skeleton


def test_what_is_published_of_the_skeletons_holds():
    assert [len(s) for s in (COCO_17, COCO_18, MPII_16, LSP_14, BODY_25)] == [17, 18, 16, 14, 25]
    assert " ".join(f"{a}-{b}" for a, b in COCO_18.limb_indices) == OPENPOSE_LIMBS
    assert MPII_16.mirror == (5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10)
    assert len(BODY_25.limb_indices) == 26
    assert COCO_17.limb_indices == COCO_17.edge_indices, "where no limbs are named the edges are the limbs"
    assert COCO_17.head is None and COCO_18.head is None, "COCO has no top of the head"


@pytest.mark.parametrize("skeleton", [s for s in SKELETONS.values() if s.limbs], ids=lambda s: s.name)
def test_edges_are_a_tree_and_the_limbs_beyond_them_close_rings(skeleton):
    reached = {skeleton.edge_indices[0][0]}
    for a, b in skeleton.edge_indices:
        assert (a in reached) != (b in reached), "people grow limb by limb, from what is there already"
        reached |= {a, b}
    assert len(reached) == len(skeleton)
    assert skeleton.limbs[: len(skeleton.edges)] == skeleton.edges


def test_openpose_takes_its_points_from_coco_in_the_published_order():
    sources = COCO_17.mapping(COCO_18).sources
    order = [0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    assert [s for s in sources if len(s) == 1] == [(i,) for i in order]
    assert sources[COCO_18.points.index("neck")] == (5, 6)


@pytest.mark.parametrize(
    ("left", "right", "neck"),
    [
        (2, 2, 2),
        (1, 2, 1),  # visible only if both are
        (2, 0, 0),  # absent unless both are there
        (0, 0, 0),
    ],
)
def test_a_middle_is_as_visible_as_the_less_visible_of_its_two(left, right, neck):
    points = np.random.default_rng(0).uniform(10, 90, (1, 17, 2)).astype(np.float32)
    visible = np.full((1, 17), 2, np.int8)
    visible[0, 5], visible[0, 6] = left, right
    mapped, seen = COCO_17.mapping(COCO_18).convert(points, visible)
    assert seen.dtype == np.int8 and mapped.dtype == np.float32
    assert seen[0, 1] == neck
    np.testing.assert_allclose(mapped[0, 1], (points[0, 5] + points[0, 6]) / 2 if neck else 0, rtol=1e-6)


@pytest.mark.parametrize(("a", "b"), list(product(SKELETONS.values(), repeat=2)), ids=lambda s: s.name)
def test_points_of_the_same_name_stay_where_they_are_in_any_skeleton(a, b):
    rng = np.random.default_rng(1)
    points, scores = rng.uniform(0, 100, (3, len(a), 2)), rng.uniform(0.1, 1, (3, len(a)))
    mapping = a.mapping(b)
    mapped, seen = mapping.convert(points, scores)
    assert mapped.shape == (3, len(b), 2) and seen.shape == (3, len(b))
    for j, name in enumerate(b.points):
        if name in a.points:
            i = a.points.index(name)
            np.testing.assert_array_equal(mapped[:, j], points[:, i])
            np.testing.assert_array_equal(seen[:, j], scores[:, i])
        assert (name in mapping.missing) == bool((seen[:, j] == 0).all())
    assert not set(mapping.lost) & set(b.points)


def test_no_people_are_converted_too():
    points, visible = COCO_17.mapping(MPII_16).convert(np.zeros((0, 17, 2)), np.zeros((0, 17), np.int8))
    assert points.shape == (0, 16, 2) and visible.shape == (0, 16)


def test_nothing_in_common_is_nothing_known():
    hand = Skeleton(name="hand", points=("thumb",))
    mapping = COCO_17.mapping(hand)
    assert mapping.missing == ("thumb",) and len(mapping.lost) == 17
    assert mapping.convert(np.ones((2, 17, 2)), np.ones((2, 17)))[1].tolist() == [[0.0], [0.0]]


def test_heads_and_torsos_have_their_lengths():
    points, visible = np.zeros((2, 16, 2)), np.full((2, 16), 2, np.int8)
    points[:, 9] = (3, -4)
    points[:, 13] = (0, 7)
    visible[1, 8] = 0
    np.testing.assert_array_equal(MPII_16.head_sizes(points, visible), [5, np.nan])
    np.testing.assert_array_equal(MPII_16.torso_sizes(points, visible), [7, 7])
    assert np.isnan(COCO_17.head_sizes(np.zeros((2, 17, 2)), np.ones((2, 17)))).all()


def test_an_unknown_name_says_which_is_near():
    assert find_skeleton("mpii16") is MPII_16
    with pytest.raises(ConfigError, match="no skeleton 'mpii_16'; did you mean 'mpii16'"):
        find_skeleton("mpii_16")
