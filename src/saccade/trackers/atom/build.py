"""From a configuration to a model."""

import torch

from saccade.online.model import OnlineModel
from saccade.trackers.atom.config import ATOMConfig
from saccade.trackers.atom.network import ATOMNet
from saccade.trackers.atom.tracker import make_tracker
from saccade.trackers.atom.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: ATOMConfig, weights: Checkpoint | None) -> ATOMNet:
    """The network of a weight file; without one, a random network. It is the same for all configurations.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return ATOMNet() if weights is None else read_network(weights)


def build(
    name: str, config: ATOMConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    network = make_network(config, weights)
    tracker = make_tracker(network, config, device=device, precision=precision)
    return OnlineModel(name, config, tracker, network)
