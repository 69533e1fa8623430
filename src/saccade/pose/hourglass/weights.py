"""Stacked hourglasses from weight files: those of the PyTorch training that is published, and ours."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from saccade.core import WeightsError
from saccade.pose.hourglass.config import HourglassNetworkConfig
from saccade.pose.hourglass.network import StackedHourglass
from saccade.pose.joints import check_joints, rows_of
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like
from saccade.weights.renaming import Renaming

_HEATMAPS = "stacks.0.heatmaps.weight"


def names_of(made: HourglassNetworkConfig) -> Renaming:
    """The published names and ours, for a network that is made so.

    There, levels are counted from the innermost one, and of each level place 0 goes beside, 1 down and 2 up;
    the innermost one has a place 3, inside.
    """
    return Renaming(tuple(_rows(made)))


def _rows(made: HourglassNetworkConfig) -> Iterator[tuple[str, str]]:
    for layer in (1, 2, 3):
        yield f"layer{layer}.0.downsample.0.", f"stem.layer{layer}.0.skip."
        yield f"layer{layer}.", f"stem.layer{layer}."
    for part in ("conv1", "bn1"):
        yield f"{part}.", f"stem.{part}."
    for stack in range(made.stacks):
        ours = f"stacks.{stack}"
        for level in range(made.order):
            inside = "inner." * (made.order - 1 - level)
            for place, name in enumerate(("beside", "down", "up")):
                yield f"hg.{stack}.hg.{level}.{place}.", f"{ours}.hourglass.{inside}{name}."
        yield f"hg.{stack}.hg.0.3.", f"{ours}.hourglass.{'inner.' * made.order}"
        for theirs, name in (
            ("res", "residuals"),
            ("fc", "features"),
            ("score", "heatmaps"),
            ("fc_", "from_features"),
            ("score_", "from_heatmaps"),
        ):
            yield f"{theirs}.{stack}.", f"{ours}.{name}."


def translated(tensors: Mapping[str, Tensor], made: HourglassNetworkConfig) -> dict[str, Tensor]:
    """The tensors of a file under our names."""
    return names_of(made).to_ours(tensors)


def read_network(checkpoint: Checkpoint, wished: HourglassNetworkConfig) -> StackedHourglass:
    """The network of a weight file.

    Raises:
        WeightsError: when it has another number of stacks than wished for, knows another number of key
            points, is no stacked hourglass at all, or is broken.
    """
    stacks = _stacks(checkpoint)
    ours = replace(checkpoint, tensors=translated(checkpoint.tensors, replace(wished, stacks=max(stacks, 1))))
    if not stacks or not rows_of(ours.tensors, _HEATMAPS):
        raise WeightsError(
            f"{checkpoint.path}: holds no stacked hourglass; the file {looks_like(checkpoint)}"
        )
    if stacks != wished.stacks:
        raise WeightsError(
            f"{checkpoint.path}: holds {stacks} hourglasses, where {wished.stacks} are wanted; load it with "
            f"--set network.stacks={stacks}"
        )
    check_joints(checkpoint, rows_of(ours.tensors, _HEATMAPS), wished.skeleton)
    with torch.device("meta"):  # without memory and random numbers, which the tensors of the file replace
        network = StackedHourglass(wished)
    fill(network, ours)
    return network


def _stacks(checkpoint: Checkpoint) -> int:
    """How many hourglasses the network of a file has, whoever named its tensors."""
    of_stacks = (name for name in checkpoint.tensors if name.startswith(("hg.", "stacks.")))
    return len({name.split(".")[1] for name in of_stacks})
