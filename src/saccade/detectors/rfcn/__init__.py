"""R-FCN: proposals, and a vote of position-sensitive maps on what is in them."""

from saccade.detectors.rfcn.build import build, make_network
from saccade.detectors.rfcn.config import RFCN_RESNET50, RFCN_RESNET101, RFCNConfig, RFCNNetworkConfig
from saccade.detectors.rfcn.network import RFCN

__all__ = [
    "RFCN",
    "RFCN_RESNET50",
    "RFCN_RESNET101",
    "RFCNConfig",
    "RFCNNetworkConfig",
    "build",
    "make_network",
]
