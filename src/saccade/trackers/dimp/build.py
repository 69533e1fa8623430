"""From a configuration to a model."""

from pathlib import Path

import torch

from saccade.online.model import OnlineModel
from saccade.trackers.dimp.config import DiMPConfig
from saccade.trackers.dimp.network import DiMPNet
from saccade.trackers.dimp.tracker import make_tracker
from saccade.trackers.dimp.weights import read_network


def build(
    name: str, config: DiMPConfig, *, weights: Path | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration; without weights, of a random network.

    Raises:
        WeightsError: when the weight file is missing, broken, or another network's.
    """
    network = DiMPNet(config.network) if weights is None else read_network(weights, config.network)
    tracker = make_tracker(network, config, device=device, precision=precision)
    return OnlineModel(name, config, tracker, network)
