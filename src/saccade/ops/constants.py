"""Tensors that are made once and kept."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor


def constant(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Keeps the tensors that a function makes, one for each of the last 32 sets of (hashable) arguments.

    They are made outside of inference mode, whoever asks first: PyTorch saves no tensor that was made inside
    for a backward pass, so that a training after a video would fail. They must not be written to.
    """
    return lru_cache(maxsize=32)(torch.inference_mode(False)(make))
