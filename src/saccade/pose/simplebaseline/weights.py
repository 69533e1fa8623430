"""SimpleBaseline networks from weight files: those of its authors, and ours."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core import WeightsError
from saccade.pose.joints import check_joints, rows_of
from saccade.pose.simplebaseline.config import SimpleBaselineNetworkConfig
from saccade.pose.simplebaseline.network import BLOCKS, SimpleBaseline
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like
from saccade.weights.renaming import Renaming

NAMES = Renaming(
    (
        *((f"{part}.", f"backbone.{part}.") for part in ("conv1", "bn1")),
        *((f"layer{stage}.", f"backbone.layer{stage}.") for stage in range(1, 5)),
        ("deconv_layers.", "upsampling."),
        ("final_layer.", "heatmaps."),
    )
)
"""the authors' names and ours"""
_HEATMAPS = "heatmaps.weight"
_STAGES = range(1, 5)


def translated(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a file under our names."""
    return NAMES.to_ours(tensors)


def read_network(checkpoint: Checkpoint, wished: SimpleBaselineNetworkConfig) -> SimpleBaseline:
    """The network of a weight file.

    The authors' files were trained on crops that OpenCV had read, BGR, less ImageNet's mean of RGB in that
    very order, which is how `SimpleBaselineNetworkConfig.preprocessing` has it.

    Raises:
        WeightsError: when it is on another backbone than wished for, knows another number of key points, is
            no SimpleBaseline at all, or is broken.
    """
    ours = replace(checkpoint, tensors=translated(checkpoint.tensors))
    if not rows_of(ours.tensors, _HEATMAPS) or "upsampling.0.weight" not in ours.tensors:
        raise WeightsError(f"{checkpoint.path}: holds no SimpleBaseline; the file {looks_like(checkpoint)}")
    backbone = _backbone(ours)
    if backbone != wished.backbone:
        raise WeightsError(
            f"{checkpoint.path}: holds SimpleBaseline on {backbone or 'no backbone that is known'}, where "
            f"{wished.backbone} is wanted" + (f"; load it as simplebaseline_{backbone}" if backbone else "")
        )
    check_joints(checkpoint, rows_of(ours.tensors, _HEATMAPS), wished.skeleton)
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = SimpleBaseline(wished)
    fill(network, ours)
    return network


def _backbone(checkpoint: Checkpoint) -> str | None:
    """What the network of a file sees with, by how many blocks its stages have."""
    names = checkpoint.tensors
    depths = tuple(
        len({name.split(".")[2] for name in names if name.startswith(f"backbone.layer{stage}.")})
        for stage in _STAGES
    )
    is_bottleneck = "backbone.layer1.0.conv3.weight" in names
    found = ((block.expansion > 1, known, name) for name, (block, known) in BLOCKS.items())
    return next((name for deep, known, name in found if (deep, known) == (is_bottleneck, depths)), None)
