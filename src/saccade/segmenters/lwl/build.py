"""From a configuration to a model."""

import torch

from saccade.nets.inference import for_inference
from saccade.online.model import OnlineModel
from saccade.online.segmentation import SegmentationRun
from saccade.segmenters.lwl.config import LWLConfig
from saccade.segmenters.lwl.network import LWLNet
from saccade.segmenters.lwl.segmenter import LWLSegmenter
from saccade.segmenters.lwl.weights import read_network
from saccade.weights import Checkpoint


def make_network(config: LWLConfig, weights: Checkpoint | None) -> LWLNet:
    """The network of a weight file; without one, a random network.

    Raises:
        WeightsError: when the file is another network's, or broken, or has no encoder of boxes where the
            configuration needs one.
    """
    needs_boxes = config.starts_from == "box"
    return LWLNet(takes_boxes=needs_boxes) if weights is None else read_network(weights, needs_boxes)


def build(
    name: str, config: LWLConfig, *, weights: Checkpoint | None, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration.

    Raises:
        WeightsError: as `make_network`.
    """
    network = make_network(config, weights)
    ready = for_inference(network, device=device, precision=precision)
    segmenter = LWLSegmenter(config, ready, device, is_exact=precision == "float32")
    return OnlineModel(name, config, segmenter, network, run=SegmentationRun)
