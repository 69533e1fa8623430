"""The state of several targets as one batch of tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, get_type_hints

import torch
from torch import Tensor

# not `Self`, which the type checks of tests know only in classes that they decorate as a whole
S = TypeVar("S", bound="TargetState")
Rows = Tensor | slice
"""which targets: a boolean mask (N,), long indices (M,), or a slice"""


@dataclass(slots=True)
class TargetState:
    """What a tracker remembers of N targets.

    A subclass is a dataclass whose every field is a tensor with leading target dimension N, a tuple of such
    tensors, or another such state. This base knows how to take rows, join batches and copy them, so that a
    tracker never does.

    Attributes:
        host: names of the fields that lie on the host, whatever device the others are on.
    """

    host: ClassVar[tuple[str, ...]] = ()

    def __len__(self) -> int:
        first = getattr(self, fields(self)[0].name)
        return len(first[0] if isinstance(first, tuple) else first)

    def put(self: S, rows: Rows, states: S) -> None:
        """Overwrites the chosen targets' state."""

        def write(value: Tensor, new: Tensor) -> Tensor:
            value[rows] = new
            return value

        self._map(write, states)

    def __getitem__(self: S, rows: Rows) -> S:
        """The chosen targets' state: a copy, or, for a slice, a view through which it can be updated."""
        return self._map(lambda value: value[rows])

    @classmethod
    def cat(cls: type[S], states: Sequence[S]) -> S:
        """The targets of several states, one after the other, as one batch."""
        first, *rest = states
        return first._map(lambda *values: torch.cat(values), *rest)

    def tensors(self) -> dict[str, Any]:
        """Copies of the fields by name, ready for `torch.save`."""
        copy = self._map(torch.clone)
        parts = {f.name: getattr(copy, f.name) for f in fields(copy)}
        return {k: v.tensors() if isinstance(v, TargetState) else v for k, v in parts.items()}

    @classmethod
    def from_tensors(cls: type[S], values: Mapping[str, Any]) -> S:
        """The state that `tensors` was taken of; the tensors are copied."""
        kinds, parts = get_type_hints(cls), {}
        for name, value in values.items():
            if isinstance(value, Mapping):
                parts[name] = kinds[name].from_tensors(value)
            else:
                parts[name] = tuple(value) if isinstance(value, list) else value
        return cls(**parts)._map(torch.clone)

    def to(self: S, device: torch.device) -> S:
        """The same state on a device, but for what belongs on the host."""
        moved: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            place = torch.device("cpu") if f.name in self.host else device
            moved[f.name] = tuple(v.to(place) for v in value) if isinstance(value, tuple) else value.to(place)
        return type(self)(**moved)

    def _map(self: S, function: Callable[..., Tensor], *others: S) -> S:
        mapped: dict[str, Any] = {}
        for f in fields(self):
            value, rest = getattr(self, f.name), [getattr(other, f.name) for other in others]
            if isinstance(value, TargetState):
                mapped[f.name] = value._map(function, *rest)
            elif isinstance(value, tuple):
                mapped[f.name] = tuple(function(*parts) for parts in zip(value, *rest, strict=True))
            else:
                mapped[f.name] = function(value, *rest)
        return type(self)(**mapped)
