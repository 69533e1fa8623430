"""The mask decoder: from an encoding in cells of 16 pixels to the score of every pixel (LWL, section 3.5).

From the deepest level of the backbone to the finest, the encoding is joined with the level's features, and
refined with what the level before made of it (Robinson et al. 2020, *Learning Fast and Robust Target Models
for Video Object Segmentation*, from where its parts come).
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from saccade.nets.convolution import WinogradConv2d, convolve_some
from saccade.nets.inference import as_precise_as
from saccade.segmenters.lwl.bicubic import enlarge, enlarge_and_convolve
from saccade.segmenters.lwl.initial import he_normal

LEVELS = {"layer4": (2048, 256), "layer3": (1024, 128), "layer2": (512, 128), "layer1": (256, 64)}
"""levels of the backbone from deep to fine: their channels, and the decoder's"""


class Decoder(nn.Module):
    """Scores pixels, for several targets that share the features of their crops.

    Parameters have the names of the original's checkpoints. What depends on the crop alone is computed once,
    however many targets are looked for in it.
    """

    reducible = ("TSE", "RRB1", "CAB", "RRB2", "proj", "project")

    def __init__(self, encoding_channels: int) -> None:
        super().__init__()
        widths = {name: width for name, (_, width) in LEVELS.items()}
        self.TSE = nn.ModuleDict(
            {name: Join(channels, width, encoding_channels) for name, (channels, width) in LEVELS.items()}
        )
        self.RRB1 = nn.ModuleDict({name: Refine(width) for name, width in widths.items()})
        self.CAB = nn.ModuleDict({name: Attend(width) for name, width in widths.items()})
        self.RRB2 = nn.ModuleDict({name: Refine(width) for name, width in widths.items()})
        names = list(LEVELS)
        self.proj = nn.ModuleDict(
            {
                finer: nn.Sequential(nn.Conv2d(widths[deeper], widths[finer], 1), nn.ReLU(inplace=True))
                for deeper, finer in pairwise(names)
            }
        )
        self.project = Project(widths[names[-1]])
        self.apply(he_normal)
        # small scores to begin with: where a sigmoid is flat, nothing is learned
        nn.init.normal_(self.project.conv2.weight, std=3e-3)

    def forward(
        self,
        encoding: Float[Tensor, "N M h w"],
        levels: Mapping[str, Tensor],
        crop_of: Integer[Tensor, " N"],
        size_hw: tuple[int, int],
    ) -> Float[Tensor, "N H W"]:
        """The score of each pixel, above 0 where the target is more likely than not.

        Args:
            levels: the backbone's features of U crops by name.
            crop_of: which of the crops each target is looked for in.
            size_hw: rows and columns of the scores.
        """
        encoding = as_precise_as(self.project, encoding)
        x = torch.empty(0)
        for name in LEVELS:
            join = cast(Join, self.TSE[name])
            features = join.reduce(as_precise_as(self.project, levels[name]))
            before = self.proj[name](x) if name in self.proj else features.mean((2, 3), keepdim=True)[crop_of]
            joined = join(features, encoding, crop_of)
            x = self.RRB2[name](self.CAB[name](self.RRB1[name](joined), before))
        return self.project(x, size_hw)


class Join(nn.Module):
    """Joins the encoding of each target with the features of its crop ("target segmentation encoder").

    The first convolution sees both, and is the sum of one that sees the features and one that sees the
    encoding: the first is the same for all targets of a crop.
    """

    def __init__(self, channels: int, width: int, encoding_channels: int) -> None:
        super().__init__()
        both = width + encoding_channels
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1)
        )
        self.transform = nn.Sequential(
            nn.Conv2d(both, both, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(both, both, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(both, width, 3, padding=1),
            nn.ReLU(inplace=True),
        )

    def forward(
        self,
        features: Float[Tensor, "U c h w"],
        encoding: Float[Tensor, "N M h2 w2"],
        crop_of: Integer[Tensor, " N"],
    ) -> Float[Tensor, "N c h w"]:
        first = cast(nn.Conv2d | WinogradConv2d, self.transform[0])
        shared = convolve_some(first, features, bias=first.bias)
        encoding = _resized(encoding, features.shape[-2:])
        x = convolve_some(first, encoding, features.shape[1]).add_(shared[crop_of])
        rest: Tensor = self.transform[1:](x)
        return rest


class Refine(nn.Module):
    """A residual block behind a convolution of its own ("refinement residual block")."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(width, width, 1)
        self.bblock = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
        )

    def forward(self, x: Float[Tensor, "N c h w"]) -> Float[Tensor, "N c h w"]:
        x = self.conv1x1(x)
        return F.relu(self.bblock(x).add_(x), inplace=True)


class Attend(nn.Module):
    """Weighs the channels of a level by what it and the one before hold ("channel attention block")."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convreluconv = nn.Sequential(
            nn.Conv2d(2 * width, width, 1), nn.ReLU(inplace=True), nn.Conv2d(width, width, 1)
        )

    def forward(
        self, x: Float[Tensor, "N c h w"], before: Float[Tensor, "N c h2 w2"]
    ) -> Float[Tensor, "N c h w"]:
        means = [each.mean((2, 3), keepdim=True) for each in (x, before)]
        gate = self.convreluconv(torch.cat(means, dim=1)).sigmoid()
        return torch.addcmul(_resized(before, x.shape[-2:]), x, gate)


class Project(nn.Module):
    """The scores of pixels from the finest level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 1, 3, padding=1)

    def forward(self, x: Float[Tensor, "N c h w"], size_hw: tuple[int, int]) -> Float[Tensor, "N H W"]:
        height, width = x.shape[-2:]
        x = F.relu(self.conv1(enlarge(x, (2 * height, 2 * width))), inplace=True)
        scores = enlarge_and_convolve(x, self.conv2.weight, size_hw).float()
        return scores + self.conv2.get_parameter("bias").float()


def _resized(x: Float[Tensor, "N c h w"], size_hw: tuple[int, int] | torch.Size) -> Tensor:
    if x.shape[-2:] == size_hw:
        return x
    return F.interpolate(x, size_hw, mode="bilinear", align_corners=False)
