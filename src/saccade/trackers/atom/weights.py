"""ATOM's network from weight files."""

from collections.abc import Mapping

import torch

from saccade.core.errors import WeightsError
from saccade.trackers.atom.network import ATOMNet
from saccade.weights import Checkpoint, fill
from saccade.weights.checkpoint import PlainValue
from saccade.weights.filling import check_names

CONSTRUCTOR = "atom_resnet18"
"""function of the original's code that makes the network"""
_FIXED: Mapping[str, PlainValue] = {"iou_input_dim": (256, 256), "iou_inter_dim": (256, 256)}
"""what every such network has in common"""
_TRAINING_ONLY = ("backbone_pretrained",)


def read_network(checkpoint: Checkpoint) -> ATOMNet:
    """The network of a weight file, with or without a constructor in it.

    Raises:
        WeightsError: when it is another network's, or broken.
    """
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = ATOMNet()
    check_names(ATOMNet.__name__, network.state_dict(), checkpoint)
    _check_constructor(checkpoint)
    fill(network, checkpoint)
    return network


def _check_constructor(checkpoint: Checkpoint) -> None:
    made_by = checkpoint.constructor
    if made_by is None:
        return
    if made_by.name != CONSTRUCTOR:
        raise WeightsError(f"{checkpoint.path}: made by '{made_by.name}', where {CONSTRUCTOR} is wanted")
    for name, value in made_by.kwargs.items():
        if name not in _TRAINING_ONLY and _FIXED.get(name) != value:
            raise WeightsError(
                f"{checkpoint.path}: {CONSTRUCTOR}({name}={value!r}): no network that saccade knows; "
                f"it has {', '.join(f'{own}={fixed}' for own, fixed in _FIXED.items())}"
            )
