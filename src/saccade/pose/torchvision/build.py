"""From a configuration to a model."""

import torch
from torch import nn
from torchvision.models import detection

from saccade.pose.model import PeopleFinder
from saccade.pose.torchvision.config import KeypointRCNNConfig
from saccade.pose.torchvision.network import KeypointRCNNNetwork
from saccade.pose.torchvision.weights import read_weights
from saccade.weights import Checkpoint


def make_network(config: KeypointRCNNConfig, weights: Checkpoint | None) -> KeypointRCNNNetwork:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    network = KeypointRCNNNetwork(_make(config))
    network.fix_norms(config.network.norm_eps)
    if weights is not None:
        read_weights(network, weights, config.network)
    return network


def _make(config: KeypointRCNNConfig) -> nn.Module:
    """As torchvision makes it, with random weights."""
    return detection.keypointrcnn_resnet50_fpn(
        weights=None,
        weights_backbone=None,
        num_keypoints=len(config.network.skeleton),
        min_size=config.size,
        max_size=config.max_size,
        box_score_thresh=config.threshold,
        box_nms_thresh=config.nms,
        box_detections_per_img=config.max_detections,
    )


def plain(config: KeypointRCNNConfig, network: nn.Module) -> nn.Module:
    """torchvision's own model with the weights of a network of ours, to compare the two."""
    model = _make(config).eval()
    model.load_state_dict(network.state_dict())
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = config.network.norm_eps
    return model


def build(
    name: str, config: KeypointRCNNConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> PeopleFinder:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    return PeopleFinder.of(name, config, make_network(config, weights), device=device, precision=precision)
