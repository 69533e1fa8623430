"""OpenPose: everybody's joints at once, and fields along limbs that say which belong together."""

from saccade.pose.openpose.build import build, make_network
from saccade.pose.openpose.config import (
    OPENPOSE,
    OPENPOSE_LIGHT,
    OpenPoseConfig,
    OpenPoseNetworkConfig,
)
from saccade.pose.openpose.network import OpenPose

__all__ = [
    "OPENPOSE",
    "OPENPOSE_LIGHT",
    "OpenPose",
    "OpenPoseConfig",
    "OpenPoseNetworkConfig",
    "build",
    "make_network",
]
