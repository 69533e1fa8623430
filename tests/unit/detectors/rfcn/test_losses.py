"""What R-FCN's proposals are to be, and which of them are learned from."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.detectors.rfcn.deltas import encode
from saccade.detectors.rfcn.losses import BACKGROUND, IGNORED, Wished, hard_losses, wish

TRUTH = torch.tensor([[0.0, 0, 20, 20], [40, 40, 60, 60]])
TARGET: dict[str, Any] = {"boxes": TRUTH, "labels": torch.tensor([0, 2])}
NOTHING: dict[str, Any] = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}


def test_proposals_are_what_they_overlap_most() -> None:
    proposals = torch.tensor([[0.0, 0, 20, 22], [40, 40, 60, 81], [40, 40, 60, 79], [70, 0, 90, 20]])
    found = wish(proposals, TARGET, 0.5)
    # the true boxes are proposals too; half a box less a pixel is enough, half and a pixel is not
    assert found.classes.tolist() == [1, BACKGROUND, 3, BACKGROUND, 1, 3]
    assert found.proposals.equal(torch.cat([proposals, TRUTH]))
    assert found.deltas[0].equal(encode(TRUTH[:1], proposals[:1])[0])
    assert found.deltas[[1, 3, 4, 5]].abs().sum() == 0


def test_a_crowd_is_neither_learned_nor_background() -> None:
    proposals = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 30], [0, 14, 10, 40], [40, 40, 60, 60]])
    crowd = {
        "boxes": torch.tensor([[0.0, 0, 100, 15], [40, 40, 60, 60]]),
        "labels": torch.tensor([1, 1]),
        "is_crowd": torch.tensor([True, False]),
    }
    assert wish(proposals, crowd, 0.5).classes.tolist() == [IGNORED, IGNORED, BACKGROUND, 2, 2]


def test_without_boxes_all_is_background() -> None:
    found = wish(TRUTH, NOTHING, 0.5)
    assert found.classes.tolist() == [BACKGROUND, BACKGROUND]
    assert wish(torch.zeros(0, 4), NOTHING, 0.5).proposals.shape == (0, 4)


def _wished(classes: list[int], generator: torch.Generator) -> Wished:
    number = len(classes)
    deltas = torch.randn(number, 4, generator=generator)
    return Wished(torch.rand(number, 4), torch.tensor(classes), deltas)


def _slow(logits: Tensor, deltas: Tensor, wished: list[Wished], kept: int) -> dict[str, float]:
    of_class, of_box, number, row = 0.0, 0.0, 0, 0
    for of_picture in wished:
        losses = []
        for wished_class, wished_deltas in zip(of_picture.classes.tolist(), of_picture.deltas, strict=True):
            if wished_class != IGNORED:
                c = -F.log_softmax(logits[row], 0)[wished_class].item()
                errors = (deltas[row] - wished_deltas).abs().tolist()
                b = sum(0.5 * e * e if e < 1 else e - 0.5 for e in errors) if wished_class else 0.0
                losses.append((c + b, c, b))
            row += 1
        hardest = sorted(losses, reverse=True)[:kept]
        number += len(hardest)
        of_class += sum(c for _, c, _ in hardest)
        of_box += sum(b for _, _, b in hardest)
    return {"loss_class": of_class / max(number, 1), "loss_box": of_box / (kept * len(wished))}


@pytest.mark.parametrize("kept", [1, 3, 128])
def test_learns_from_the_hardest_of_each_picture(kept: int) -> None:
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        wished = [
            _wished([0, 1, 3, IGNORED, 0, 2], generator),
            _wished([IGNORED], generator),
            _wished([0, 0], generator),
        ]
        logits, deltas = torch.randn(9, 4, generator=generator), torch.randn(9, 4, generator=generator)
        found = hard_losses(logits, deltas, wished, kept)
        for name, value in _slow(logits, deltas, wished, kept).items():
            assert found[name].item() == pytest.approx(value, rel=1e-5)


def test_easy_proposals_have_no_gradient() -> None:
    logits = torch.tensor([[9.0, 0.0], [0.0, 9.0]], requires_grad=True)
    wished = [Wished(torch.rand(2, 4), torch.tensor([0, 0]), torch.zeros(2, 4))]
    hard_losses(logits, torch.zeros(2, 4), wished, 1)["loss_class"].backward()
    assert logits.grad is not None
    assert logits.grad[0].eq(0).all()
    assert logits.grad[1].ne(0).all()


def test_nothing_to_learn_is_zero() -> None:
    wished = [Wished(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4))]
    logits = torch.zeros(0, 3, requires_grad=True)
    losses = hard_losses(logits, torch.zeros(0, 4, requires_grad=True), wished, 128)
    assert losses["loss_class"] == losses["loss_box"] == 0
