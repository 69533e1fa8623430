"""From a configuration to a model."""

import torch
from torch import nn

from saccade.core import ModelError
from saccade.online.model import OnlineModel
from saccade.trackers.eco.config import ECOConfig
from saccade.trackers.eco.deep_config import ECODeepConfig
from saccade.trackers.eco.tracker import ECOTracker
from saccade.weights import Checkpoint


def make_network(config: ECODeepConfig, weights: Checkpoint | None) -> nn.Module:
    """The network of deep features: that of a weight file; without one, a random network.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    from saccade.trackers.eco.deep_build import make_deep_network

    return make_deep_network(config, weights)


def build(
    name: str,
    config: ECOConfig | ECODeepConfig,
    *,
    weights: Checkpoint | None,
    device: torch.device,
    precision: str,
) -> OnlineModel:
    """The model for a configuration of either kind; both compute in float32, whatever the precision.

    Raises:
        ModelError: on a device other than the CPU, where ECO would not run faster.
        WeightsError: as `make_network`.
    """
    if device.type != "cpu":
        raise ModelError(f"'{name}' runs on the CPU only, not on {device}; leave the device out, or give cpu")
    if isinstance(config, ECOConfig):
        return OnlineModel(name, config, ECOTracker(config))
    from saccade.trackers.eco.deep_build import build_deep

    return build_deep(name, config, weights=weights, device=device)
