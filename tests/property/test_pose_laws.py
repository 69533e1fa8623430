"""Laws that hold for every pose: of heat maps, of limbs, of OKS, and of angles."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saccade.core import BODY_25, COCO_17, COCO_18
from saccade.ops.heat_maps import decode, gaussian_patches, nearest_cells, unflip
from saccade.ops.joints import Joints
from saccade.ops.key_points import oks, oks_nms
from saccade.ops.limbs import LimbScores, assemble, unflip_fields
from saccade.pose import angles

few = settings(max_examples=30)
WIDTH, HEIGHT = 24, 20
inside = st.tuples(st.floats(7, WIDTH - 8, width=32), st.floats(7, HEIGHT - 8, width=32))
poses = arrays(np.float64, (17, 2), elements=st.floats(-500, 500, width=32))
seeds = st.integers(0, 2**31 - 1)


@few
@given(inside)
def test_what_is_drawn_is_found(point: tuple[float, float]) -> None:
    exact = gaussian_patches(torch.tensor([[point]]), (HEIGHT, WIDTH), sigma=2.0, radius=20)
    at = torch.tensor(point)
    assert (decode(exact, "dark", sigma=2.0)[0][0, 0] - at).abs().max() < 0.05
    assert (decode(exact, "quarter", sigma=2.0)[0][0, 0] - at).abs().max() <= 0.5
    # rounded to a cell, as the originals draw it, it is there and nowhere else
    cells = nearest_cells(torch.tensor([[point]]))
    found, height = decode(
        gaussian_patches(cells, (HEIGHT, WIDTH), sigma=2.0, radius=6), "quarter", sigma=2.0
    )
    assert (found - cells).abs().max() == 0 and height == 1


@few
@given(seeds)
def test_to_flip_twice_is_not_to_flip(seed: int) -> None:
    torch.manual_seed(seed)
    for skeleton in (COCO_17, COCO_18, BODY_25):
        maps = torch.rand(2, len(skeleton), 3, 5)
        torch.testing.assert_close(unflip(unflip(maps, skeleton.mirror), skeleton.mirror), maps)
        limbs = skeleton.limb_indices
        fields = torch.rand(2, 2 * len(limbs), 3, 5)
        back = unflip_fields(unflip_fields(fields, limbs, skeleton.mirror), limbs, skeleton.mirror)
        torch.testing.assert_close(back, fields)


@given(poses, poses, st.floats(1, 1e5), st.floats(1.1, 10))
def test_oks_is_a_likeness(one: np.ndarray, other: np.ndarray, area: float, factor: float) -> None:
    areas = np.array([[area]])
    there, back = (
        oks(a[None], b[None], areas, COCO_17.sigmas)[0, 0] for a, b in ((one, other), (other, one))
    )
    assert 0 <= there <= 1 and there == back
    assert oks(one[None], one[None], areas, COCO_17.sigmas)[0, 0] == 1
    assert oks(one[None], other[None], factor * areas, COCO_17.sigmas)[0, 0] >= there, (
        "a large person forgives"
    )
    scaled = oks(factor * one[None], factor * other[None], factor**2 * areas, COCO_17.sigmas)[0, 0]
    np.testing.assert_allclose(scaled, there, atol=1e-9)


@few
@given(seeds, st.integers(0, 12), st.floats(0.05, 0.95))
def test_who_is_left_by_nms_is_left_again(seed: int, count: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    people = rng.uniform(0, 40, (1, 17, 2)) + rng.normal(0, 4, (count, 17, 2))
    areas = rng.uniform(500, 2000, count)
    left = oks_nms(people, areas, COCO_17.sigmas, threshold=threshold)
    again = oks_nms(people[left], areas[left], COCO_17.sigmas, threshold=threshold)
    assert again.tolist() == list(range(len(left)))
    assert (left[:1] == 0).all() and (np.diff(left) > 0).all()


@few
@given(seeds, st.integers(1, 7), st.floats(0.1, 1))
def test_a_joint_is_one_persons(seed: int, count: int, share: float) -> None:
    torch.manual_seed(seed)
    limbs = COCO_18.limb_indices
    heights = torch.rand(18, count)
    scores = torch.rand(len(limbs), count, count)
    joints = Joints(torch.rand(18, count, 2), heights)
    people = assemble(joints, LimbScores(scores, torch.rand(scores.shape) < share), limbs)
    taken = [(k, c) for row in people.candidates.tolist() for k, c in enumerate(row) if c >= 0]
    assert len(taken) == len(set(taken))
    for row, total in zip(people.candidates, people.totals, strict=True):
        own = row >= 0
        assert own.sum() >= 2
        joint_scores = heights[own.nonzero()[:, 0], row[own]].sum()
        assert joint_scores < total <= joint_scores + own.sum() - 1 + 1e-4, (
            "a limb for each joint but the first"
        )


@few
@given(seeds, st.floats(0.1, 10), st.floats(-3.1, 3.1), st.booleans())
def test_angles_are_the_bodys_own(seed: int, scale: float, turn: float, mirrored: bool) -> None:
    pose = np.random.default_rng(seed).uniform(-100, 100, (17, 2))
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirrored:
        matrix = matrix * [-1, 1]
    before, after = angles(pose[None], COCO_17), angles((pose @ matrix.T + 7)[None], COCO_17)
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, atol=1e-6)
        assert 0 <= values[0] <= 180
