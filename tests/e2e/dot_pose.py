"""Pose models for tests: joints are dots of four colours, and that is all that they know."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core.skeleton import Skeleton
from saccade.pose.config import TopDownConfig
from saccade.pose.model import TopDown

POINTS = ("middle", "top", "left", "right")
COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
CROSS = Skeleton(
    name="cross",
    points=POINTS,
    edges=(("middle", "top"), ("middle", "left"), ("middle", "right")),
    pairs=(("left", "right"),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DotNetworkConfig:
    """What the model knows."""

    skeleton: Skeleton = CROSS


@dataclass(frozen=True, slots=True, kw_only=True)
class DotConfig(TopDownConfig):
    """Settings of the model."""

    network: DotNetworkConfig = field(default_factory=DotNetworkConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderConfig:
    """Settings of the model that finds people by itself."""

    network: DotNetworkConfig = field(default_factory=DotNetworkConfig)


DOTS = DotConfig(size=(64, 64), flip_test=False, decode="dark", first_cell=1.5)
FINDER = FinderConfig()


class DotNetwork(nn.Module):
    """How much of each colour there is, in cells of 4 x 4 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.colors = nn.Parameter(torch.tensor(COLORS) / 255.0)

    def forward(self, pictures: Tensor) -> Tensor:
        distance = (pictures[:, None] - self.colors[None, :, :, None, None]).abs().sum(2)
        return nn.functional.avg_pool2d((1 - distance).clamp(min=0), 4)[:, None]


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds people by itself, or would, were it ever asked."""

    name: str
    config: FinderConfig

    def start(self, *, seed: int = 0) -> Any:
        raise NotImplementedError


def build(name: str, config: Any, *, weights: Any, device: Any, precision: str) -> Any:
    """The model; it has learned nothing."""
    if isinstance(config, FinderConfig):
        return Finder(name, config)
    return TopDown.of(name, config, DotNetwork(), device=device, precision=precision)
