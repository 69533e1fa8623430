"""Box refinement: proposals, both step rules, the choice of the best, and that a batch is its single runs."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saccade.online.refinement import (
    BoxRefinement,
    ascend,
    average_best,
    draw_uniform,
    from_relative,
    propose,
    refine,
    to_relative,
)
from saccade.ops.crops import CropView

DEFAULT = BoxRefinement()
BOXES = torch.tensor([[100.0, 80.0, 40.0, 60.0], [20.0, 30.0, 90.0, 12.0]])
TRUTH = torch.tensor([[[104.0, 86.0, 46.0, 50.0]], [[11.0, 26.0, 80.0, 20.0]]])


def toward(truth: Tensor) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """An overlap that falls with the squared distance from the true boxes."""

    def overlap(boxes: Tensor) -> tuple[Tensor, Tensor]:
        away = boxes - truth
        return 1 - 1e-3 * away.square().sum(dim=-1), -2e-3 * away

    return overlap


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def test_the_first_proposal_is_the_first_estimate() -> None:
    proposals = propose(BOXES, draw_uniform(generators(2), DEFAULT), DEFAULT)
    assert proposals.shape == (2, 10, 4)
    assert torch.equal(proposals[:, 0], BOXES)


def test_draws_are_the_generators_own_and_only_where_wanted() -> None:
    used = generators(3)
    draws = draw_uniform(used, DEFAULT, wanted=[True, False, True])
    assert not draws[1].any()
    fresh = generators(3)
    for row in (0, 2):
        assert torch.equal(draws[row], torch.rand(9, 4, generator=fresh[row]))
    assert torch.equal(torch.rand(5, generator=used[1]), torch.rand(5, generator=fresh[1]))


@pytest.mark.parametrize("draw", [0.0, 0.25, 1.0])
def test_jitter_is_in_units_of_the_targets_size(draw: float) -> None:
    box = torch.tensor([[100.0, 80.0, 40.0, 90.0]])
    config = replace(DEFAULT, random_proposals=1)
    x, y, w, h = propose(box, torch.full((1, 1, 4), draw), config)[0, 1].tolist()
    reach = (draw - 0.5) * 60  # the root of the area
    # no side is shorter than a third of the shorter one
    assert (w, h) == pytest.approx((max(40 + 0.5 * reach, 40 / 3), max(90 + 0.5 * reach, 40 / 3)))
    assert (x + w / 2, y + h / 2) == pytest.approx((120 + 0.1 * reach, 125 + 0.1 * reach))


def test_thin_targets_keep_a_third_of_their_shorter_side() -> None:
    boxes = propose(torch.tensor([[0.0, 0.0, 100.0, 6.0]]), torch.zeros(1, 9, 4), DEFAULT)
    assert boxes[0, 1:, 3].tolist() == pytest.approx([2.0] * 9)


def test_relative_coordinates_and_back() -> None:
    boxes = propose(BOXES, draw_uniform(generators(2), DEFAULT), DEFAULT)
    relative = to_relative(boxes, boxes[:, :1, 2:])
    assert relative[0, 0].tolist() == pytest.approx([120 / 40, 110 / 60, math.log(40), math.log(60)])
    torch.testing.assert_close(from_relative(relative, boxes[:, :1, 2:]), boxes)


def test_a_step_in_pixels() -> None:
    config = replace(DEFAULT, steps=1, position_step=0.5, size_step=0.25)
    ended, overlaps = ascend(toward(TRUTH), BOXES[:, None], config)
    before, gradient = toward(TRUTH)(BOXES[:, None])
    w, h = BOXES[:, None, 2], BOXES[:, None, 3]
    scale = torch.stack([0.5 * w, 0.5 * h, 0.25 * w, 0.25 * h], dim=-1)
    torch.testing.assert_close(ended, BOXES[:, None] + gradient * scale)
    assert torch.equal(overlaps, before)


def test_a_step_in_relative_space_follows_autograds_gradient() -> None:
    config = replace(DEFAULT, steps=1, space="relative", position_step=1e-3, size_step=1e-3)
    proposals = propose(BOXES, draw_uniform(generators(2), DEFAULT), DEFAULT)
    ended, _ = ascend(toward(TRUTH), proposals, config)
    base = BOXES[:, None, 2:]  # of the first estimate, for all proposals
    relative = to_relative(proposals, base).requires_grad_()
    overlap, _ = toward(TRUTH)(from_relative(relative, base))
    (gradient,) = torch.autograd.grad(overlap.sum(), relative)
    torch.testing.assert_close(ended, from_relative(relative.detach() + 1e-3 * gradient, base))


@pytest.mark.parametrize("space", ["box_sizes", "relative"])
def test_the_overlap_rises(space: str) -> None:
    step = 1.0 if space == "box_sizes" else 2e-4
    config = replace(DEFAULT, steps=10, space=space, position_step=step, size_step=step)
    proposals = propose(BOXES, draw_uniform(generators(2), DEFAULT), DEFAULT)
    overlap = toward(TRUTH)
    ended, _ = ascend(overlap, proposals, config)
    assert (overlap(ended)[0] > overlap(proposals)[0]).all()


def test_overlaps_are_those_before_the_last_step() -> None:
    ended, overlaps = ascend(toward(TRUTH), BOXES[:, None], replace(DEFAULT, steps=3))
    one_less, _ = ascend(toward(TRUTH), BOXES[:, None], replace(DEFAULT, steps=2))
    assert torch.equal(overlaps, toward(TRUTH)(one_less)[0])
    assert not torch.equal(ended, one_less)


def test_all_step_lengths_decay() -> None:
    whole, _ = ascend(toward(TRUTH), BOXES[:, None], replace(DEFAULT, steps=2, step_decay=0.5))
    first, _ = ascend(toward(TRUTH), BOXES[:, None], replace(DEFAULT, steps=1))
    second, _ = ascend(toward(TRUTH), first, replace(DEFAULT, steps=1, position_step=0.5, size_step=0.5))
    torch.testing.assert_close(whole, second)


def test_only_what_became_worse_goes_back_and_slows_down() -> None:
    """One proposal climbs along x; the other jumps over the top at x = 5, comes back, and halves its step."""
    start = torch.tensor([[[0.0, 0.0, 10.0, 10.0], [4.0, 0.0, 10.0, 10.0]]])
    slope = torch.tensor([0.1, 3.0])
    visited = []

    def overlap(boxes: Tensor) -> tuple[Tensor, Tensor]:
        visited.append(boxes[0, :, 0].tolist())
        away = boxes[..., 0] - 5
        return -away.abs(), torch.stack([-slope * away.sign(), *[torch.zeros_like(away)] * 3], dim=-1)

    config = replace(DEFAULT, steps=4, step_decay=0.5, reverts_worse=True)
    ended, _ = ascend(overlap, start, config)
    assert visited == [[0, 4], [1, 34], [2, 4], [3, 19]]
    assert ended[0, :, 0].tolist() == [4, 4]


def test_without_decay_both_rules_are_one() -> None:
    overshooting = replace(DEFAULT, position_step=30.0, size_step=30.0)
    plain, _ = ascend(toward(TRUTH), BOXES[:, None], overshooting)
    atom, _ = ascend(toward(TRUTH), BOXES[:, None], replace(overshooting, reverts_worse=True))
    assert torch.equal(plain, atom)


PROPOSALS = torch.tensor(
    [[0.0, 0.0, 10, 10], [2, 2, 10, 12], [4, 4, 10, 14], [6, 0, 70, 10], [0, 6, 10, 60], [1, 1, 0.5, 0.2]]
)


@pytest.mark.parametrize(
    ("overlaps", "wanted"),
    [
        pytest.param([3, 2, 1, 0, 0, -9], [2, 2, 10, 12], id="mean-of-three"),
        pytest.param([1, 2, 3, 9, 8, 0], [2, 2, 10, 12], id="elongated-ones-are-left-out"),
        pytest.param([3, -1, 1, 0, 0, 2], [5 / 3, 5 / 3, 7, 25 / 3], id="sizes-are-at-least-1"),
    ],
)
def test_the_best_are_averaged(overlaps: list[float], wanted: list[float]) -> None:
    mean, found = average_best(PROPOSALS[None], torch.tensor([overlaps]).float(), DEFAULT)
    assert found.tolist() == [True]
    assert mean[0].tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("box", "overlap"),
    [
        pytest.param([torch.nan, 0, 10, 10], 9, id="no number"),
        pytest.param([2e5, 0, 10, 10], 9, id="far away"),
        pytest.param([0, 0, 10, 10], torch.nan, id="an overlap that is no number"),
    ],
)
def test_boxes_that_ran_away_are_left_out(box: list[float], overlap: float) -> None:
    proposals = torch.cat([torch.tensor([box]), PROPOSALS[1:2]])[None]
    mean, found = average_best(proposals, torch.tensor([[overlap, 1.0]]), DEFAULT)
    assert (mean.tolist(), found.tolist()) == ([[2, 2, 10, 12]], [True])


def test_fewer_proposals_than_are_averaged() -> None:
    rows = torch.stack([PROPOSALS[[0, 3, 4]], PROPOSALS[[0, 1, 3]]])
    mean, found = average_best(rows, torch.tensor([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), DEFAULT)
    assert found.all()
    assert mean.tolist() == [[0, 0, 10, 10], [1, 1, 10, 11]]
    mean, _ = average_best(rows[1:, :2], torch.tensor([[0.0, 1.0]]), DEFAULT)
    assert mean.tolist() == [[1, 1, 10, 11]]


def test_where_none_is_left_the_first_estimate_stays() -> None:
    first = torch.tensor([[0.0, 0.0, 70.0, 10.0], [0.0, 0.0, 30.0, 20.0]])
    config = replace(DEFAULT, random_proposals=0)
    still = toward(first[:, None])
    refined = refine(still, first, torch.zeros(2, 0, 4), config)
    assert refined.found.tolist() == [False, True]
    assert torch.equal(refined.boxes, first)


def test_a_batch_gives_the_numbers_of_single_runs() -> None:
    config = replace(DEFAULT, steps=4, step_decay=0.5, reverts_worse=True, space="relative", size_step=0.1)
    together = refine(toward(TRUTH), BOXES, draw_uniform(generators(2), config), config)
    draws = draw_uniform(generators(2), config)
    for row in (0, 1):
        rows = slice(row, row + 1)
        alone = refine(toward(TRUTH[rows]), BOXES[rows], draws[rows], config)
        torch.testing.assert_close(together.boxes[rows], alone.boxes)
        torch.testing.assert_close(together.overlaps[rows], alone.overlaps)


def test_an_unmoved_box_comes_out_half_a_crop_pixel_further() -> None:
    view = CropView(torch.tensor([[300.0, 200.0]] * 2), torch.tensor([2.0, 0.5]), (288, 288))
    frame_boxes = torch.tensor([[290.0, 180.0, 20.0, 40.0], [310.0, 190.0, 30.0, 10.0]])
    boxes = view.to_crop(frame_boxes)
    refined = refine(
        toward(boxes[:, None]), boxes, torch.zeros(2, 0, 4), replace(DEFAULT, random_proposals=0)
    )
    centre, size = refined.in_frame(view)
    entered = frame_boxes[:, :2] + (frame_boxes[:, 2:] - 1) / 2
    torch.testing.assert_close(centre, entered + 0.5 * view.scale[:, None])
    torch.testing.assert_close(size, frame_boxes[:, 2:])
