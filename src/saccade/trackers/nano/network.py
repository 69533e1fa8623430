"""The small network: two million parameters, and the shares of what is put beside its features."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from saccade.nets.inference import as_precise_as
from saccade.trackers.nano.appearance import Cues, balanced, unit_energy

MEAN, STD = 117.0, 60.0
"""of the pictures that it wants to see, in each of the colours"""
STRIDE = 8
"""crop pixels in a cell of its features"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoNetConfig:
    """What the network is made of."""

    widths: tuple[int, int, int, int] = (32, 64, 128, 192)
    """channels at strides 2, 4, 8 and 16"""
    blocks: tuple[int, int, int] = (1, 1, 2)
    """residual blocks at strides 4, 8 and 16"""
    channels: int = 64
    """learned channels of the features"""


class NanoNet(nn.Module):
    """Learned features of 8 pixels a cell, beside hand-crafted ones, for a filter that is learned online.

    Attributes:
        log_shares: logarithms of the root of the energies that learned features, gradients, colours and
            brightness have in a cell; learned too.
        log_reg: logarithm of the weight of |f|^2 in training.
    """

    reducible = ("stem", "stage4", "stage8", "stage16", "lateral", "head")

    def __init__(self, config: NanoNetConfig) -> None:
        super().__init__()
        self.config = config
        at2, at4, at8, at16 = config.widths
        self.stem = _down(3, at2)
        self.stage4 = _stage(at2, at4, config.blocks[0])
        self.stage8 = _stage(at4, at8, config.blocks[1])
        self.stage16 = _stage(at8, at16, config.blocks[2])
        self.lateral = nn.Conv2d(at16, at8, 1)
        self.head = nn.Conv2d(at4 + at8, config.channels, 3, padding=1)
        self.log_shares = nn.Parameter(torch.tensor([1.0, 0.8, 0.5, 0.25]).log())
        self.log_reg = nn.Parameter(torch.tensor(0.1).log())

    def learned(self, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C h w"]:
        """The learned features of normalised pictures, of unit energy in a cell, in float32."""
        at4 = self.stage4(self.stem(as_precise_as(self.stem, pictures)))
        at8 = self.stage8(at4)
        context = self.lateral(self.stage16(at8))
        context = F.interpolate(context, at8.shape[-2:], mode="bilinear", align_corners=False)
        features = self.head(torch.cat([F.relu(at8 + context), F.avg_pool2d(at4, 2)], dim=1))
        return unit_energy(features.float())

    def features(self, crops: UInt8[Tensor, "B H W 3"], cues: Cues) -> Float[Tensor, "B c h8 w8"]:
        """Learned and hand-crafted features of crops, each with its share.

        Args:
            cues: of these crops.
        """
        pictures = normalise(crops).contiguous(memory_format=torch.channels_last)
        parts = [self.learned(pictures), *balanced(cues, STRIDE)]
        return torch.cat([part * share for part, share in zip(parts, self.log_shares.exp(), strict=True)], 1)


def normalise(crops: UInt8[Tensor, "B H W 3"]) -> Float[Tensor, "B 3 H W"]:
    """Crops as the network wants to see them."""
    return (crops.permute(0, 3, 1, 2).float() - MEAN) / STD


class Block(nn.Module):
    """A residual block; it begins as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The same number of channels and cells."""
        change = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(x + change)


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(_down(inputs, outputs), *(Block(outputs) for _ in range(blocks)))


def _down(inputs: int, outputs: int) -> nn.Sequential:
    """Half as many cells along each axis."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
