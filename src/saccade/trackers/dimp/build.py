"""From a configuration to a model."""

from dataclasses import replace

import torch

from saccade.online.model import OnlineModel
from saccade.trackers.dimp.config import DiMPConfig
from saccade.trackers.dimp.network import DiMPNet
from saccade.trackers.dimp.tracker import make_tracker
from saccade.trackers.dimp.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: DiMPConfig, weights: Checkpoint | None) -> DiMPNet:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return DiMPNet(config.network) if weights is None else read_network(weights, config.network)


def build(
    name: str, config: DiMPConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration; its network is that of the weights, if they say it themselves.

    Raises:
        WeightsError: as `make_network`.
    """
    network = make_network(config, weights)
    config = replace(config, network=network.config)
    tracker = make_tracker(network, config, device=device, precision=precision)
    return OnlineModel(name, config, tracker, network)
