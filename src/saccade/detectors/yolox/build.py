"""From a configuration to a model."""

import torch

from saccade.detectors.model import Detector
from saccade.detectors.yolox.config import YOLOXConfig
from saccade.detectors.yolox.network import YOLOX
from saccade.detectors.yolox.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: YOLOXConfig, weights: Checkpoint | None) -> YOLOX:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return YOLOX(config) if weights is None else read_network(weights, config)


def build(
    name: str, config: YOLOXConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> Detector:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    return Detector.of(name, config, make_network(config, weights), device=device, precision=precision)
