"""What there is to know about a form of annotations before one is opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from saccade.data.detection.records import RawImage, RawSplit


@runtime_checkable
class ReadSplit(Protocol):
    """Reads all that the annotations of a split say."""

    def __call__(
        self, root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
    ) -> RawSplit: ...


@runtime_checkable
class Read(Protocol):
    """Reads all that the annotations of some splits say."""

    def __call__(
        self,
        root: Path,
        splits: Sequence[str | None],
        classes: Sequence[str] | None,
        *,
        is_whole: bool = False,
    ) -> list[RawSplit]:
        """Reads splits.

        Args:
            splits: of `Form.splits`; None for all there is, where the form can tell.
            classes: the names, where the user gives them.
            is_whole: whether also what is no box is kept, so that it can be written again.

        Raises:
            DatasetError: when the layout is another; faults of single files stand in the result.
        """
        ...


def one_by_one(read: ReadSplit) -> Read:
    """Reads splits that have nothing in common."""

    def read_all(
        root: Path,
        splits: Sequence[str | None],
        classes: Sequence[str] | None,
        *,
        is_whole: bool = False,
    ) -> list[RawSplit]:
        return [read(root, split, classes, is_whole=is_whole) for split in splits]

    return read_all


Place = Callable[[RawImage, Path], None]
"""puts a picture to its place in a new data set"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of annotations.

    Attributes:
        layout: where its files lie under the root.
        fits: whether a folder holds annotations of this form.
        splits: the names of the splits there.
        is_written: whether it can be written at all.
        is_of_videos: whether the pictures in a folder are the frames of one video, which all look alike.
        has_whole: whether a folder can also be read without a split, as where splits are but lists.
        write: writes splits into a new folder; returns what could not be said in this form.
    """

    name: str
    summary: str
    layout: str
    fits: Callable[[Path], bool]
    splits: Callable[[Path], tuple[str, ...]]
    read: Read
    write: Callable[[Sequence[RawSplit], Path, Place], list[str]]
    is_written: bool = True
    is_of_videos: bool = False
    has_whole: Callable[[Path], bool] = lambda root: False
