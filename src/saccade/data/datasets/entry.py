"""What there is to know about a data set before it is opened."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.sequence import Sequence

Task = Literal["boxes", "masks", "tracks"]
Find = Callable[[Path, str], Iterable[Sequence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """A data set that saccade can read.

    Attributes:
        name: what it is called everywhere.
        summary: what it is, in a line.
        task: what its truth is: boxes of single objects, masks of several, or tracks of all.
        layout: where its files lie under the root.
        find: makes its sequences from root and split; looks at no more of the disk than it must.
        splits: its splits, the usual one first, with the number of sequences where that is fixed.
        attributes: what the letters of its sequences' attributes mean.
        obtain: where its authors publish it.
    """

    name: str
    summary: str
    task: Task
    layout: str
    find: Find
    splits: Mapping[str, int | None] = field(default_factory=lambda: {"all": None})
    attributes: Mapping[str, str] = field(default_factory=dict)
    obtain: str = ""

    def split(self, name: str | None) -> str:
        """The split of that name; the usual one for None.

        Raises:
            DatasetError: when there is none.
        """
        if name is None:
            return next(iter(self.splits))
        if name not in self.splits:
            raise DatasetError(
                f"data set '{self.name}' has no split '{name}'; {did_you_mean(name, self.splits)}"
            )
        return name
