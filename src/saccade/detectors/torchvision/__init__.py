"""torchvision's detectors as they are, with one face."""

from saccade.detectors.torchvision.build import build, make_network, plain
from saccade.detectors.torchvision.config import (
    FASTERRCNN_MOBILENET_V3_LARGE_320_FPN,
    FASTERRCNN_MOBILENET_V3_LARGE_FPN,
    FASTERRCNN_RESNET50_FPN,
    FASTERRCNN_RESNET50_FPN_V2,
    FCOS_RESNET50_FPN,
    RETINANET_RESNET50_FPN,
    RETINANET_RESNET50_FPN_V2,
    SSD300_VGG16,
    SSDLITE320_MOBILENET_V3_LARGE,
    TorchvisionConfig,
    TorchvisionNetworkConfig,
)

__all__ = [
    "FASTERRCNN_MOBILENET_V3_LARGE_320_FPN",
    "FASTERRCNN_MOBILENET_V3_LARGE_FPN",
    "FASTERRCNN_RESNET50_FPN",
    "FASTERRCNN_RESNET50_FPN_V2",
    "FCOS_RESNET50_FPN",
    "RETINANET_RESNET50_FPN",
    "RETINANET_RESNET50_FPN_V2",
    "SSD300_VGG16",
    "SSDLITE320_MOBILENET_V3_LARGE",
    "TorchvisionConfig",
    "TorchvisionNetworkConfig",
    "build",
    "make_network",
    "plain",
]
