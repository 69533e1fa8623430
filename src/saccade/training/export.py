"""Trained weights as a file of tensors, with a label that says all that is needed to use them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from saccade import __version__
from saccade.weights import Label, Preprocessing, Store
from saccade.weights.store import sha256_of
from saccade.weights.trained import Trained

WEIGHTS = "model.safetensors"


def export_weights(
    network: nn.Module, about: Mapping[str, Any], step: int, checkpoint: Path, preprocessing: Preprocessing
) -> Path:
    """Writes a network beside the checkpoint that it is of; returns the file.

    Args:
        about: what the checkpoint says of the training.
        step: after how many steps.
        preprocessing: what the network wants to see.

    Raises:
        OutputError: when it cannot be written; then the one before is still there.
    """
    sets = dict.fromkeys(part["dataset"] for part in about["data"])
    trained = Trained.of({**about["trained"], "step": step})
    label = Label(
        network=f"{type(network).__name__}, trained as {trained.model}",
        constructor=None,
        file=checkpoint.name,
        sha256=sha256_of(checkpoint),
        publisher=f"trained with saccade {__version__} by the recipe {trained.recipe}",
        licence=f"not stated; trained on {', '.join(sets)}",
        preprocessing=preprocessing,
        trained=trained,
    )
    return Store(checkpoint.parent).keep(Path(WEIGHTS).stem, network.state_dict(), label)
