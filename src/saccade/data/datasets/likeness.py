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
_ANYBODYS = ("mot", "folder")
"""what is there for everybody's own data, the more special first: named only where nothing fits better"""


def likeness(root: Path, entries: Mapping[str, Entry]) -> str:
    """Which of some data sets lies in a folder, as the end of a message; empty for none that is known.

    Looks for the folders of a few sequences of each split.
    """
    ranked = sorted(entries, key=lambda name: _ANYBODYS.index(name) if name in _ANYBODYS else -1)
    found = [name for name in ranked if _fits(root, entries[name])]
    better = [name for name in found if name not in _ANYBODYS] or found[:1]
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
