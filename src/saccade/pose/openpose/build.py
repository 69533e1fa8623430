"""From a configuration to a model."""

import torch

from saccade.pose.bottom_up import bottom_up
from saccade.pose.model import PeopleFinder
from saccade.pose.openpose.config import OpenPoseConfig
from saccade.pose.openpose.network import OpenPose
from saccade.pose.openpose.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: OpenPoseConfig, weights: Checkpoint | None) -> OpenPose:
    """The network of a weight file; without one, a random network as configured.

    Raises:
        WeightsError: when the file is another network's, or broken.
    """
    return OpenPose(config.network) if weights is None else read_network(weights, config.network)


def build(
    name: str, config: OpenPoseConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> PeopleFinder:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    return bottom_up(name, config, make_network(config, weights), device=device, precision=precision)
