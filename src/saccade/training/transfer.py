"""Tasks that go on from weights of the same network, be it for other classes or other key points."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from torch import Tensor

from saccade.core import WeightsError
from saccade.training.task import Task

C = TypeVar("C")


class TransferTask(Task):
    """A task whose network can begin with the weights of another that answers something else.

    A network may have `class_parts`, the parts that are made for a number of classes, and `joint_parts`,
    those that are made for a number of key points.
    """

    def can_go_on_from(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether weights hold all of the network but what is made for classes or key points."""
        return not self._missing(self.translated(weights))

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Weights under the names that the network has for them."""
        return weights

    def go_on_from(self, weights: Mapping[str, Tensor]) -> None:
        """Takes over weights; for other classes or key points, the parts that are made for them stay random.

        Raises:
            WeightsError: when one is missing or has another shape.
        """
        weights = self.translated(weights)
        missing = self._missing(weights)
        if missing:
            raise WeightsError(
                f"'{missing[0]}' is missing, or of another shape, in the weights to go on from; give "
                f"those of the same model"
            )
        own, parts = self.network.state_dict(), self._parts
        fits = {name for name in own if getattr(weights.get(name), "shape", None) == own[name].shape}
        if any(name.startswith(parts) and name not in fits for name in own):
            fits = {name for name in fits if not name.startswith(parts)}
        self.network.load_state_dict({name: weights[name] for name in fits}, strict=False)

    def _missing(self, weights: Mapping[str, Tensor]) -> list[str]:
        return [
            name
            for name, value in self.network.state_dict().items()
            if not name.endswith("num_batches_tracked")
            and not name.startswith(self._parts)
            and getattr(weights.get(name), "shape", None) != value.shape
        ]

    @property
    def _parts(self) -> tuple[str, ...]:
        """How the names begin of what is made for classes or key points."""
        parts = (*getattr(self.network, "class_parts", ()), *getattr(self.network, "joint_parts", ()))
        return tuple(f"{part}." for part in parts)


def task_of(kind: type[C], preset: Any) -> C:
    """The settings of a model as those of its training, which are a class of its own made from them."""
    return kind(**{each.name: getattr(preset, each.name) for each in fields(preset)})
