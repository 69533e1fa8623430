"""What is chosen for a detector of torchvision's."""

from dataclasses import dataclass, field
from typing import Literal

from saccade.core.errors import ConfigError
from saccade.core.ranges import at_least, check_ranges, within
from saccade.data.classes import COCO, category_ids

Architecture = Literal[
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn",
    "retinanet_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
    "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large",
]
"""what torchvision calls them"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchvisionNetworkConfig:
    """What the network is made of."""

    classes: tuple[str, ...] = COCO
    """names of what it tells apart; background is none of them"""
    architecture: Architecture = "ssdlite320_mobilenet_v3_large"
    """what torchvision calls it"""
    norm_eps: float = 1e-5
    """what is added to the variance in the batch norms of a ResNet; 0, as for the published weights of the
    first Faster R-CNN and RetinaNet, where they stay as they came; to learn from scratch, 0.00001"""

    def __post_init__(self) -> None:
        check_ranges("network", self, norm_eps=within(0, 1))
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError(
                "network.classes must be names that differ, one or more; give them as --set "
                "network.classes=cat,dog"
            )

    @property
    def outputs(self) -> tuple[int, ...]:
        """Which of the network's outputs is each class.

        Output 0 is background, also where nothing is learned for it (RetinaNet, FCOS). COCO's 80 classes keep
        their numbers, which have gaps, so that published weights fit as they are.
        """
        return category_ids(self.classes)

    @property
    def num_outputs(self) -> int:
        """How many outputs there are, background and gaps included."""
        return self.outputs[-1] + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchvisionConfig:
    """Settings of a detector of torchvision's."""

    network: TorchvisionNetworkConfig = field(default_factory=TorchvisionNetworkConfig)
    """the network, for weights that do not say it themselves"""
    size: int
    """shorter side of the picture that the network sees in pixels; both sides for SSD and SSDLite"""
    max_size: int
    """longer side of it, at most"""
    threshold: float
    """score under which a box is left out, in [0, 1]"""
    nms: float
    """IoU from which the worse of two boxes of a class is left out, in [0, 1]"""
    max_detections: int
    """boxes of a picture, at most"""

    def __post_init__(self) -> None:
        check_ranges(
            "settings",
            self,
            size=at_least(32),
            threshold=within(0, 1),
            nms=within(0, 1),
            max_detections=at_least(1),
        )
        architecture = self.network.architecture
        if self.max_size < self.size:
            raise ConfigError(f"max_size is {self.max_size}, less than size, which is {self.size}")
        if architecture.startswith("ssd") and self.max_size != self.size:
            raise ConfigError(f"{architecture} sees squares: size and max_size must be the same")
        if architecture == "ssd300_vgg16" and self.size != 300:
            raise ConfigError("ssd300_vgg16 has anchors for 300 pixels; size and max_size must be 300")


def _preset(
    architecture: Architecture,
    size: int,
    max_size: int,
    *,
    threshold: float = 0.05,
    nms: float = 0.5,
    max_detections: int = 100,
    norm_eps: float = 1e-5,
) -> TorchvisionConfig:
    return TorchvisionConfig(
        network=TorchvisionNetworkConfig(architecture=architecture, norm_eps=norm_eps),
        size=size,
        max_size=max_size,
        threshold=threshold,
        nms=nms,
        max_detections=max_detections,
    )


FASTERRCNN_RESNET50_FPN = _preset("fasterrcnn_resnet50_fpn", 800, 1333, norm_eps=0.0)
"""with the settings of its published weights, as all here"""
FASTERRCNN_RESNET50_FPN_V2 = _preset("fasterrcnn_resnet50_fpn_v2", 800, 1333)
"""trained longer, with batch norms that learned"""
FASTERRCNN_MOBILENET_V3_LARGE_FPN = _preset("fasterrcnn_mobilenet_v3_large_fpn", 800, 1333)
"""on a light backbone"""
FASTERRCNN_MOBILENET_V3_LARGE_320_FPN = _preset("fasterrcnn_mobilenet_v3_large_320_fpn", 320, 640)
"""on a light backbone and small pictures"""
RETINANET_RESNET50_FPN = _preset("retinanet_resnet50_fpn", 800, 1333, max_detections=300, norm_eps=0.0)
"""one stage, focal loss"""
RETINANET_RESNET50_FPN_V2 = _preset("retinanet_resnet50_fpn_v2", 800, 1333, max_detections=300)
"""trained longer, with a GIoU loss"""
FCOS_RESNET50_FPN = _preset("fcos_resnet50_fpn", 800, 1333, threshold=0.2, nms=0.6)
"""one stage, no anchors"""
SSD300_VGG16 = _preset("ssd300_vgg16", 300, 300, threshold=0.01, nms=0.45, max_detections=200)
"""one stage, squares of 300 pixels"""
SSDLITE320_MOBILENET_V3_LARGE = _preset(
    "ssdlite320_mobilenet_v3_large", 320, 320, threshold=0.001, nms=0.55, max_detections=300
)
"""for phones and CPUs"""
