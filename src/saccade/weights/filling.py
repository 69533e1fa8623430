"""Giving tensors to a network, with every disagreement named."""

import re
from collections.abc import Collection

import torch
from torch import Tensor, nn

from saccade.core.errors import WeightsError
from saccade.weights.checkpoint import Checkpoint
from saccade.weights.recognition import looks_like

_NEVER_RUN = re.compile(r"(.*\.)?(num_batches_tracked|fc\.(weight|bias))")
"""a ResNet's classification layer, and counters of batch norms, which files from before PyTorch 0.4.1 lack"""


def fill(network: nn.Module, checkpoint: Checkpoint) -> None:
    """Gives a checkpoint's tensors to a network; one on the meta device then has them as its own, on the CPU.

    Raises:
        WeightsError: when names or shapes differ from the network's, or a value is complex, or not finite in
            the network's kind of number; then nothing is filled.
    """
    own = network.state_dict()
    check_names(type(network).__name__, own, checkpoint)
    network.load_state_dict(
        {name: _value(checkpoint, name, like) for name, like in own.items()},
        assign=any(value.is_meta for value in own.values()),
    )


def check_names(network: str, own: Collection[str], checkpoint: Checkpoint) -> None:
    """Compares the names of a network's tensors with those of a checkpoint.

    Raises:
        WeightsError: when they differ, with the names and with what the file looks like.
    """
    missing = [name for name in own if name not in checkpoint.tensors and not _NEVER_RUN.fullmatch(name)]
    unknown = [name for name in checkpoint.tensors if name not in own]
    if missing or unknown:
        raise WeightsError(
            f"{checkpoint.path}: belongs to another network than {network}; "
            f"missing: {_some(missing)}; unknown: {_some(unknown)}; the file {looks_like(checkpoint)}"
        )


def _value(checkpoint: Checkpoint, name: str, like: Tensor) -> Tensor:
    """A tensor as the network keeps it: the checkpoint's, else what the network has."""
    value = checkpoint.tensors.get(name)
    if value is None:
        return torch.zeros_like(like, device="cpu") if like.is_meta else like
    if value.shape != like.shape:
        raise WeightsError(
            f"{checkpoint.path}: '{name}' has shape {tuple(value.shape)}, "
            f"the network's {tuple(like.shape)}; the file {looks_like(checkpoint)}"
        )
    if value.is_complex():
        raise WeightsError(f"{checkpoint.path}: '{name}' holds complex numbers, the network's are real")
    value = value.to(like.dtype)
    if not value.isfinite().all():
        kind = str(like.dtype).removeprefix("torch.")
        raise WeightsError(
            f"{checkpoint.path}: '{name}' holds values that are not finite in {kind}; fetch the file again"
        )
    return value


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
