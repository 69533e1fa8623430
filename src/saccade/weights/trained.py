"""Weight files of our own training: which model they are for, and how its network is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.core.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "saccade training 1"
"""what a checkpoint of a training says that it is"""
NETWORK = "network."
"""how the names of a task's tensors begin that are its network's, and a model's settings that make it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How weights were trained."""

    model: str
    """the model of the catalogue that they are for"""
    recipe: str
    """what they were trained by"""
    step: int
    """after how many steps"""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """settings of the model with which its network has these tensors, where they are not its own"""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Trained":
        """From JSON values.

        Raises:
            LookupError: when one is missing.
            TypeError: when one is of another kind.
        """
        return cls(
            model=str(values["model"]),
            recipe=str(values["recipe"]),
            step=int(values["step"]),
            settings={str(name): value for name, value in values["settings"].items()},
        )


def is_training(content: Mapping[Any, Any]) -> bool:
    """Whether a file of PyTorch's holds a checkpoint of a training of ours, of any version."""
    return str(content.get("format")).startswith("saccade training")


def trained_network(path: Path, content: Mapping[Any, Any]) -> tuple[dict[Any, Any], Trained]:
    """The tensors of the network in such a checkpoint, and how they were trained.

    Where a moving average of them was kept, it is what is taken.

    Raises:
        WeightsError: for a checkpoint of a later version, or one that is damaged.
    """
    if content["format"] != FORMAT:
        raise WeightsError(f"{path}: written by a later version of saccade; upgrade")
    try:
        about, average = content["about"], content["average"]
        trained = Trained.of({**about["trained"], "step": content["step"]})
        tensors: dict[Any, Tensor] = average or {
            name.removeprefix(NETWORK): value
            for name, value in content["task"].items()
            if name.startswith(NETWORK)
        }
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path}: a damaged checkpoint of saccade train ({error!r})") from None
    return tensors, trained
