"""Tensors that are kept may be used for training, whoever asked for them first."""

import torch
from torch import Tensor

from saccade.ops.constants import constant
from saccade.ops.hog import hog


def test_a_constant_is_made_once_for_each_argument():
    made = []

    @constant
    def ones(count: int) -> Tensor:
        made.append(count)
        return torch.ones(count)

    assert ones(2) is ones(2)
    assert len(ones(3)) == 3
    assert made == [2, 3]


def test_a_constant_made_in_inference_mode_takes_part_in_training():
    @constant
    def weights() -> Tensor:
        return torch.arange(3.0)

    with torch.inference_mode():
        assert not weights().is_inference()
    x = torch.ones(3, requires_grad=True)
    (x * weights()).sum().backward()
    assert x.grad.tolist() == [0, 1, 2]


def test_hog_can_be_differentiated_after_a_video():
    gray = 255 * torch.rand(1, 14, 14)
    with torch.inference_mode():
        hog(gray)
    from saccade.ops import hog as module

    assert not module._triangle(torch.float32).is_inference()
