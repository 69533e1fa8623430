"""What is chosen for Keypoint R-CNN."""

from dataclasses import dataclass, field

from saccade.core import COCO_17, Skeleton
from saccade.core.errors import ConfigError
from saccade.core.ranges import at_least, check_ranges, within


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointRCNNNetworkConfig:
    """What the network is made of."""

    skeleton: Skeleton = COCO_17
    """the key points that it knows"""
    norm_eps: float = 0.0
    """what is added to the variance in the backbone's batch norms; with 0, as for the published weights, they
    stay as they came; to learn from scratch, 0.00001"""

    def __post_init__(self) -> None:
        check_ranges("network", self, norm_eps=within(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointRCNNConfig:
    """Settings of Keypoint R-CNN."""

    network: KeypointRCNNNetworkConfig = field(default_factory=KeypointRCNNNetworkConfig)
    """the network, for weights that do not say it themselves"""
    size: int = 800
    """shorter side of the picture that the network sees in pixels"""
    max_size: int = 1333
    """longer side of it, at most"""
    threshold: float = 0.05
    """score under which a person is left out, in [0, 1]"""
    nms: float = 0.5
    """IoU from which the worse of two boxes is left out, in [0, 1]"""
    max_detections: int = 100
    """people in a picture, at most"""

    def __post_init__(self) -> None:
        check_ranges(
            "settings",
            self,
            size=at_least(32),
            threshold=within(0, 1),
            nms=within(0, 1),
            max_detections=at_least(1),
        )
        if self.max_size < self.size:
            raise ConfigError(f"max_size is {self.max_size}, less than size, which is {self.size}")


KEYPOINTRCNN_RESNET50_FPN = KeypointRCNNConfig()
"""with the settings of its published weights"""
