"""From a configuration to a model."""

import torch

from saccade.detectors.model import Detector
from saccade.detectors.rfcn.config import RFCNConfig
from saccade.detectors.rfcn.network import RFCN
from saccade.weights import Checkpoint, fill


def make_network(config: RFCNConfig, weights: Checkpoint | None) -> RFCN:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    network = RFCN(config)
    if weights is not None:
        fill(network, weights)
    return network


def build(
    name: str, config: RFCNConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> Detector:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    return Detector.of(name, config, make_network(config, weights), device=device, precision=precision)
