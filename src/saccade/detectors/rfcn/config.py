"""What is chosen for an R-FCN."""

from dataclasses import dataclass, field
from typing import Literal

from saccade.core.errors import ConfigError
from saccade.core.ranges import above, at_least, check_ranges, within
from saccade.data.classes import VOC


@dataclass(frozen=True, slots=True, kw_only=True)
class RFCNNetworkConfig:
    """What the network is made of."""

    classes: tuple[str, ...] = VOC
    """names of what it tells apart"""
    blocks: tuple[int, int, int, int] = (3, 4, 23, 3)
    """residual blocks of the four stages: 3,4,23,3 is ResNet-101, 3,4,6,3 ResNet-50"""
    channels: int = 1024
    """features that the maps are made from"""
    cells: int = 7
    """cells along each axis that a proposal is divided into, each with maps of its own"""
    background_boxes: bool = False
    """whether there are box maps for background too, which nothing uses, as in the code of its authors"""
    anchor_sizes: tuple[int, ...] = (64, 128, 256, 512)
    """roots of the anchors' areas in pixels of the resized picture"""
    anchor_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    """heights of the anchors by their widths"""

    def __post_init__(self) -> None:
        check_ranges(
            "network",
            self,
            blocks=at_least(1),
            channels=at_least(1),
            cells=at_least(1),
            anchor_sizes=at_least(1),
            anchor_ratios=above(0),
        )
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError(
                "network.classes must be names that differ, one or more; give them as --set "
                "network.classes=cat,dog"
            )
        if not self.anchor_sizes or not self.anchor_ratios:
            raise ConfigError("network.anchor_sizes and network.anchor_ratios must have one number or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """Boxes that may hold something, before it is asked what."""

    before_nms: int = 6000
    """that are looked at, best first"""
    number: int = 300
    """that are kept"""
    nms: float = 0.7
    """IoU from which the worse of two is left out, in [0, 1]"""

    def __post_init__(self) -> None:
        check_ranges("proposals", self, before_nms=at_least(1), number=at_least(1), nms=within(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class RFCNLearning:
    """What of a picture is learned from, and what of the network learns."""

    overlap: float = 0.5
    """IoU with a box from which a proposal learns it; all others learn background"""
    hard_proposals: int = 128
    """proposals of a picture that are learned from: those with the highest loss (OHEM)"""
    trained_layers: int = 3
    """of the backbone's first convolution and its four stages, how many learn, the last ones"""
    stored_norms: bool = True
    """whether the backbone's batch norms stay as they came; one that learns from scratch must not"""

    def __post_init__(self) -> None:
        check_ranges(
            "learning", self, overlap=within(0, 1), hard_proposals=at_least(1), trained_layers=within(0, 5)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RFCNConfig:
    """Settings of an R-FCN."""

    network: RFCNNetworkConfig = field(default_factory=RFCNNetworkConfig)
    """the network, for weights that do not say it themselves"""
    size: int = 600
    """shorter side of the picture that the network sees in pixels"""
    max_size: int = 1000
    """longer side of it, at most"""
    pooling: Literal["pool", "align"] = "pool"
    """how a map is read in a cell: the mean of the positions in it, as in the paper, or of samples between
    them"""
    samples: int = 2
    """samples of a cell along each axis, with pooling=align"""
    proposals: Proposals = field(default_factory=Proposals)
    """boxes that may hold something"""
    learning: RFCNLearning = field(default_factory=RFCNLearning)
    """what is learned"""
    threshold: float = 0.05
    """score under which a box is left out, in [0, 1]"""
    nms: float = 0.3
    """IoU from which the worse of two boxes of a class is left out, in [0, 1]"""
    max_detections: int = 100
    """boxes of a picture, at most"""

    def __post_init__(self) -> None:
        check_ranges(
            "settings",
            self,
            size=at_least(32),
            samples=at_least(1),
            threshold=within(0, 1),
            nms=within(0, 1),
            max_detections=at_least(1),
        )
        if self.max_size < self.size:
            raise ConfigError(f"max_size is {self.max_size}, less than size, which is {self.size}")


RFCN_RESNET101 = RFCNConfig()
"""the paper's"""
RFCN_RESNET50 = RFCNConfig(network=RFCNNetworkConfig(blocks=(3, 4, 6, 3)))
"""the paper's on the smaller backbone"""
