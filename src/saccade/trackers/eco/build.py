"""From a configuration to a model."""

from pathlib import Path

import torch

from saccade.core import ModelError
from saccade.nets.inference import for_inference
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.model import OnlineModel
from saccade.trackers.eco.config import ECOConfig
from saccade.trackers.eco.deep import ECODeep
from saccade.trackers.eco.deep_config import ECODeepConfig
from saccade.trackers.eco.tracker import ECOTracker
from saccade.weights import load_weights


def build(
    name: str,
    config: ECOConfig | ECODeepConfig,
    *,
    weights: Path | None,
    device: torch.device,
    precision: str,
) -> OnlineModel:
    """The model for a configuration of either kind; both compute in float32, whatever the precision.

    Raises:
        ModelError: on a device other than the CPU, where ECO would not run faster.
        WeightsError: when the weight file is missing, broken, or another network's.
    """
    if device.type != "cpu":
        raise ModelError(f"'{name}' runs on the CPU only, not on {device}; leave the device out, or give cpu")
    if isinstance(config, ECOConfig):
        return OnlineModel(name, config, ECOTracker(config))
    network = ResNet18VGGM()
    if weights is not None:
        load_weights(network, weights)
    return OnlineModel(
        name, config, ECODeep(for_inference(network, device=device, precision="float32"), config), network
    )
