"""Targets that compete for pixels, and where their probability lies."""

import pytest
import torch

from saccade.ops.soft_masks import aggregate_with_background, soft_aggregate, spread


def test_a_single_target_has_no_competitor():
    scores = torch.tensor([[[-2.0, 0.0, 0.5]]])
    masks, probability = soft_aggregate(scores)
    torch.testing.assert_close(probability, scores.sigmoid())
    assert masks.tolist() == [[[False, False, True]]]


def test_a_single_target_may_compete_with_the_background():
    scores = torch.tensor([[[-30.0, -2.0, 0.5, 3.0, 30.0]]])
    masks, probability = aggregate_with_background(scores)
    # the background scores the opposite, but for what it is kept from 0 and 1
    torch.testing.assert_close(probability[0, 0, 1:4], (2 * scores[0, 0, 1:4]).sigmoid(), rtol=1e-4, atol=0)
    assert torch.equal(masks, scores > 0)


def test_no_target_at_all():
    masks, probability = soft_aggregate(torch.zeros(0, 2, 3))
    assert masks.shape == probability.shape == (0, 2, 3)


def test_targets_share_each_pixel_with_each_other_and_the_background():
    scores = 4 * torch.randn(3, 5, 7)
    masks, probability = soft_aggregate(scores)
    alone = scores.double().sigmoid()
    nobody = (1 - alone).prod(dim=0)
    odds = torch.cat([(nobody / (1 - nobody))[None], scores.double().exp()])
    torch.testing.assert_close(probability.double(), odds[1:] / odds.sum(dim=0), rtol=1e-5, atol=1e-6)
    owner = odds.argmax(dim=0)
    assert torch.equal(masks, owner == torch.arange(1, 4)[:, None, None])
    assert int(masks.sum(dim=0).max()) == 1


def test_the_surest_target_wins_and_nobody_wins_where_all_are_unsure():
    scores = torch.tensor([[[50.0, -50.0, -1.0]], [[3.0, -50.0, -1.0]]])
    masks, probability = soft_aggregate(scores)
    assert masks[:, 0].tolist() == [[True, False, False], [False, False, False]]
    assert probability.isfinite().all()
    assert probability[0, 0, 0] == 1


@pytest.mark.parametrize(("box", "size"), [((2, 3, 5, 4), (12, 10)), ((0, 0, 1, 1), (6, 6))])
def test_a_rectangle_is_spread_about_its_middle(box, size):
    x, y, w, h = box
    probability = torch.zeros(1, size[1], size[0])
    probability[0, y : y + h, x : x + w] = 0.5
    total, mean, deviation = spread(probability)
    assert total.item() == pytest.approx(0.5 * w * h)
    assert mean[0].tolist() == pytest.approx([x + (w - 1) / 2, y + (h - 1) / 2], abs=1e-5)
    # of n equally likely whole numbers
    assert deviation[0].tolist() == pytest.approx([((n**2 - 1) / 12) ** 0.5 for n in (w, h)], abs=1e-5)


def test_nothing_lies_nowhere():
    total, mean, deviation = spread(torch.zeros(1, 4, 4))
    assert total.item() == 0
    assert mean.isnan().all()
    assert deviation.isnan().all()
