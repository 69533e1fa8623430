"""From a configuration to a model."""

import torch

from saccade.core import ModelError
from saccade.nets.inference import for_inference
from saccade.online.model import OnlineModel
from saccade.trackers.nano.config import NanoConfig
from saccade.trackers.nano.network import NanoNet
from saccade.trackers.nano.tracker import NanoTracker
from saccade.weights import Checkpoint, fill


def make_network(config: NanoConfig, weights: Checkpoint | None) -> NanoNet:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    network = NanoNet(config.network)
    if weights is not None:
        fill(network, weights)
    return network


def build(
    name: str, config: NanoConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration.

    Raises:
        ModelError: on a device other than the CPU: most of a frame is spent on what a GPU would not speed up.
        WeightsError: as `make_network`.
    """
    if device.type != "cpu":
        raise ModelError(f"'{name}' runs on the CPU only, not on {device}; leave the device out, or give cpu")
    network = make_network(config, weights)
    ready = for_inference(network, device=device, precision=precision)
    return OnlineModel(name, config, NanoTracker(config, ready), network)
