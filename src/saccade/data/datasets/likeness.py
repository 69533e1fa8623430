"""Which data set a folder looks like, for those who gave the folder of another."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry, Entry
from saccade.data.sequence import folder_of

_LOOKED_AT = 3
"""sequences of a split that are looked for"""
_NAMED = 3
"""names of one layout that are told"""


def likeness(root: Path, entries: Mapping[str, Entry]) -> str:
    """Which of some data sets lies in a folder, as the end of a message; empty for none that is known.

    Looks for the folders of a few sequences of each split.
    """
    # what has any layout is said to have none only where nothing fits better
    ranked = sorted(entries, key=lambda name: name == "folder")
    found = [name for name in ranked if _fits(root, entries[name])]
    better = [name for name in found if name != "folder"] or found
    return f"; what lies there looks like {' or '.join(better[:_NAMED])}" if better else ""


def _fits(root: Path, entry: Entry) -> bool:
    if entry.signs:
        return any(any(root.glob(sign)) for sign in entry.signs)
    if not isinstance(entry, DatasetEntry):
        return False
    try:
        return any(
            folder_of(sequence.images).is_dir()
            for split in entry.splits
            for sequence in islice(entry.find(root, split), _LOOKED_AT)
        )
    except (DatasetError, OSError):
        return False
