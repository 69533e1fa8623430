"""YOLOX networks from weight files: the published ones, and those that the original's code trained."""

import re

import torch

from saccade.core.errors import WeightsError
from saccade.detectors.yolox.config import YOLOXConfig, YOLOXNetworkConfig
from saccade.detectors.yolox.network import YOLOX
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like

_STEM = "backbone.backbone.stem.conv.conv.weight"
_CLASSES = "head.cls_preds.0.weight"
_SEPARABLE = "backbone.backbone.dark2.0.dconv.conv.weight"
_BOTTLENECK = re.compile(r"backbone\.backbone\.dark2\.1\.m\.(\d+)\.conv1\.conv\.weight")
_Made = tuple[int, int, bool]
_NAMES: dict[_Made, str] = {
    (16, 1, True): "yolox_nano",
    (24, 1, False): "yolox_tiny",
    (32, 1, False): "yolox_s",
    (48, 2, False): "yolox_m",
    (64, 3, False): "yolox_l",
    (80, 4, False): "yolox_x",
}
"""what a network is called with so many channels behind its stem, bottlenecks, and whether it is separable"""


def read_network(checkpoint: Checkpoint, config: YOLOXConfig) -> YOLOX:
    """The network of a weight file.

    Published files hold it as it is wanted here: they see BGR with values from 0 to 255. Those of version
    0.1.0 ("legacy") were trained on normalised pictures; they bear the same names, and cannot be told.

    Raises:
        WeightsError: when it is of another size than configured, tells another number of classes apart,
            is no YOLOX at all, or is broken.
    """
    _check(checkpoint, config.network)
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = YOLOX(config)
    fill(network, checkpoint)
    return network


def _check(checkpoint: Checkpoint, wished: YOLOXNetworkConfig) -> None:
    tensors = checkpoint.tensors
    if _STEM not in tensors or _CLASSES not in tensors or not tensors[_STEM].ndim:
        raise WeightsError(f"{checkpoint.path}: holds no YOLOX; the file {looks_like(checkpoint)}")
    bottlenecks = sum(_BOTTLENECK.fullmatch(name) is not None for name in tensors)
    found = (len(tensors[_STEM]), bottlenecks, _SEPARABLE in tensors)
    wanted = (int(64 * wished.width), max(round(3 * wished.depth), 1), wished.depthwise)
    if found != wanted:
        remedy = f"; load it as {_NAMES[found]}" if found in _NAMES else ""
        raise WeightsError(
            f"{checkpoint.path}: holds {_called(found)}, where {_called(wanted)} is wanted{remedy}"
        )
    num_classes = len(tensors[_CLASSES])
    if num_classes != len(wished.classes):
        raise WeightsError(
            f"{checkpoint.path}: tells {num_classes} classes apart, where {len(wished.classes)} have names; "
            f"name those of the file with --set network.classes=NAME,NAME,…"
        )


def _called(made: _Made) -> str:
    channels, bottlenecks, is_separable = made
    kind = "separable" if is_separable else "whole"
    return _NAMES.get(
        made, f"a YOLOX with {channels} channels, {bottlenecks} bottlenecks and {kind} convolutions"
    )
