"""CSPDarknet, and the path aggregation network that brings its three levels together."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.detectors.yolox.blocks import SPP, Conv, CSPLayer, Focus, spatial_conv

STRIDES = (8, 16, 32)
"""pixels in a cell of each level"""
Levels = tuple[Tensor, Tensor, Tensor]
"""features at these strides"""


class CSPDarknet(nn.Module):
    """The backbone of YOLOv4 and v5, as YOLOX uses it.

    Args:
        depth: factor on the number of bottlenecks.
        width: factor on the number of channels.
    """

    def __init__(self, depth: float, width: float, *, depthwise: bool) -> None:
        super().__init__()
        channels, blocks = int(64 * width), max(round(3 * depth), 1)
        self.stem = Focus(channels)
        self.dark2 = _stage(channels, blocks, depthwise=depthwise)
        self.dark3 = _stage(2 * channels, 3 * blocks, depthwise=depthwise)
        self.dark4 = _stage(4 * channels, 3 * blocks, depthwise=depthwise)
        self.dark5 = _stage(8 * channels, blocks, depthwise=depthwise, is_last=True)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Levels:
        """Features of pictures whose sides are multiples of 32."""
        at8 = self.dark3(self.dark2(self.stem(x)))
        at16 = self.dark4(at8)
        return at8, at16, self.dark5(at16)


def _stage(inputs: int, blocks: int, *, depthwise: bool, is_last: bool = False) -> nn.Sequential:
    """Twice as many channels, half as many cells along each axis."""
    outputs = 2 * inputs
    parts: list[nn.Module] = [spatial_conv(inputs, outputs, stride=2, depthwise=depthwise)]
    if is_last:
        parts.append(SPP(outputs))
    parts.append(CSPLayer(outputs, outputs, blocks, shortcut=not is_last, depthwise=depthwise))
    return nn.Sequential(*parts)


class PAFPN(nn.Module):
    """Path aggregation network (Liu et al. 2018): levels are mixed from coarse to fine, then back.

    The backbone is a part of it, because it is in the names of the published weights.
    """

    reducible = (
        "backbone",
        "lateral_conv0",
        "C3_p4",
        "reduce_conv1",
        "C3_p3",
        "bu_conv2",
        "C3_n3",
        "bu_conv1",
        "C3_n4",
    )

    def __init__(self, depth: float, width: float, *, depthwise: bool) -> None:
        super().__init__()
        c8, c16, c32 = (int(channels * width) for channels in (256, 512, 1024))

        def mixed(inputs: int, outputs: int) -> CSPLayer:
            return CSPLayer(inputs, outputs, round(3 * depth), shortcut=False, depthwise=depthwise)

        self.backbone = CSPDarknet(depth, width, depthwise=depthwise)
        self.lateral_conv0 = Conv(c32, c16, 1)
        self.C3_p4 = mixed(2 * c16, c16)
        self.reduce_conv1 = Conv(c16, c8, 1)
        self.C3_p3 = mixed(2 * c8, c8)
        self.bu_conv2 = spatial_conv(c8, c8, stride=2, depthwise=depthwise)
        self.C3_n3 = mixed(2 * c8, c16)
        self.bu_conv1 = spatial_conv(c16, c16, stride=2, depthwise=depthwise)
        self.C3_n4 = mixed(2 * c16, c32)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Levels:
        """Features of pictures whose sides are multiples of 32, each knowing of the others."""
        at8, at16, at32 = self.backbone(x)
        down32 = self.lateral_conv0(at32)
        down16 = self.reduce_conv1(self.C3_p4(_joined(_doubled(down32), at16)))
        up8 = self.C3_p3(_joined(_doubled(down16), at8))
        up16 = self.C3_n3(_joined(self.bu_conv2(up8), down16))
        up32 = self.C3_n4(_joined(self.bu_conv1(up16), down32))
        return up8, up16, up32


def _joined(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([a, b], dim=1)


def _doubled(x: Tensor) -> Tensor:
    """Each cell four times."""
    return F.interpolate(x, scale_factor=2, mode="nearest")
