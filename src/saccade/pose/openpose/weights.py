"""OpenPose networks from weight files: those that are published for PyTorch, and ours."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from saccade.core import WeightsError
from saccade.pose.joints import check_joints, rows_of
from saccade.pose.openpose.config import MAX_STAGES, Backbone, OpenPoseNetworkConfig
from saccade.pose.openpose.network import OpenPose
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like
from saccade.weights.renaming import Renaming

_FIRST_CHANNELS = (12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26)
"""of the two channels of each of COCO_18's limbs in all published weights, the first"""
_FIELDS, _HEATMAPS = "stages.0.fields.last.weight", "stages.0.heatmaps.last.weight"
_MODELS: dict[Backbone, str] = {"vgg19": "openpose", "mobilenet_v1": "openpose_light"}
_MARKS: dict[str, Backbone] = {
    "model0.": "vgg19",
    "backbone.0.": "vgg19",
    "cpm.": "mobilenet_v1",
    "backbone.neck.": "mobilenet_v1",
}
"""beginnings of names that only a network on this backbone has, whoever named its tensors"""


def _vgg_rows() -> Iterator[tuple[str, str]]:
    yield "model0.", "backbone."
    for stage in range(MAX_STAGES):
        for branch, ours in (("1", "fields"), ("2", "heatmaps")):
            theirs, last = f"model{stage + 1}_{branch}.", 12 if stage else 8
            yield f"{theirs}{last}.", f"stages.{stage}.{ours}.last."
            yield theirs, f"stages.{stage}.{ours}.layers."


def _mobilenet_rows() -> Iterator[tuple[str, str]]:
    yield "model.", "backbone.body."
    yield "cpm.", "backbone.neck."
    for stage in range(MAX_STAGES):
        begin = f"refinement_stages.{stage - 1}." if stage else "initial_stage."
        for branch, ours in (("pafs", "fields"), ("heatmaps", "heatmaps")):
            yield f"{begin}{branch}.0.", f"stages.{stage}.{ours}.layers."
            yield f"{begin}{branch}.1.0.", f"stages.{stage}.{ours}.last."
        yield begin, f"stages.{stage}."


NAMES: dict[Backbone, Renaming] = {
    "vgg19": Renaming(tuple(_vgg_rows())),
    "mobilenet_v1": Renaming(tuple(_mobilenet_rows())),
}
"""the published names and ours"""


def translated(tensors: Mapping[str, Tensor], made: OpenPoseNetworkConfig) -> dict[str, Tensor]:
    """The tensors of a file under our names, and with their channels in our order.

    Published networks have the limbs' fields in another order than that in which people are put together of
    them; and the stages of the light one see features, heat maps and fields, ours fields, heat maps and
    features.

    Args:
        made: how the network is made that the tensors are of.
    """
    names = NAMES[made.backbone]
    ours = names.to_ours(tensors)
    return _reordered(ours, made) if names.is_theirs(tensors) else ours


def _reordered(tensors: dict[str, Tensor], made: OpenPoseNetworkConfig) -> dict[str, Tensor]:
    """Tensors of a published network, whose rows and columns that are maps are put into our order."""
    found = dict(tensors)
    num_fields, num_heatmaps = rows_of(found, _FIELDS), rows_of(found, _HEATMAPS)
    fields = _fields(num_fields)
    with torch.device("meta"):
        network = OpenPose(made)
    for index, part in enumerate(network.stages):
        stage: Any = part
        for kind in ("weight", "bias"):
            name = f"stages.{index}.fields.last.{kind}"
            if rows_of(found, name) == num_fields > 0:
                found[name] = found[name][fields]
        for taker in stage.takers:
            name = f"stages.{index}.{taker}.weight"
            value = found.get(name)
            if value is not None and value.ndim == 4 and value.shape[1] > num_fields + num_heatmaps:
                found[name] = value[:, _columns(value.shape[1], fields, num_heatmaps, made.backbone)]
    return found


def _fields(number: int) -> list[int]:
    """For each channel of our fields, the one of a published network's that it is."""
    limbs = _FIRST_CHANNELS if number == 2 * len(_FIRST_CHANNELS) else range(0, number, 2)
    return [channel for first in limbs for channel in (first, first + 1)]


def _columns(channels: int, fields: list[int], num_heatmaps: int, backbone: Backbone) -> list[int]:
    """For each channel that a stage of ours sees, the one of a published network's that it is."""
    maps = len(fields) + num_heatmaps
    if backbone == "vgg19":
        return [*fields, *range(len(fields), channels)]
    features = channels - maps
    behind = features + num_heatmaps
    return [*(behind + channel for channel in fields), *range(features, behind), *range(features)]


def read_network(checkpoint: Checkpoint, wished: OpenPoseNetworkConfig) -> OpenPose:
    """The network of a weight file.

    Raises:
        WeightsError: when it has another backbone or number of stages than wished for, knows other key
            points or limbs, is no OpenPose at all, or is broken.
    """
    ours = replace(checkpoint, tensors=_checked(checkpoint, wished))
    check_joints(checkpoint, rows_of(ours.tensors, _HEATMAPS) - 1, wished.skeleton)
    num_limbs, limbs = rows_of(ours.tensors, _FIELDS) // 2, wished.skeleton.limb_indices
    if num_limbs != len(limbs):
        raise WeightsError(
            f"{checkpoint.path}: knows {num_limbs} limbs, where {wished.skeleton.name} has {len(limbs)}; "
            f"give settings a skeleton with those that it was trained with, as network.skeleton"
        )
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = OpenPose(wished)
    fill(network, ours)
    return network


def _checked(checkpoint: Checkpoint, wished: OpenPoseNetworkConfig) -> dict[str, Tensor]:
    """The tensors of a file that holds the kind of network that is wished for, as ours."""
    names = checkpoint.tensors
    kinds = [kind for mark, kind in _MARKS.items() if any(name.startswith(mark) for name in names)]
    tensors = translated(names, replace(wished, backbone=kinds[0])) if kinds else {}
    if not rows_of(tensors, _HEATMAPS) or not rows_of(tensors, _FIELDS):
        raise WeightsError(f"{checkpoint.path}: holds no OpenPose; the file {looks_like(checkpoint)}")
    if kinds[0] != wished.backbone:
        raise WeightsError(
            f"{checkpoint.path}: holds {_MODELS[kinds[0]]}, where {_MODELS[wished.backbone]} is wanted; load "
            f"it as {_MODELS[kinds[0]]}"
        )
    stages = len({name.split(".")[1] for name in tensors if name.startswith("stages.")})
    if stages != wished.stages:
        raise WeightsError(
            f"{checkpoint.path}: has {stages} stages, where {wished.stages} are wanted; load it with --set "
            f"network.stages={stages}"
        )
    return tensors
