"""Making a trained network ready to be run: the same function, faster; all that precision means is here."""

import copy
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import pairwise
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from saccade.nets.convolution import WinogradConv2d
from saccade.nets.packing import pack

M = TypeVar("M", bound=nn.Module)


@runtime_checkable
class Reducible(Protocol):
    """A module that names those of its children for which bfloat16 is precise enough.

    They are the convolutions that take the time of a frame. What is learned online, or climbed along a
    gradient, is not among them.
    """

    reducible: tuple[str, ...]


@runtime_checkable
class Sparing(Protocol):
    """A module that names the parts below it that it never runs: checkpoints have them, so it must too."""

    never_run: tuple[str, ...]


@runtime_checkable
class Preparable(Protocol):
    """A module that works in a way of its own once all else about a network made ready is settled."""

    def prepare(self) -> None:
        """Lay out what that needs."""
        ...


def for_inference(network: M, *, device: torch.device | str = "cpu", precision: str = "float32") -> M:
    """Return a copy of a network for inference on a device.

    It is in eval mode and without gradients, its batch norms are folded into the layers before them, and its
    convolutions lie channels-last in memory. Parts that a `Sparing` module never runs are not copied. The
    original keeps its parameters and their names.

    Args:
        precision: "float32", or "auto": bfloat16 for the parts that are `Reducible`, if the device computes
            with it in hardware. These parts take and return either kind; all others take and return float32.
    """
    device = torch.device(device)
    copied = folded(network).to(device)
    copied.to(memory_format=torch.channels_last)
    if precision == "auto" and has_bfloat16(device):
        _reduce(copied)
    if device.type == "cpu":
        _multiply_less(copied)
        pack(copied)
    for module in copied.modules():
        if isinstance(module, Preparable):
            module.prepare()
    return copied


def folded(network: M, *, folds: bool = True) -> M:
    """Return a copy of a network in eval mode, without gradients or anything a runtime would have to know.

    Its batch norms are folded into the layers before them, unless `folds` says otherwise, and parts that a
    `Sparing` module never runs are left out.
    """
    copied = copy.deepcopy(network, _left_out(network)).eval().requires_grad_(False)
    for module in list(copied.modules()) if folds else ():
        _fold_batch_norms(module)
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


class _ExactFloat32:
    """A choice that all threads share: the first to come in makes it, the last to leave takes it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._inside:
                self._choose()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._before.close()

    def _choose(self) -> None:
        with ExitStack() as undone:  # also where one can be set and the other cannot
            for backend in (torch.backends.cudnn.conv, torch.backends.cuda.matmul):  # type: ignore[attr-defined]
                undone.callback(setattr, backend, "fp32_precision", backend.fp32_precision)
                backend.fp32_precision = "ieee"
            self._before = undone.pop_all()


_exact_float32 = _ExactFloat32()


def exact_float32() -> AbstractContextManager[None]:
    """Inside, float32 on NVIDIA's GPUs means float32.

    By PyTorch's default, convolutions round their factors to TF32 there, to 10 bits. The choice holds for the
    whole process; where several threads are inside, it holds until the last one leaves.
    """
    return _exact_float32()


class LeftOut(nn.Module):
    """Stands where a part was that is never run."""

    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError(
            "this part was said to be never run, and so was left out of the copy for inference"
        )


def _left_out(network: nn.Module) -> dict[int, Any]:
    """What `copy.deepcopy` is told to put in the place of parts, by their ids."""
    sparing = [module for module in network.modules() if isinstance(module, Sparing)]
    return {id(module.get_submodule(name)): LeftOut() for module in sparing for name in module.never_run}


def _fold_batch_norms(parent: nn.Module) -> None:
    """Fold the batch norms among the children of a module into the layers right before them.

    In every network of ours, children registered one after the other run one after the other: `conv1, bn1`
    of a residual block, positions 0 and 1 of a sequence.
    """
    for (name, layer), (following, norm) in pairwise(list(parent.named_children())):
        # not of a class of their own: other libraries have batch norms that do more
        if isinstance(layer, nn.Conv2d) and type(norm) is nn.BatchNorm2d:
            setattr(parent, name, fuse_conv_bn_eval(layer, norm))
        elif isinstance(layer, nn.ConvTranspose2d) and type(norm) is nn.BatchNorm2d and layer.groups == 1:
            setattr(parent, name, fuse_conv_bn_eval(layer, norm, transpose=True))
        elif isinstance(layer, nn.Linear) and type(norm) is nn.BatchNorm1d:
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
