"""From a configuration to a model."""

from dataclasses import replace

import torch

from saccade.online.model import OnlineModel
from saccade.trackers.kys.config import KYSConfig
from saccade.trackers.kys.network import KYSNet
from saccade.trackers.kys.tracker import make_tracker
from saccade.trackers.kys.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: KYSConfig, weights: Checkpoint | None) -> KYSNet:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return KYSNet(config.network) if weights is None else read_network(weights, config.network)


def build(
    name: str, config: KYSConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration; its network is that of the weights, if they say it themselves.

    Raises:
        WeightsError: as `make_network`.
    """
    network = make_network(config, weights)
    config = replace(config, network=network.config)
    tracker = make_tracker(network, config, device=device, precision=precision)
    return OnlineModel(name, config, tracker, network)
