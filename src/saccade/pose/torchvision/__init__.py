"""torchvision's Keypoint R-CNN with the face of every pose estimator."""

from saccade.pose.torchvision.build import build, make_network, plain
from saccade.pose.torchvision.config import (
    KEYPOINTRCNN_RESNET50_FPN,
    KeypointRCNNConfig,
    KeypointRCNNNetworkConfig,
)
from saccade.pose.torchvision.network import KeypointRCNNNetwork

__all__ = [
    "KEYPOINTRCNN_RESNET50_FPN",
    "KeypointRCNNConfig",
    "KeypointRCNNNetwork",
    "KeypointRCNNNetworkConfig",
    "build",
    "make_network",
    "plain",
]
