"""What there is to know about a data set before it is opened."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.sequence import Sequence
from saccade.data.stills import Stills

Task = Literal["boxes", "masks", "tracks"]
Find = Callable[[Path, str], Iterable[Sequence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A data set that saccade can read.

    Attributes:
        name: what it is called everywhere.
        summary: what it is, in a line.
        task: what its truth is: boxes of single objects, masks of several, or tracks of all.
        layout: where its files lie under the root.
        splits: its splits, the usual one first, with the number of sequences, or of pictures, where that is
            fixed.
        signs: patterns of paths, any of which under a root tells that it is this data set's; where there are
            none, its first sequences tell.
        obtain: where its authors publish it.
        takes_names: whether names of its sequences, with commas between, are a split as well.
    """

    name: str
    summary: str
    task: Task
    layout: str
    splits: Mapping[str, int | None] = field(default_factory=lambda: {"all": None})
    signs: tuple[str, ...] = ()
    obtain: str = ""
    takes_names: bool = False

    def split(self, name: str | None) -> str:
        """The split of that name; the usual one for None.

        Raises:
            DatasetError: when there is none.
        """
        if name is None:
            return next(iter(self.splits))
        # which names there are, only a root tells
        if name not in self.splits and not self.takes_names:
            raise DatasetError(
                f"data set '{self.name}' has no split '{name}'; {did_you_mean(name, self.splits)}"
            )
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry(Entry):
    """A data set of sequences, to be tracked in and trained on.

    Attributes:
        find: makes its sequences from root and split; looks at no more of the disk than it must.
        attributes: what the letters of its sequences' attributes mean.
        tells_occlusion: whether it says in which frames a target is hidden.
    """

    find: Find
    attributes: Mapping[str, str] = field(default_factory=dict)
    tells_occlusion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillsEntry(Entry):
    """A data set of single pictures, to be trained on.

    Attributes:
        find: finds its targets from root and split.
    """

    find: Callable[[Path, str], Stills]
