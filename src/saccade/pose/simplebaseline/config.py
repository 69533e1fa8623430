"""What is chosen for a SimpleBaseline."""

from dataclasses import dataclass, field
from typing import Literal

from saccade.core import COCO_17, MPII_16, Skeleton
from saccade.core.ranges import at_least, check_ranges, within
from saccade.pose.config import TopDownConfig
from saccade.weights.preprocessing import BGR_LESS_RGB, Preprocessing

Backbone = Literal["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleBaselineNetworkConfig:
    """What the network is made of."""

    skeleton: Skeleton = COCO_17
    """the key points that it knows"""
    backbone: Backbone = "resnet50"
    """what sees"""
    upsamplings: int = 3
    """transposed convolutions, each of which doubles the cells along each axis: three make 4 pixels a cell"""
    channels: int = 256
    """features of each of them"""
    preprocessing: Preprocessing = BGR_LESS_RGB
    """what it sees; the published weights were trained on BGR less the mean of RGB, in that order"""

    def __post_init__(self) -> None:
        check_ranges("network", self, upsamplings=within(1, 5), channels=at_least(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleBaselineConfig(TopDownConfig):
    """Settings of a SimpleBaseline."""

    network: SimpleBaselineNetworkConfig = field(default_factory=SimpleBaselineNetworkConfig)
    """the network, for weights that do not say it themselves"""


def _preset(
    backbone: Backbone, size: tuple[int, int], skeleton: Skeleton = COCO_17, *, blur: float = 2.0
) -> SimpleBaselineConfig:
    return SimpleBaselineConfig(
        network=SimpleBaselineNetworkConfig(backbone=backbone, skeleton=skeleton),
        size=size,
        blur=blur,
        shifts_flipped=True,
    )


SIMPLEBASELINE_RESNET18 = _preset("resnet18", (192, 256))
"""15 million parameters; nobody has published weights for it"""
SIMPLEBASELINE_RESNET50 = _preset("resnet50", (192, 256))
"""34 million parameters"""
SIMPLEBASELINE_RESNET101 = _preset("resnet101", (192, 256))
"""53 million parameters"""
SIMPLEBASELINE_RESNET152 = _preset("resnet152", (192, 256))
"""69 million parameters"""
SIMPLEBASELINE_RESNET50_384X288 = _preset("resnet50", (288, 384), blur=3.0)
"""on larger crops, as those below"""
SIMPLEBASELINE_RESNET101_384X288 = _preset("resnet101", (288, 384), blur=3.0)
SIMPLEBASELINE_RESNET152_384X288 = _preset("resnet152", (288, 384), blur=3.0)
SIMPLEBASELINE_RESNET50_MPII = _preset("resnet50", (256, 256), MPII_16)
"""MPII's joints in squares, as those below"""
SIMPLEBASELINE_RESNET101_MPII = _preset("resnet101", (256, 256), MPII_16)
SIMPLEBASELINE_RESNET152_MPII = _preset("resnet152", (256, 256), MPII_16)
