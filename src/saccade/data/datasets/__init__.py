"""Data sets: what lies on the disk, a file each; the same serve evaluation and training."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.datasets import (
    avist,
    coco,
    davis,
    folder,
    got10k,
    imagenet_vid,
    lagot,
    lasot,
    mose,
    mot,
    mot_folder,
    nfs,
    open_pool,
    otb,
    oxuva,
    saliency,
    sbd,
    tc128,
    tnl2k,
    trackingnet,
    uav,
    vot,
    youtubevos,
)
from saccade.data.datasets.entry import DatasetEntry, Entry, StillsEntry
from saccade.data.datasets.likeness import likeness
from saccade.data.sequence import Sequence
from saccade.data.stills import Stills

_SINGLE_OBJECT = (folder, otb, nfs, uav, tc128, trackingnet, got10k, lasot, lagot, vot, oxuva, avist, tnl2k)
_TO_TRAIN_ON = (imagenet_vid,)
_MANY_OBJECTS = (davis, youtubevos, mose, mot, mot_folder)
_PICTURES = (coco, sbd, saliency, open_pool)

DATASETS: Mapping[str, DatasetEntry] = {
    entry.name: entry
    for module in (*_SINGLE_OBJECT, *_TO_TRAIN_ON, *_MANY_OBJECTS)
    for entry in module.ENTRIES
}
"""every data set of sequences, by name"""
STILLS: Mapping[str, StillsEntry] = {entry.name: entry for module in _PICTURES for entry in module.ENTRIES}
"""every data set of single pictures, by name"""
_NICKNAMES = {
    "davis16": "davis2016",
    "davis17": "davis2017",
    "coco14": "coco2014",
    "coco17": "coco2017",
    "youtubevos18": "youtubevos2018",
    "youtubevos19": "youtubevos2019",
}
"""what else the field calls them"""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A data set on the disk.

    Attributes:
        name: a name of `DATASETS`.
        root: the folder it lies in.
        sequences: their names differ from one another.
        split: which part of it; None for the usual one.
        unasked: its other sequences, where only some are wanted.
    """

    name: str
    root: Path
    sequences: tuple[Sequence, ...]
    split: str | None = None
    unasked: tuple[Sequence, ...] = ()

    @property
    def label(self) -> str:
        """Names the data set and its split, as in `got10k-test`; the usual split goes without saying."""
        return self.name if self.split is None else f"{self.name}-{self.split}"

    def only(self, names: Collection[str]) -> "Dataset":
        """The same, of which only some sequences are wanted.

        Args:
            names: theirs, or other names under which they are known.

        Raises:
            DatasetError: when it has no sequence of such a name.
        """
        known = {name: one.name for one in self.sequences for name in (one.name, *one.aliases)}
        for name in names:
            if name not in known:
                raise DatasetError(f"{self.label}: no sequence '{name}' in it; {did_you_mean(name, known)}")
        wanted = {known[name] for name in names}
        return replace(
            self,
            sequences=tuple(one for one in self.sequences if one.name in wanted),
            unasked=(*self.unasked, *(one for one in self.sequences if one.name not in wanted)),
        )


def find_any(name: str) -> DatasetEntry | StillsEntry:
    """The data set of that name, of sequences or of pictures, or of a shorter one such as davis17.

    Raises:
        DatasetError: when there is none.
    """
    name = _NICKNAMES.get(name, name)
    known = _all_entries()
    if name not in known:
        raise DatasetError(f"no data set '{name}'; {did_you_mean(name, known)}")
    return known[name]


def find_entry(name: str) -> DatasetEntry:
    """The data set of sequences of that name, or of a shorter one such as davis17.

    Raises:
        DatasetError: when there is none, or it is one of single pictures.
    """
    entry = find_any(name)
    if isinstance(entry, StillsEntry):
        raise DatasetError(
            f"'{entry.name}' is a data set of single pictures, in which nothing could be followed; "
            f"it is there to train on: saccade train RECIPE --data {entry.name}=DIR"
        )
    return entry


def open_stills(entry: StillsEntry, root: Path, split: str) -> Stills:
    """Finds the targets in a data set of single pictures; these are read only when they are asked for.

    Raises:
        DatasetError: when what lies there is missing or wrong, saying whether it is another data set.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; expected {entry.layout}")
    try:
        return entry.find(root, split)
    except DatasetError as error:
        if any(any(root.glob(sign)) for sign in entry.signs):
            raise
        raise DatasetError(
            f"{error}; {entry.name} is expected as {entry.layout}{look_of(root, entry)}"
        ) from None


def look_of(root: Path, entry: Entry) -> str:
    """Which data set a folder looks like that is not the one it should be, as the end of a message."""
    return likeness(root, {name: other for name, other in _all_entries().items() if name != entry.name})


def _all_entries() -> dict[str, DatasetEntry | StillsEntry]:
    return {**DATASETS, **STILLS}


def open_dataset(name: str, root: str | Path, split: str | None = None, *, lazy: bool = False) -> Dataset:
    """Finds the sequences of a data set; frames are read only when they are asked for.

    Args:
        root: the folder it lies in.
        split: which part of it; the usual one when not given.
        lazy: whether the truth, too, is read only when it is asked for, as suits training sets of thousands
            of sequences. What is missing or wrong is then found out late.

    Raises:
        DatasetError: for an unknown name, or when what lies there is missing or inconsistent.
    """
    entry, folder = find_entry(name), Path(root)
    part = entry.split(split)
    sequences = find_sequences(entry, folder, part)
    missing = [] if lazy else [sequence.name for sequence in sequences if sequence.is_missing]
    if missing:
        named = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise DatasetError(
            f"{root}: {len(missing)} of {len(sequences)} sequences of {entry.name} are missing: {named}; "
            f"expected {entry.layout}; saccade data check {entry.name} {root} tells all"
            + (look_of(folder, entry) if len(missing) == len(sequences) else "")
        )
    if not lazy:
        for sequence in sequences:
            sequence.verify()
    return Dataset(entry.name, folder, sequences, None if part == entry.split(None) else part)


def find_sequences(entry: DatasetEntry, root: Path, split: str) -> tuple[Sequence, ...]:
    """The sequences of a split as they should be, without looking whether they are.

    Raises:
        DatasetError: when there is no such folder, or nothing of the data set in it, or a name twice.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; expected {entry.layout}")
    try:
        sequences = tuple(entry.find(root, split))
    except DatasetError as error:
        # a list that is missing says little where all else is missing, too
        look = "" if likeness(root, {entry.name: entry}) else look_of(root, entry)
        raise DatasetError(f"{error}; expected {entry.layout}{look}" if look else str(error)) from None
    if not sequences:
        raise DatasetError(f"{root}: no sequence in it; expected {entry.layout}{look_of(root, entry)}")
    name, times = Counter(sequence.name for sequence in sequences).most_common(1)[0]
    if times > 1:
        raise DatasetError(
            f"{root}: sequence '{name}' is there {times} times, but names tell results apart; "
            f"list or name each once"
        )
    return sequences
