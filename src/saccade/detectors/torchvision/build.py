"""From a configuration to a network, and to a model."""

from typing import cast

import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.ssd import SSD

from saccade.detectors.model import Detector
from saccade.detectors.torchvision.config import TorchvisionConfig
from saccade.detectors.torchvision.network import (
    Face,
    FasterRCNNNetwork,
    FCOSNetwork,
    RetinaNetNetwork,
    SSDNetwork,
)
from saccade.detectors.torchvision.weights import read_weights
from saccade.weights import Checkpoint

_FACES: dict[type[nn.Module], type[Face]] = {
    detection.FasterRCNN: FasterRCNNNetwork,
    detection.RetinaNet: RetinaNetNetwork,
    detection.FCOS: FCOSNetwork,
    SSD: SSDNetwork,
}
_RESNETS = ("fasterrcnn_resnet50_fpn", "retinanet_resnet50_fpn", "fcos_resnet50_fpn")
"""beginnings of the names of those on a ResNet"""


def face(model: nn.Module, outputs: tuple[int, ...]) -> Face:
    """A detector of torchvision's with our face; its parts become those of the new one.

    Args:
        outputs: which of the model's outputs is each class.
    """
    return _FACES[type(model)](model, outputs)


def make_network(config: TorchvisionConfig, weights: Checkpoint | None = None) -> Face:
    """The network of a weight file; without one, a random network as configured.

    Its batch norms learn, unless `norm_eps` is 0; whoever wants others to stay as they came keeps the
    backbone in evaluation mode.

    Raises:
        WeightsError: when the file is another network's, tells another number of classes apart, or is broken.
    """
    made = config.network
    network = face(_make(config), made.outputs)
    if made.architecture.startswith(_RESNETS):
        network.fix_norms(made.norm_eps)
    if weights is not None:
        read_weights(network, weights, made)
    return network


def _make(config: TorchvisionConfig) -> nn.Module:
    """As torchvision makes it, with random weights."""
    made = config.network
    limits = {"score_thresh": config.threshold, "nms_thresh": config.nms}
    sizes = {"min_size": config.size, "max_size": config.max_size}
    if made.architecture.startswith("fasterrcnn"):
        limits = {f"box_{name}": value for name, value in limits.items()}
        settings = {**limits, **sizes, "box_detections_per_img": config.max_detections}
    else:
        settings = {**limits, "detections_per_img": config.max_detections}
        if not made.architecture.startswith("ssd"):
            settings |= sizes
    build_it = getattr(detection, made.architecture)
    model: nn.Module = build_it(weights=None, weights_backbone=None, num_classes=made.num_outputs, **settings)
    if made.architecture.startswith("ssd"):
        cast(SSD, model).transform.fixed_size = (config.size, config.size)
    return model


def plain(config: TorchvisionConfig, network: nn.Module) -> nn.Module:
    """torchvision's own model with the weights of a network of ours, to compare the two."""
    model = _make(config).eval()
    model.load_state_dict(network.state_dict())
    for ours, its in zip(network.modules(), model.modules(), strict=True):
        if isinstance(its, nn.BatchNorm2d):
            its.eps = cast(nn.BatchNorm2d, ours).eps
    return model


def build(
    name: str, config: TorchvisionConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> Detector:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    return Detector.of(name, config, make_network(config, weights), device=device, precision=precision)
