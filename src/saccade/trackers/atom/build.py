"""From a configuration to a model."""

from pathlib import Path

import torch

from saccade.online.model import OnlineModel
from saccade.trackers.atom.config import ATOMConfig
from saccade.trackers.atom.network import ATOMNet
from saccade.trackers.atom.tracker import make_tracker
from saccade.trackers.atom.weights import read_network


def build(
    name: str, config: ATOMConfig, *, weights: Path | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration; without weights, of a random network.

    Raises:
        WeightsError: when the weight file is missing, broken, or another network's.
    """
    network = ATOMNet() if weights is None else read_network(weights)
    tracker = make_tracker(network, config, device=device, precision=precision)
    return OnlineModel(name, config, tracker, network)
