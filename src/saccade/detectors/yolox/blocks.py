"""What a YOLOX is built of, under the names of the published weights."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Conv(nn.Module):
    """Convolution, batch norm, SiLU; `stride` is the only thing that changes the size."""

    def __init__(self, inputs: int, outputs: int, size: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h2 w2"]:
        """As many cells, divided by the stride."""
        return self.act(self.bn(self.conv(x)))


class SeparableConv(nn.Module):
    """A convolution of each channel by itself, then one across channels."""

    def __init__(self, inputs: int, outputs: int, size: int, *, stride: int = 1) -> None:
        super().__init__()
        self.dconv = Conv(inputs, inputs, size, stride=stride, groups=inputs)
        self.pconv = Conv(inputs, outputs, 1)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h2 w2"]:
        """As many cells, divided by the stride."""
        return self.pconv(self.dconv(x))


def spatial_conv(inputs: int, outputs: int, *, stride: int = 1, depthwise: bool) -> nn.Module:
    """A 3 x 3 convolution, whole or separable."""
    return (SeparableConv if depthwise else Conv)(inputs, outputs, 3, stride=stride)


class Bottleneck(nn.Module):
    """A 1 x 1 and a 3 x 3 convolution, added to what comes in if there is a shortcut."""

    def __init__(self, channels: int, *, shortcut: bool, depthwise: bool) -> None:
        super().__init__()
        self.conv1 = Conv(channels, channels, 1)
        self.conv2 = spatial_conv(channels, channels, depthwise=depthwise)
        self.shortcut = shortcut

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B c h w"]:
        """The same number of channels and cells."""
        y = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class CSPLayer(nn.Module):
    """Cross-stage partial layer (Wang et al. 2020): half of the channels go through the bottlenecks."""

    def __init__(self, inputs: int, outputs: int, depth: int, *, shortcut: bool, depthwise: bool) -> None:
        super().__init__()
        hidden = outputs // 2
        self.conv1 = Conv(inputs, hidden, 1)
        self.conv2 = Conv(inputs, hidden, 1)
        self.conv3 = Conv(2 * hidden, outputs, 1)
        self.m = nn.Sequential(
            *(Bottleneck(hidden, shortcut=shortcut, depthwise=depthwise) for _ in range(depth))
        )

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h w"]:
        """The same number of cells."""
        return self.conv3(torch.cat([self.m(self.conv1(x)), self.conv2(x)], dim=1))


class SPP(nn.Module):
    """Spatial pyramid pooling (He et al. 2015): each cell, and what is largest in 5, 9 and 13 around it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 2
        self.conv1 = Conv(channels, hidden, 1)
        self.pool = nn.MaxPool2d(5, stride=1, padding=2)
        self.conv2 = Conv(4 * hidden, channels, 1)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B c h w"]:
        """The same number of channels and cells."""
        within1 = self.conv1(x)
        within5 = self.pool(within1)
        within9 = self.pool(within5)  # the maximum of maxima: 5 cells around each of 5
        return self.conv2(torch.cat([within1, within5, within9, self.pool(within9)], dim=1))


class Focus(nn.Module):
    """Four neighbouring pixels as the channels of one cell, then a 3 x 3 convolution."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = Conv(12, outputs, 3)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B o h w"]:
        """Half as many cells as pixels along each axis."""
        corners = [x[..., i::2, j::2] for j in (0, 1) for i in (0, 1)]
        return self.conv(torch.cat(corners, dim=1))
