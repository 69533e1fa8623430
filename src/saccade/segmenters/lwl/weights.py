"""LWL's network from weight files."""

import torch

from saccade.core.errors import WeightsError
from saccade.segmenters.lwl.network import LWLNet
from saccade.weights import Checkpoint, fill
from saccade.weights.filling import check_names
from saccade.weights.makers import Maker

CONSTRUCTOR = "steepest_descent_resnet50"
"""function of the original's code that makes the network, with and without an encoder of boxes"""
_MAKER = Maker(
    released=LWLNet,
    fields={},
    fixed={
        "backbone_type": "mrcnn",
        "box_label_encoder_dims": (64, 64),
        "clf_feat_blocks": 0,
        "filter_size": 3,
        "final_bn": False,
        "final_conv": True,
        "label_encoder_dims": (16, 32, 64),
        "num_filters": 16,
        "out_feature_dim": 512,
        "use_bn_in_label_enc": False,
    },
    training_only=(
        "backbone_pretrained",
        "detach_length",
        "frozen_backbone_layers",
        "optim_init_reg",
        "optim_iter",
    ),
    ranges={},
)
_BOX_ENCODER = "box_label_encoder."


def read_network(checkpoint: Checkpoint, needs_boxes: bool) -> LWLNet:
    """The network of a weight file, with or without a constructor in it.

    Args:
        needs_boxes: whether the network must have an encoder of boxes; it may have one anyway.

    Raises:
        WeightsError: when it is another network's, or broken.
    """
    has_boxes = any(name.startswith(_BOX_ENCODER) for name in checkpoint.tensors)
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = LWLNet(takes_boxes=needs_boxes or has_boxes)
    check_names(LWLNet.__name__, network.state_dict(), checkpoint)
    _check_constructor(checkpoint)
    fill(network, checkpoint)
    return network


def _check_constructor(checkpoint: Checkpoint) -> None:
    made_by = checkpoint.constructor
    if made_by is None:
        return
    if made_by.name != CONSTRUCTOR:
        raise WeightsError(f"{checkpoint.path}: made by '{made_by.name}', where {CONSTRUCTOR} is wanted")
    try:
        _MAKER.configuration(made_by)
    except WeightsError as error:
        raise WeightsError(f"{checkpoint.path}: {error}") from None
