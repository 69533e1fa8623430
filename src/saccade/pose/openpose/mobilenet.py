"""The parts of Lightweight OpenPose (Osokin 2018): MobileNet v1, and stages whose branches share a trunk."""

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.packing import Straight
from saccade.pose.openpose.blocks import Branch, Stage, convolution

_SEPARABLE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 1))
"""features and stride of MobileNet's convolutions until 8 pixels are a cell"""
_FURTHER = 5
"""those behind; the last of the others does not stride, as MobileNet's does, so the first of these dilates"""


def mobilenet_backbone(width: float) -> tuple[nn.Module, int]:
    """MobileNet v1 to its eleventh separable convolution, and a neck; and how many features they give."""
    return MobileNet(width), int(128 * width)


class MobileNet(nn.Module):
    """MobileNet v1 (Howard et al. 2017) that stays at 8 pixels a cell, and what narrows its features."""

    def __init__(self, width: float) -> None:
        super().__init__()
        channels = int(32 * width)
        first = nn.Conv2d(3, channels, 3, stride=2, padding=1, bias=False)
        blocks = [Straight(first, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))]
        for number, stride in _SEPARABLE:
            outputs = int(number * width)
            blocks.append(_separable(channels, outputs, stride=stride))
            channels = outputs
        blocks += [_separable(channels, channels, dilation=2 if i == 0 else 1) for i in range(_FURTHER)]
        self.body = nn.Sequential(*blocks)
        self.neck = Neck(channels, int(128 * width))

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B c h w"]:
        """Features of normalised pictures."""
        return self.neck(self.body(x))


def _separable(inputs: int, outputs: int, *, stride: int = 1, dilation: int = 1) -> Straight:
    """A convolution of each channel by itself, then one across channels."""
    return Straight(
        nn.Conv2d(inputs, inputs, 3, stride, dilation, dilation, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Neck(nn.Module):
    """Fewer features, each of which sees farther."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.align = convolution(inputs, outputs, 1)
        self.trunk = nn.Sequential(*(_plain_separable(outputs) for _ in range(3)))
        self.conv = convolution(outputs, outputs, 3)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h w"]:
        """As many cells."""
        aligned = self.align(x)
        return self.conv(aligned + self.trunk(aligned))


def _plain_separable(channels: int) -> nn.Sequential:
    """A separable convolution without norms."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.ELU(inplace=True),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.ELU(inplace=True),
    )


def first_stage(inputs: int, fields: int, heatmaps: int, width: float) -> Stage:
    """Three convolutions for both, and a wide 1 x 1 for each."""
    wide = int(512 * width)
    trunk = nn.Sequential(*(convolution(inputs, inputs, 3) for _ in range(3)))

    def branch(outputs: int) -> Branch:
        return Branch(convolution(inputs, wide, 1), wide, outputs)

    return Stage(trunk, branch(fields), branch(heatmaps))


def later_stage(inputs: int, fields: int, heatmaps: int, width: float) -> Stage:
    """Five residual blocks for both, each seeing as far as a 7 x 7 convolution, and a 1 x 1 for each."""
    hidden = int(128 * width)
    trunk = nn.Sequential(*(Refinement(hidden if i else inputs, hidden) for i in range(5)))

    def branch(outputs: int) -> Branch:
        return Branch(convolution(hidden, hidden, 1), hidden, outputs)

    return Stage(trunk, branch(fields), branch(heatmaps), ("trunk.0.initial.0",))


class Refinement(nn.Module):
    """A 1 x 1 convolution, and added to it what two 3 x 3 see, the second of them dilated."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.initial = convolution(inputs, outputs, 1)
        self.trunk = nn.Sequential(
            convolution(outputs, outputs, 3, norm=True),
            convolution(outputs, outputs, 3, dilation=2, norm=True),
        )

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h w"]:
        """As many cells."""
        initial = self.initial(x)
        return initial + self.trunk(initial)
