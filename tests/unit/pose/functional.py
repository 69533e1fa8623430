"""Layers of networks as functions of a file's tensors, for references that know nothing of our modules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.weights import Checkpoint, read_checkpoint

Tensors = Mapping[str, Tensor]


def conv(tensors: Tensors, name: str, x: Tensor, **form: Any) -> Tensor:
    """With whatever bias there is."""
    return F.conv2d(x, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"), **form)


def norm(tensors: Tensors, name: str, x: Tensor) -> Tensor:
    """As after training."""
    parts = (tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, *parts)


def norm_names(name: str) -> list[str]:
    """The tensors of a batch norm, in their order."""
    return [
        f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    ]


def conv_names(name: str, *, bias: bool = True) -> list[str]:
    """The tensors of a convolution."""
    return [f"{name}.weight", *([f"{name}.bias"] if bias else [])]


def renumbered(tensors: Tensors, names: list[str]) -> dict[str, Tensor]:
    """A network's tensors under a file's names, in the same order, with values as after training."""
    assert len(tensors) == len(names)
    generator = torch.Generator().manual_seed(1)
    found = {}
    for name, value in zip(names, tensors.values(), strict=True):
        if value.is_floating_point():
            drawn = torch.rand(value.shape, generator=generator)
            value = drawn + 0.5 if name.endswith("running_var") else (drawn - 0.5) / max(value.ndim, 2)
        found[name] = value
    return found


def saved(folder: Path, content: Any) -> Checkpoint:
    """As it is read from a file that PyTorch has saved."""
    path = folder / "w.pth.tar"
    torch.save(content, path)
    return read_checkpoint(path)
