"""From a configuration to a model, for deep features.

Apart from `build.py`, because torchvision takes as long to import as everything else together, and whoever
follows something with hand-crafted features would wait for it at every start.
"""

import torch

from saccade.nets.inference import for_inference
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.model import OnlineModel
from saccade.trackers.eco.deep import ECODeep
from saccade.trackers.eco.deep_config import ECODeepConfig
from saccade.weights import Checkpoint, fill


def make_deep_network(config: ECODeepConfig, weights: Checkpoint | None) -> ResNet18VGGM:
    """The network of a weight file; without one, a random network. It is the same for all configurations.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    network = ResNet18VGGM()
    if weights is not None:
        fill(network, weights)
    return network


def build_deep(
    name: str, config: ECODeepConfig, *, weights: Checkpoint | None, device: torch.device
) -> OnlineModel:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_deep_network`.
    """
    network = make_deep_network(config, weights)
    ready = for_inference(network, device=device, precision="float32")
    return OnlineModel(name, config, ECODeep(ready, config), network)
