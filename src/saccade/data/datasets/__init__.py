"""Data sets: what lies on the disk, a file each; the same serve evaluation and training."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.datasets import folder
from saccade.data.sequence import Sequence

READERS: dict[str, Callable[[Path], tuple[Sequence, ...]]] = {
    "folder": folder.sequences,
}
"""how the sequences of each data set are found under its root"""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A data set on the disk.

    Attributes:
        name: a name of `READERS`.
        root: the folder it lies in.
        sequences: their names differ from one another.
    """

    name: str
    root: Path
    sequences: tuple[Sequence, ...]


def open_dataset(name: str, root: str | Path) -> Dataset:
    """Finds the sequences of a data set; frames are read only when they are asked for.

    Args:
        root: the folder it lies in.

    Raises:
        DatasetError: for an unknown name, or when what lies there is missing or inconsistent.
    """
    if name not in READERS:
        raise DatasetError(f"no data set '{name}'; {did_you_mean(name, READERS)}")
    return Dataset(name, Path(root), READERS[name](Path(root)))
