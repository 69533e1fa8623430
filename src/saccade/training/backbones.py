"""Backbones of networks for which torchvision has ImageNet weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn
from torchvision.models import (
    MobileNet_V3_Large_Weights,
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    VGG16_Weights,
    WeightsEnum,
    get_model_weights,
)
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.ssd import SSDFeatureExtractorVGG
from torchvision.models.detection.ssdlite import SSDLiteFeatureExtractorMobileNet
from torchvision.models.resnet import BasicBlock

from saccade.nets.resnet import ResNetFeatures

_RESNETS: dict[tuple[int, ...], WeightsEnum] = {
    (2, 2, 2, 2): ResNet18_Weights.IMAGENET1K_V1,
    (3, 4, 6, 3): ResNet50_Weights.IMAGENET1K_V1,
    (3, 4, 23, 3): ResNet101_Weights.IMAGENET1K_V1,
    (3, 8, 36, 3): ResNet152_Weights.IMAGENET1K_V1,
}
"""by how many blocks the four stages have; ResNet-34 has as many as ResNet-50, but smaller ones"""
_STAGES = ("layer1", "layer2", "layer3", "layer4")
_PARTS = ("features", "extra")
"""of SSD's backbones, the first of which is wholly torchvision's"""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A part of a network, and the weights for it.

    Attributes:
        path: where it is in the network.
        address: of the weights.
    """

    path: str
    address: str

    def taken(self, network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Which tensors of a weight file belong to which of the part's: both have them in the same order.

        What stands behind the first that does not fit is of another network: a classifier, or a head.
        """
        part: Any = network.get_submodule(self.path)
        pieces = [name for name in _PARTS if isinstance(getattr(part, name, None), nn.Module)] or [""]
        own = [
            (f"{piece}.{name}".lstrip("."), value)
            for piece in pieces
            for name, value in part.get_submodule(piece).state_dict().items()
            if not name.endswith("num_batches_tracked")
        ]
        given = [value for name, value in tensors.items() if not name.endswith("num_batches_tracked")]
        found: dict[str, Tensor] = {}
        for (name, value), other in zip(own, given, strict=False):
            if value.shape != other.shape:
                break
            found[name] = other
        return found


def backbones(network: nn.Module, named: Mapping[str, str] = MappingProxyType({})) -> Iterator[Backbone]:
    """The backbones of a network that are torchvision's, so that ImageNet weights mean something to them.

    Args:
        named: paths of parts that are, though their class does not say so, and torchvision's names for them.
    """
    for path, name in named.items():
        yield Backbone(path, get_model_weights(name)["IMAGENET1K_V1"].url)
    for path, part in network.named_modules():
        if isinstance(part, ResNetFeatures):
            address = _of_resnet(part)
            # Mask R-CNN's strides elsewhere, and wants other colours
            if address is not None and _strides_late(part):
                yield Backbone(path, address)
        elif isinstance(part, BackboneWithFPN):
            body = part.body
            is_resnet = hasattr(body, "layer1")
            address = _of_resnet(body) if is_resnet else MobileNet_V3_Large_Weights.IMAGENET1K_V1.url
            if address is not None:
                yield Backbone(f"{path}.body", address)
        elif isinstance(part, SSDFeatureExtractorVGG):
            yield Backbone(path, VGG16_Weights.IMAGENET1K_FEATURES.url)
        elif isinstance(part, SSDLiteFeatureExtractorMobileNet):
            yield Backbone(path, MobileNet_V3_Large_Weights.IMAGENET1K_V1.url)


def _of_resnet(part: Any) -> str | None:
    weights = _RESNETS.get(tuple(len(getattr(part, stage)) for stage in _STAGES))
    if weights is ResNet50_Weights.IMAGENET1K_V1 and isinstance(part.layer1[0], BasicBlock):
        weights = ResNet34_Weights.IMAGENET1K_V1
    return None if weights is None else weights.url


def _strides_late(part: Any) -> bool:
    block = part.layer2[0]
    return isinstance(block, BasicBlock) or block.conv2.stride == (2, 2)
