"""What is chosen for a YOLOX."""

from dataclasses import dataclass, field

from saccade.core.errors import ConfigError
from saccade.core.ranges import above_to, at_least, check_ranges, within
from saccade.data.classes import COCO
from saccade.detectors.yolox.backbone import STRIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class YOLOXNetworkConfig:
    """What the network is made of."""

    classes: tuple[str, ...] = COCO
    """names of what it tells apart"""
    depth: float = 0.33
    """factor on the number of bottlenecks; three are one"""
    width: float = 0.5
    """factor on the number of channels"""
    depthwise: bool = False
    """whether its 3 x 3 convolutions are separable"""

    def __post_init__(self) -> None:
        check_ranges("network", self, depth=above_to(0, 4), width=above_to(0, 4))
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError(
                "network.classes must be names that differ, one or more; give them as --set "
                "network.classes=cat,dog"
            )
        if (64 * self.width) % 2:
            raise ConfigError(
                f"network.width is {self.width}; 64 times it must be an even number of channels, as for "
                f"0.25, 0.375, 0.5, 0.75, 1 and 1.25"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Which points learn which box (SimOTA)."""

    radius: float = 1.5
    """half the side of the square of cells around a box's middle from which points are taken"""
    candidates: int = 10
    """points whose overlaps, added up, say how many a box is given"""
    overlap_cost: float = 3.0
    """weight of -log IoU beside the classification loss in what a point costs a box"""

    def __post_init__(self) -> None:
        check_ranges(
            "assignment", self, radius=above_to(0, 100), candidates=at_least(1), overlap_cost=at_least(0)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class YOLOXConfig:
    """Settings of a YOLOX."""

    network: YOLOXNetworkConfig = field(default_factory=YOLOXNetworkConfig)
    """the network, for weights that do not say it themselves"""
    size: int = 640
    """longer side of the picture that the network sees in pixels; a multiple of 32"""
    square: bool = True
    """whether that picture is filled up to a square, as in training; else only as far as it must be, which is
    faster and moves boxes a little"""
    threshold: float = 0.25
    """score under which a box is left out, in [0, 1]"""
    nms: float = 0.65
    """IoU from which the worse of two boxes of a class is left out, in [0, 1]"""
    max_detections: int = 100
    """boxes of a picture, at most"""
    assignment: Assignment = field(default_factory=Assignment)
    """which points learn which box"""
    box_weight: float = 5.0
    """weight of the boxes' loss"""

    def __post_init__(self) -> None:
        if not STRIDES[-1] <= self.size <= 4096 or self.size % STRIDES[-1]:
            raise ConfigError(f"size is {self.size}; it must be a multiple of {STRIDES[-1]}, such as 416")
        check_ranges(
            "settings",
            self,
            threshold=within(0, 1),
            nms=within(0, 1),
            max_detections=at_least(1),
            box_weight=at_least(0),
        )


def _preset(depth: float, width: float, *, size: int = 640, depthwise: bool = False) -> YOLOXConfig:
    return YOLOXConfig(network=YOLOXNetworkConfig(depth=depth, width=width, depthwise=depthwise), size=size)


YOLOX_NANO = _preset(0.33, 0.25, size=416, depthwise=True)
"""0.9 million parameters"""
YOLOX_TINY = _preset(0.33, 0.375, size=416)
"""5 million parameters"""
YOLOX_S = _preset(0.33, 0.5)
"""9 million parameters"""
YOLOX_M = _preset(0.67, 0.75)
"""25 million parameters"""
YOLOX_L = _preset(1.0, 1.0)
"""54 million parameters"""
YOLOX_X = _preset(1.33, 1.25)
"""99 million parameters"""
