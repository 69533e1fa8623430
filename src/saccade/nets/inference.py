"""Making a trained network ready to be run: the same function, faster."""

import copy
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

M = TypeVar("M", bound=nn.Module)


def for_inference(network: M) -> M:
    """Return a copy of a network for inference: in eval mode, batch norms folded, channels last in memory.

    The original keeps its parameters and their names.
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(copied.modules()):
        _fold_batch_norms(module)
    return copied.to(memory_format=torch.channels_last)


def _fold_batch_norms(parent: nn.Module) -> None:
    """Fold the batch norms among the children of a module into the convolutions right before them.

    In every network of ours, children registered one after the other run one after the other: `conv1, bn1`
    of a residual block, positions 0 and 1 of a sequence.
    """
    children = list(parent.named_children())
    for (name, convolution), (following, norm) in pairwise(children):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(parent, name, fuse_conv_bn_eval(convolution, norm))
            setattr(parent, following, nn.Identity())
