"""Tensors that are made once and kept."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import torch
from torch import Tensor


def constant(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Keeps the tensors that a function makes, one for each of the last 32 sets of (hashable) arguments.

    They are made outside of inference mode, whoever asks first: PyTorch saves no tensor that was made inside
    for a backward pass, so that a training after a video would fail. They must not be written to.
    """
    make = torch.inference_mode(False)(make)
    kept = lru_cache(maxsize=32)(make)

    @wraps(make)
    def get(*arguments: Any) -> Tensor:
        # while a graph is exported, tensors have no values that could be kept
        return make(*arguments) if torch.compiler.is_exporting() else kept(*arguments)

    return get


def literal(values: tuple[int | float, ...], like: Tensor) -> Tensor:
    """Numbers that are known beforehand as a tensor, as precise as another and on its device.

    They are sent there once. `like.new_tensor(values)` would send them each time, and on a GPU make the host
    wait for all that is being computed.
    """
    return _literal(values, like.dtype, like.device)


@constant
def _literal(values: tuple[int | float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)
