"""Names of tensors: others' and ours, both ways."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Renaming:
    """A table of names in others' files and in networks here.

    Attributes:
        rows: (theirs, ours), beginnings of names, of which the first that fits is what counts; what begins
            like none keeps its name. No name of ours begins like one of theirs, so that a file of ours
            is read as well.
    """

    rows: tuple[tuple[str, str], ...]

    def to_ours(self, named: Mapping[str, V]) -> dict[str, V]:
        """With others' names turned into ours."""
        return {_swapped(name, self.rows): value for name, value in named.items()}

    def to_theirs(self, named: Mapping[str, V]) -> dict[str, V]:
        """With our names turned into others'."""
        back = tuple((ours, theirs) for theirs, ours in self.rows)
        return {_swapped(name, back): value for name, value in named.items()}

    def is_theirs(self, names: Collection[str]) -> bool:
        """Whether any of these names is one of theirs."""
        beginnings = tuple(theirs for theirs, _ in self.rows)
        return any(name.startswith(beginnings) for name in names)


def _swapped(name: str, rows: tuple[tuple[str, str], ...]) -> str:
    for old, new in rows:
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name
