"""From a configuration to a model."""

import torch

from saccade.core import ModelError
from saccade.nets.inference import for_inference
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.model import OnlineModel
from saccade.trackers.eco.config import ECOConfig
from saccade.trackers.eco.deep import ECODeep
from saccade.trackers.eco.deep_config import ECODeepConfig
from saccade.trackers.eco.tracker import ECOTracker
from saccade.weights import Checkpoint, fill


def make_network(config: ECODeepConfig, weights: Checkpoint | None) -> ResNet18VGGM:
    """The network of a weight file; without one, a random network. It is the same for all configurations.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    network = ResNet18VGGM()
    if weights is not None:
        fill(network, weights)
    return network


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
    network = make_network(config, weights)
    ready = for_inference(network, device=device, precision="float32")
    return OnlineModel(name, config, ECODeep(ready, config), network)
