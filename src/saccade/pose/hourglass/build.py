"""From a configuration to a model."""

import torch

from saccade.pose.hourglass.config import HourglassConfig
from saccade.pose.hourglass.network import StackedHourglass
from saccade.pose.hourglass.weights import read_network
from saccade.pose.model import TopDown
from saccade.weights import Checkpoint


def make_network(config: HourglassConfig, weights: Checkpoint | None) -> StackedHourglass:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return StackedHourglass(config.network) if weights is None else read_network(weights, config.network)


def build(
    name: str, config: HourglassConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> TopDown:
    """The model for a configuration, without a detector.

    Raises:
        WeightsError: as `make_network`.
    """
    return TopDown.of(name, config, make_network(config, weights), device=device, precision=precision)
