"""What a training begins with: ImageNet weights for the backbone, those of a file, or none."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from saccade.core import ConfigError, WeightsError
from saccade.nets.resnet import ResNetFeatures
from saccade.training.backbones import backbones
from saccade.training.task import Task
from saccade.weights import Checkpoint, Store, fill, read_checkpoint
from saccade.weights.fetch import Progress, fetch
from saccade.weights.locking import locked
from saccade.weights.recognition import looks_like
from saccade.weights.store import sha256_of

IMAGENET, NONE = "imagenet", "none"
_PATIENCE = 600.0
"""seconds to wait for another process of the same training that fetches"""
_NEVER_RUN = re.compile(r"(.*\.)?(num_batches_tracked|fc\.(weight|bias))")
_WRAPPINGS = (
    "",
    "backbone.body.",
    "backbone.",
    "feature_extractor.",
    "backbone_feature_extractor.",
    "module.",
)
"""what may stand before the names of a backbone's tensors in a file"""


def initialise(
    task: Task, wish: str | None, start: Path | None, show: Progress = lambda done, total: None
) -> str:
    """Gives a task the weights that its training begins with; what they do not reach stays random.

    Args:
        wish: "imagenet", "none", or a file; None for what the recipe says: `start`, else ImageNet where the
            network has a backbone for which there are such weights.
        start: the weights of the model that the recipe goes on from; None where it goes on from none.
        show: is told how far a download is.

    Returns:
        what it begins with, in words.

    Raises:
        WeightsError: when weights are missing, cannot be fetched, or do not fit.
        ConfigError: when there are no ImageNet weights for the network.
    """
    if wish == NONE:
        return "random weights"
    if wish not in (None, IMAGENET):
        return _from_file(task, Path(str(wish)))
    if wish is None and start is not None:
        task.go_on_from(read_checkpoint(start).tensors)
        return f"the weights in {start}"
    found = next(backbones(task.network, task.imagenet), None)
    if found is None and wish == IMAGENET:
        raise ConfigError(
            f"--init imagenet: there are no ImageNet weights for {type(task.network).__name__}; give a file "
            f"with --init FILE, or --init none"
        )
    if found is None:
        _check_needs_none(task.network)
        return "random weights"
    checkpoint = read_checkpoint(imagenet_weights(found.address, show))
    taken = found.taken(task.network, checkpoint.tensors)
    task.network.get_submodule(found.path).load_state_dict(taken, strict=False)
    return f"ImageNet weights in {found.path}"


def imagenet_weights(address: str, show: Progress = lambda done, total: None) -> Path:
    """The file at an address of torchvision's, from the store, or fetched into it.

    Raises:
        WeightsError: when it cannot be fetched, or is not what its name says.
    """
    name = address.rpartition("/")[2]
    target = Store().folder / "backbones" / name
    with locked(target, _PATIENCE):
        if not target.is_file():
            try:
                fetch(address, target, show)
            except WeightsError as error:
                raise WeightsError(
                    f"ImageNet weights for the backbone: {error}; or give a file with --init FILE, or --init "
                    f"none"
                ) from None
        # the name ends in the beginning of the file's SHA-256
        wished = Path(name).stem.rpartition("-")[2]
        if not sha256_of(target).startswith(wished):
            target.unlink()
            raise WeightsError(f"{address}: came with a wrong checksum, and was thrown away; run this again")
    return target


def _check_needs_none(network: nn.Module) -> None:
    """Refuses to begin with a random backbone where the recipe means one that others have trained."""
    if any(isinstance(part, ResNetFeatures) for part in network.modules()):
        raise WeightsError(
            f"the backbone of {type(network).__name__} comes from a Mask R-CNN, and is not fetched; give "
            f"one with --init FILE, e.g. a checkpoint of such a tracker, or --init none"
        )


def _from_file(task: Task, path: Path) -> str:
    """Takes over what a file holds: a whole network, the one that the recipe goes on from, or a backbone."""
    checkpoint = read_checkpoint(path)
    own = task.network.state_dict()
    if _fits(own, checkpoint.tensors):
        _fill(task.network, checkpoint, "")
        return f"the weights in {path}"
    if task.can_go_on_from(checkpoint.tensors):
        task.go_on_from(checkpoint.tensors)
        return f"the weights in {path}"
    for place, part in task.network.named_modules():
        if isinstance(part, ResNetFeatures):
            names = part.state_dict()
            for before in _WRAPPINGS:
                if _fits(names, checkpoint.tensors, before):
                    _fill(part, checkpoint, before)
                    return f"the weights in {path} for {place}"
    raise WeightsError(
        f"{path}: holds neither the tensors of {type(task.network).__name__} nor those of its backbone; it "
        f"{looks_like(checkpoint)}"
    )


def _fits(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], before: str = "") -> bool:
    return all(
        _NEVER_RUN.fullmatch(name) or getattr(tensors.get(before + name), "shape", None) == value.shape
        for name, value in own.items()
    )


def _fill(part: nn.Module, checkpoint: Checkpoint, before: str) -> None:
    """Gives a part of a network the tensors whose names begin so in a file, whatever else is in it."""
    own = part.state_dict()
    taken = {
        name: value
        for name in own
        if (value := checkpoint.tensors.get(before + name)) is not None and value.shape == own[name].shape
    }
    fill(part, replace(checkpoint, tensors=taken))
