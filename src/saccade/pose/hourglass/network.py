"""The stacked hourglass: several small encoders and decoders, each of which corrects the one before it."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.inference import as_precise_as
from saccade.nets.packing import Straight
from saccade.nets.preprocessing import prepared
from saccade.pose.hourglass.config import HourglassNetworkConfig


class Residual(nn.Module):
    """A bottleneck (He et al. 2016, Identity Mappings) that norms before each of its convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = outputs // 2
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, middle, 1)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, padding=1)
        self.bn3 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, outputs, 1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h w"]:
        """As many cells."""
        y = self.conv1(self.bn1(x).relu())
        y = self.conv2(self.bn2(y).relu())
        y = self.conv3(self.bn3(y).relu())
        return y + self.skip(x)


def _residuals(inputs: int, outputs: int, count: int) -> nn.Sequential:
    widths = [inputs] + [outputs] * count
    return nn.Sequential(*(Residual(*pair) for pair in pairwise(widths)))


class Hourglass(nn.Module):
    """What is seen at a size, and added to it what is seen at all smaller ones (the paper's figure 3).

    Args:
        order: how often the cells are halved along each axis, which must go.
    """

    def __init__(self, order: int, features: int, residuals: int) -> None:
        super().__init__()
        self.beside = _residuals(features, features, residuals)
        self.down = _residuals(features, features, residuals)
        self.inner = (
            Hourglass(order - 1, features, residuals)
            if order > 1
            else _residuals(features, features, residuals)
        )
        self.up = _residuals(features, features, residuals)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B c h w"]:
        """As many cells."""
        smaller = self.up(self.inner(self.down(F.max_pool2d(x, 2))))
        return self.beside(x) + F.interpolate(smaller, scale_factor=2, mode="nearest")


class Stem(nn.Module):
    """From pictures to features of 4 pixels a cell."""

    def __init__(self, made: HourglassNetworkConfig) -> None:
        super().__init__()
        first, second = made.stem
        self.conv1 = nn.Conv2d(3, first // 2, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(first // 2)
        self.layer1 = _residuals(first // 2, first, made.residuals)
        self.layer2 = _residuals(first, second, made.residuals)
        self.layer3 = _residuals(second, made.features, made.residuals)

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B c h w"]:
        """Features of normalised pictures."""
        x = self.layer1(self.bn1(self.conv1(x)).relu())
        return self.layer3(self.layer2(F.max_pool2d(x, 2)))


class Stack(nn.Module):
    """An hourglass, the heat maps that it gives, and the way back to features for the next one."""

    reducible = ("hourglass", "residuals", "features", "from_features", "from_heatmaps")

    def __init__(self, made: HourglassNetworkConfig, *, is_last: bool) -> None:
        super().__init__()
        width, joints = made.features, len(made.skeleton)
        self.hourglass = Hourglass(made.order, width, made.residuals)
        self.residuals = _residuals(width, width, made.residuals)
        self.features = Straight(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.heatmaps = nn.Conv2d(width, joints, 1)
        self.is_last = is_last
        self.from_features = nn.Identity() if is_last else nn.Conv2d(width, width, 1)
        self.from_heatmaps = nn.Identity() if is_last else nn.Conv2d(joints, width, 1)

    def forward(
        self, x: Float[Tensor, "B c h w"]
    ) -> tuple[Float[Tensor, "B c h w"], Float[Tensor, "B K h w"]]:
        """What the next stack is given, and the heat maps."""
        features = self.features(self.residuals(self.hourglass(x)))
        heatmaps = self.heatmaps(as_precise_as(self.heatmaps, features))
        if self.is_last:
            return x, heatmaps
        found = self.from_heatmaps(as_precise_as(self.from_heatmaps, heatmaps))
        return x + self.from_features(features) + found, heatmaps


class StackedHourglass(nn.Module):
    """Stacked Hourglass Networks (Newell, Yang and Deng 2016).

    Attributes:
        joint_parts: names of the parts that are made for a number of key points.
        reducible: see `nets.inference.Reducible`; the heat maps themselves stay float32.
    """

    reducible = ("stem",)

    def __init__(self, made: HourglassNetworkConfig) -> None:
        super().__init__()
        self.wanted = made.preprocessing
        self.stem = Stem(made)
        last = made.stacks - 1
        self.stacks = nn.ModuleList(Stack(made, is_last=i == last) for i in range(made.stacks))
        self.joint_parts = tuple(
            f"stacks.{i}.{part}" for i in range(made.stacks) for part in ("heatmaps", "from_heatmaps")
        )

    def forward(self, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B S K h w"]:
        """The heat maps of each stack, the last of which are the answer; all of them learn.

        Args:
            pictures: RGB crops with values from 0 to 1; sides are multiples of 4 x 2^order.
        """
        x = self.stem(as_precise_as(self.stem, prepared(pictures, self.wanted)))
        found = []
        for stack in self.stacks:
            x, heatmaps = stack(x)
            found.append(heatmaps)
        return torch.stack(found, dim=1)
