"""Anybody's own sequences: a folder of folders in the OTB layout.

    root/
      car/
        img/0001.jpg …          or color/
        groundtruth_rect.txt    or groundtruth.txt: one line a frame, x,y,w,h or the corners of a polygon
      dog/ …

A single sequence's folder works as well.
"""

from pathlib import Path

from saccade.core import DatasetError
from saccade.data.formats import read_boxes
from saccade.data.sequence import GroundTruth, Presence, Sequence
from saccade.media.images import natural_order, picture_files

_PICTURES = ("img", "color")
_ANNOTATIONS = ("groundtruth_rect.txt", "groundtruth.txt")
_LAYOUT = (
    f"expected pictures in ROOT/<sequence>/{' or '.join(_PICTURES)} and boxes in "
    f"ROOT/<sequence>/{' or '.join(_ANNOTATIONS)}"
)


def sequences(root: Path) -> tuple[Sequence, ...]:
    """The sequences of a folder in natural order of their names.

    Folders with neither frames nor truth are passed over.

    Raises:
        DatasetError: when no sequence is found, or one has frames without truth, truth without frames, or not
            as many of one as of the other.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder; {_LAYOUT}")
    if _looks_like_sequence(root):
        return (_sequence(root),)
    found = tuple(
        _sequence(folder) for folder in natural_order(root.iterdir()) if _looks_like_sequence(folder)
    )
    if not found:
        raise DatasetError(f"{root}: no sequence in it; {_LAYOUT}")
    return found


def _looks_like_sequence(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in _PICTURES) or any(
        (folder / name).is_file() for name in _ANNOTATIONS
    )


def _sequence(folder: Path) -> Sequence:
    pictures = _first(folder, _PICTURES, "frames")
    annotation = _first(folder, _ANNOTATIONS, "ground truth")
    images = natural_order(picture_files(pictures.iterdir()))
    truth = GroundTruth.of_boxes(read_boxes(annotation), annotation)
    if len(images) != len(truth):
        raise DatasetError(
            f"{pictures} has {len(images)} frames, but {annotation} has {len(truth)} lines; "
            f"give one line a frame, NaN,NaN,NaN,NaN where nothing is known"
        )
    if not len(truth):
        raise DatasetError(f"{folder}: no frames in {pictures.name} and no lines in {annotation.name}")
    if truth.presence[0] != Presence.PRESENT:
        raise DatasetError(f"{annotation}, line 1: a tracker starts from the first box, so it must have area")
    return Sequence(name=folder.resolve().name, images=tuple(images), truth=truth)


def _first(folder: Path, names: tuple[str, ...], content: str) -> Path:
    """The first of several names that exists."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise DatasetError(f"{folder}: no {content}; put it into {folder / names[0]}")
