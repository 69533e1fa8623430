"""From a configuration to a model."""

import torch

from saccade.pose.model import TopDown
from saccade.pose.simplebaseline.config import SimpleBaselineConfig
from saccade.pose.simplebaseline.network import SimpleBaseline
from saccade.pose.simplebaseline.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: SimpleBaselineConfig, weights: Checkpoint | None) -> SimpleBaseline:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return SimpleBaseline(config.network) if weights is None else read_network(weights, config.network)


def build(
    name: str,
    config: SimpleBaselineConfig,
    *,
    weights: Checkpoint | None,
    device: torch.device,
    precision: str,
) -> TopDown:
    """The model for a configuration, without a detector.

    Raises:
        WeightsError: as `make_network`.
    """
    return TopDown.of(name, config, make_network(config, weights), device=device, precision=precision)
