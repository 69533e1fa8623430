"""YOLOX: an anchor-free detector that looks at a picture once, from 0.9 to 99 million parameters."""

from saccade.detectors.yolox.build import build, make_network
from saccade.detectors.yolox.config import (
    YOLOX_L,
    YOLOX_M,
    YOLOX_NANO,
    YOLOX_S,
    YOLOX_TINY,
    YOLOX_X,
    YOLOXConfig,
    YOLOXNetworkConfig,
)
from saccade.detectors.yolox.network import YOLOX

__all__ = [
    "YOLOX",
    "YOLOX_L",
    "YOLOX_M",
    "YOLOX_NANO",
    "YOLOX_S",
    "YOLOX_TINY",
    "YOLOX_X",
    "YOLOXConfig",
    "YOLOXNetworkConfig",
    "build",
    "make_network",
]
