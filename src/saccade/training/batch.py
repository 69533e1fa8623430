"""What the loop knows of a batch: nothing of what is in it."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Batch(Protocol):
    """What a step learns from; tuples, dictionaries and tensors all through, so that it can be moved."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Where each sample comes from."""
        ...

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of its tensors, by name."""
        ...

    def first(self, count: int) -> "Batch":
        """The first samples of it."""
        ...

    def plain(self) -> dict[str, Any]:
        """The same as dictionaries and lists of tensors on the CPU, to be read anywhere."""
        ...
