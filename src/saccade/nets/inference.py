"""Making a trained network ready to be run: the same function, faster; all that precision means is here."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from saccade.nets.convolution import WinogradConv2d

M = TypeVar("M", bound=nn.Module)


@runtime_checkable
class Reducible(Protocol):
    """A module that names those of its children for which bfloat16 is precise enough.

    They are the convolutions that take the time of a frame. What is learned online, or climbed along a
    gradient, is not among them.
    """

    reducible: tuple[str, ...]


@runtime_checkable
class Preparable(Protocol):
    """A module that works in a way of its own once all else about a network made ready is settled."""

    def prepare(self) -> None:
        """Lay out what that needs."""
        ...


def for_inference(network: M, *, device: torch.device | str = "cpu", precision: str = "float32") -> M:
    """Return a copy of a network for inference on a device.

    It is in eval mode and without gradients, its batch norms are folded into the layers before them, and its
    convolutions lie channels-last in memory. The original keeps its parameters and their names.

    Args:
        precision: "float32", or "auto": bfloat16 for the parts that are `Reducible`, if the device computes
            with it in hardware. These parts take and return either kind; all others take and return float32.
    """
    device = torch.device(device)
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(copied.modules()):
        _fold_batch_norms(module)
    copied.to(device)
    copied.to(memory_format=torch.channels_last)
    if precision == "auto" and has_bfloat16(device):
        _reduce(copied)
    if device.type == "cpu":
        _multiply_less(copied)
    for module in copied.modules():
        if isinstance(module, Preparable):
            module.prepare()
    return copied


def has_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies matrices of bfloat16 faster than those of float32.

    That is so on NVIDIA's GPUs from Ampere on, and on CPUs with AMX-BF16 or AVX512-BF16.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        has_instructions = capabilities.get("amx_bf16", False) or capabilities.get("avx512_bf16", False)
        return has_instructions and torch.backends.mkldnn.is_available()
    return False


def as_precise_as(part: nn.Module, features: Tensor) -> Tensor:
    """Features in the number format that a part of a network, reduced or not, computes in."""
    return features.to(next(part.parameters()).dtype)


@contextmanager
def exact_float32() -> Iterator[None]:
    """Inside, float32 on NVIDIA's GPUs means float32.

    By PyTorch's default, convolutions round their factors to TF32 there, to 10 bits.
    """
    backends = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
    before = [backend.fp32_precision for backend in backends]
    for backend in backends:
        backend.fp32_precision = "ieee"
    try:
        yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision


def _fold_batch_norms(parent: nn.Module) -> None:
    """Fold the batch norms among the children of a module into the layers right before them.

    In every network of ours, children registered one after the other run one after the other: `conv1, bn1`
    of a residual block, positions 0 and 1 of a sequence.
    """
    for (name, layer), (following, norm) in pairwise(list(parent.named_children())):
        if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(parent, name, fuse_conv_bn_eval(layer, norm))
        elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
            setattr(parent, name, fuse_linear_bn_eval(layer, norm))
        else:
            continue
        setattr(parent, following, nn.Identity())


def _reduce(network: nn.Module) -> None:
    """Let the parts that allow it compute in bfloat16."""
    for module in network.modules():
        if isinstance(module, Reducible):
            for name in module.reducible:
                module.get_submodule(name).to(torch.bfloat16)


def _multiply_less(network: nn.Module) -> None:
    """Let Winograd's filtering compute the float32 convolutions that it suits."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and WinogradConv2d.suits(layer):
                setattr(parent, name, WinogradConv2d(layer))
