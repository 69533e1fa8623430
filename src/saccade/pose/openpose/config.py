"""What is chosen for an OpenPose."""

from dataclasses import dataclass, field
from typing import Literal

from saccade.core import COCO_18, Skeleton
from saccade.core.errors import ConfigError
from saccade.core.ranges import above_to, check_ranges, within
from saccade.pose.config import BottomUpConfig
from saccade.weights.preprocessing import BGR_HALVES, Preprocessing

Backbone = Literal["vgg19", "mobilenet_v1"]
MAX_STAGES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoseNetworkConfig:
    """What the network is made of."""

    skeleton: Skeleton = COCO_18
    """the key points and the limbs that it knows"""
    backbone: Backbone = "vgg19"
    """what sees; it also says what the stages are made of"""
    stages: int = 6
    """times that it looks, each time at what it has found before"""
    width: float = 1.0
    """factor on the number of channels"""
    preprocessing: Preprocessing = BGR_HALVES
    """what it sees; all published weights were trained on BGR from -0.5 to 0.5"""

    def __post_init__(self) -> None:
        check_ranges("network", self, stages=within(1, MAX_STAGES), width=above_to(0, 4))
        if not self.skeleton.limb_indices:
            raise ConfigError(
                f"network.skeleton '{self.skeleton.name}' has no limbs, of which people are put together; "
                f"give it edges or limbs"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoseConfig(BottomUpConfig):
    """Settings of an OpenPose."""

    network: OpenPoseNetworkConfig = field(default_factory=OpenPoseNetworkConfig)
    """the network, for weights that do not say it themselves"""


OPENPOSE = OpenPoseConfig()
"""52 million parameters, as in the paper of 2017"""
OPENPOSE_LIGHT = OpenPoseConfig(
    network=OpenPoseNetworkConfig(backbone="mobilenet_v1", stages=2), size=256, penalises_length=False
)
"""4 million parameters, for CPUs"""
