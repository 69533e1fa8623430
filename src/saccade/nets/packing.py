"""bfloat16 on a CPU without what PyTorch does at each call beside computing, by oneDNN's own operations.

A plain convolution brings its weights into the order that is computed with, anew each time. Where weights
are many and cells few, as in the last stage of a ResNet, that takes longer than what they are for: from 2048
to 512 channels on 8 x 6 cells took 0.6 ms in place of 2.0 ms on one core. ReLUs and additions behind a
convolution take a pass over its outputs each, which it can do as it writes them.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

_onednn: Any = torch.ops.mkldnn


class Straight(nn.Sequential):
    """Layers of which none is ever run without those before and behind it, so that they may become one."""


class _Packed(nn.Module):
    """A layer whose weights also lie as oneDNN computes with them.

    Which order is best depends on the size of what comes in: it is that for the last one, which a video does
    not change.

    Attributes:
        activation: what is done to outputs as they are written: "none" or "relu".
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Module) -> None:
        """Takes over all that a layer consists of."""
        nn.Module.__init__(self)
        self.__dict__.update(layer.__dict__)
        self.activation = "none"
        self._packed: tuple[torch.Size, Tensor] | None = None

    def _pack(self, x: Tensor, reorder: Callable[..., Tensor], form: tuple[Any, ...]) -> Tensor:
        """The weights as they are computed with for such an input."""
        last = self._packed  # read once: several threads may share a network
        if last is None or last[0] != x.shape:
            last = self._packed = x.shape, reorder(self.weight.detach(), *form, list(x.shape))
        return last[1]

    def __getstate__(self) -> dict[str, Any]:
        """All but what can be made of it again, and cannot be written."""
        return {**self.__dict__, "_packed": None}


class PackedConv2d(_Packed, nn.Conv2d):
    """A convolution with packed weights."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h2 w2"]:
        if not len(x):
            return super().forward(x)
        x, packed, form = self._ready(x)
        found: Tensor = _onednn._convolution_pointwise(x, packed, self.bias, *form, self.activation, [], "")
        return found

    def add_relu(
        self, x: Float[Tensor, "b c h w"], other: Float[Tensor, "b o h2 w2"]
    ) -> Float[Tensor, "b o h2 w2"]:
        """relu(other + what the convolution gives)."""
        if not len(x):
            return other
        x, packed, form = self._ready(x)
        found: Tensor = _onednn._convolution_pointwise.binary(
            x, other, packed, self.bias, *form, "add", None, "relu", [], ""
        )
        return found

    def _ready(self, x: Tensor) -> tuple[Tensor, Tensor, tuple[Any, ...]]:
        form = (list(self.padding), list(self.stride), list(self.dilation), self.groups)
        packed = self._pack(x, _onednn._reorder_convolution_weight, form)
        # else what comes out would not lie so, from here on
        return x.contiguous(memory_format=torch.channels_last), packed, form


class PackedConvTranspose2d(_Packed, nn.ConvTranspose2d):
    """A transposed convolution with packed weights."""

    def forward(
        self, x: Float[Tensor, "b c h w"], output_size: list[int] | None = None
    ) -> Float[Tensor, "b o h2 w2"]:
        if not len(x) or output_size is not None:
            return super().forward(x, output_size)
        sides = (self.padding, self.output_padding, self.stride, self.dilation)
        form = (*(list(cast(tuple[int, int], side)) for side in sides), self.groups)
        packed = self._pack(x, _onednn._reorder_convolution_transpose_weight, form)
        x = x.contiguous(memory_format=torch.channels_last)
        found: Tensor = _onednn._convolution_transpose_pointwise(
            x, packed, self.bias, *form, self.activation, [], ""
        )
        return found


class PackedResidual(nn.Module):
    """A residual block of torchvision's, of packed convolutions whose norms are folded into them."""

    def __init__(self, block: BasicBlock | Bottleneck) -> None:
        super().__init__()
        self.body = nn.ModuleList(_convolutions(block))
        self.shortcut = nn.Identity() if block.downsample is None else block.downsample
        for layer in self.body[:-1]:
            cast(PackedConv2d, layer).activation = "relu"

    @staticmethod
    def suits(block: nn.Module) -> bool:
        """Whether it can stand in for a module."""
        if type(block) not in (BasicBlock, Bottleneck):
            return False
        has_norms = any(isinstance(part, nn.BatchNorm2d) for part in block.modules())
        return not has_norms and all(isinstance(layer, PackedConv2d) for layer in _convolutions(block))

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h2 w2"]:
        *first, last = self.body
        shortcut = self.shortcut(x)
        for layer in first:
            x = layer(x)
        return cast(PackedConv2d, last).add_relu(x, shortcut)


def _convolutions(block: nn.Module) -> list[nn.Module]:
    names = ("conv1", "conv2", "conv3") if isinstance(block, Bottleneck) else ("conv1", "conv2")
    return [block.get_submodule(name) for name in names]


def pack(network: nn.Module) -> None:
    """Lets packed layers stand in for those of a network, on the CPU, that compute in bfloat16."""
    if not hasattr(_onednn, "_convolution_pointwise") or not _onednn._is_mkldnn_bf16_supported():
        return
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and _is_plain(layer):
                kind = PackedConv2d if isinstance(layer, nn.Conv2d) else PackedConvTranspose2d
                setattr(parent, name, kind(layer))
    for parent in list(network.modules()):
        if isinstance(parent, Straight):
            _join_activations(parent)
        for name, block in list(parent.named_children()):
            if PackedResidual.suits(block):
                setattr(parent, name, PackedResidual(cast(BasicBlock | Bottleneck, block)))


def _is_plain(layer: nn.Conv2d | nn.ConvTranspose2d) -> bool:
    is_plain = type(layer) in (nn.Conv2d, nn.ConvTranspose2d) and layer.padding_mode == "zeros"
    return is_plain and not isinstance(layer.padding, str) and layer.weight.dtype == torch.bfloat16


def _join_activations(layers: Straight) -> None:
    """Lets convolutions do the ReLUs behind them."""
    rest = [(name, layer) for name, layer in layers.named_children() if not isinstance(layer, nn.Identity)]
    for (_, layer), (name, following) in pairwise(rest):
        if isinstance(layer, _Packed) and type(following) is nn.ReLU:
            layer.activation = "relu"
            setattr(layers, name, nn.Identity())
