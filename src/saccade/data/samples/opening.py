"""Data sets on the disk as footage."""

from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import warn
from saccade.data.datasets import Dataset, find_any, find_sequences, look_of, open_stills
from saccade.data.datasets.entry import StillsEntry
from saccade.data.samples.footage import Footage, VideoFootage
from saccade.data.samples.open_pool import open_pool
from saccade.data.samples.stills import StillsFootage
from saccade.data.sequence import Sequence, folder_of

_TRAINING = "train"
_MADE_ON_THE_FLY = "open_pool"
"""the data set of which no picture is shown as it is"""


def open_footage(name: str, root: str | Path, split: str | None = None, *, masks: bool = True) -> Footage:
    """Finds what a data set has to train on; sequences without frames are left out, with a warning.

    Args:
        name: as in `saccade data list`.
        root: the folder it lies in.
        split: which part of it; that to train on when not given.
        masks: whether shots have masks, which take time to read, where the data set has them.

    Raises:
        DatasetError: for an unknown name, or when nothing of the data set lies there.
    """
    entry, folder = find_any(name), Path(root)
    part = entry.split(_TRAINING if split is None and _TRAINING in entry.splits else split)
    label = entry.name if len(entry.splits) == 1 else f"{entry.name}-{part}"
    if entry.name == _MADE_ON_THE_FLY:
        return open_pool(folder, part)
    if isinstance(entry, StillsEntry):
        return StillsFootage(label, open_stills(entry, folder, part), masks=masks)
    sequences = find_sequences(entry, folder, part)
    there = tuple(sequence for sequence in sequences if _is_there(sequence))
    missing = len(sequences) - len(there)
    if not there:
        raise DatasetError(
            f"{root}: none of the {missing:,} sequences of {label} is there; expected {entry.layout}"
            f"{look_of(folder, entry)}"
        )
    if missing:
        warn(
            f"{root}: {missing:,} of {len(sequences):,} sequences of {label} are missing and left out; "
            f"saccade data check {entry.name} {root} --split {part} tells which"
        )
    # the only split of a data set goes without saying
    named = part if len(entry.splits) > 1 else None
    return VideoFootage(Dataset(entry.name, folder, there, named), masks=masks)


def _is_there(sequence: Sequence) -> bool:
    try:
        return folder_of(sequence.images).is_dir()
    except DatasetError:
        # frames that are looked for, and not found
        return False
