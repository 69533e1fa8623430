"""Anybody's own sequences, recognised by how they lie: as in OTB, GOT-10k, VOT, DAVIS or the MOTChallenge.

    root/car/img/0001.jpg …                       boxes, as in OTB: one line a frame, x,y,w,h or a polygon
         car/groundtruth_rect.txt                 or groundtruth_rect.1.txt and so on, one a target
    root/car/color/00000001.jpg …                 boxes, polygons or masks, as in VOT
         car/groundtruth.txt
    root/car/00000001.jpg …                       boxes, as in GOT-10k
         car/groundtruth.txt
    root/JPEGImages/car/00000.jpg …               masks, as in DAVIS; both also with a folder 480p between
         Annotations/car/00000.png …
    root/car/img1/000001.jpg …                    tracks, as in the MOTChallenge
         car/gt/gt.txt

A single sequence's folder works as well, but for DAVIS.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

from saccade.core import DatasetError
from saccade.data.datasets.davis import IMAGES, LABELS, resolved
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.datasets.got10k import got10k_reader
from saccade.data.datasets.mot import mot_sequence
from saccade.data.datasets.vot import truth_files, vot_sequence
from saccade.data.frames import LateFrames, ListedFrames
from saccade.data.readers import BoxReader, LabelReader
from saccade.data.sequence import Sequence
from saccade.media.images import natural_order

_PICTURES = ("img", "color")
_ANNOTATIONS = ("groundtruth_rect.txt", "groundtruth.txt")
_LAYOUT = (
    f"ROOT/<sequence>/{' or '.join(_PICTURES)} with pictures and ROOT/<sequence>/{' or '.join(_ANNOTATIONS)} "
    f"with boxes; or ROOT/{IMAGES} and ROOT/{LABELS}; or ROOT/<sequence>/img1 and ROOT/<sequence>/gt/gt.txt"
)


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    kinds = {folder: _kind(folder) for folder in (root, *natural_order(root.iterdir()))}
    found = {folder: kind for folder, kind in kinds.items() if kind is not None}
    if root in found and found[root] != "DAVIS":
        found = {root: found[root]}
    # boxes of OTB, GOT-10k and VOT may stand side by side, for they are scored alike
    examples = {kind: folder.name for folder, kind in reversed(found.items())}
    if len(examples) > 1:
        named = " and ".join(f"{kind} ({name})" for kind, name in sorted(examples.items()))
        raise DatasetError(f"{root}: holds several data sets: {named}; give each a root of its own")
    for folder, kind in found.items():
        yield from _READERS[kind](folder)


def _kind(folder: Path) -> str | None:
    """Whose layout a folder has: "boxes" is OTB's, GOT-10k's and VOT's; None for none."""
    if (folder / IMAGES).is_dir() and (folder / LABELS).is_dir():
        return "DAVIS"
    if (folder / "gt" / "gt.txt").is_file() or (folder / "seqinfo.ini").is_file():
        return "MOT"
    if any((folder / name).is_dir() for name in _PICTURES) or any(
        (folder / name).is_file() for name in _ANNOTATIONS
    ):
        return "boxes"
    return "boxes" if folder.is_dir() and truth_files(folder) else None


def _boxes(folder: Path) -> Iterator[Sequence]:
    # a relative root such as `.` has a name, too
    folder = folder.resolve() if folder.name in ("", "..") else folder
    files = _box_files(folder)
    if (truth_files(folder) and not files) or (folder / "sequence").is_file():
        yield vot_sequence(folder)
        return
    images = LateFrames(partial(_frames, folder))
    if not files:
        missing = f"{folder}: no ground truth; put it into {folder / _ANNOTATIONS[0]}"
        yield Sequence(folder.name, images, partial(_refuse, missing))
    for name, file in files.items():
        if (folder / "cover.label").is_file() and (folder / "absence.label").is_file():
            reader = got10k_reader(folder, images)
        else:
            reader = BoxReader(file=file, images=images)
        yield Sequence(name, images, reader)


def _box_files(folder: Path) -> dict[str, Path]:
    """The files of boxes, each by the name of its sequence.

    OTB numbers those of several targets, as in `Jogging`; one that is empty stands for none, as in `Human4`.
    """
    whole = next((folder / name for name in _ANNOTATIONS if (folder / name).is_file()), None)
    if whole is not None:
        return {folder.name: whole}
    numbered = natural_order(folder.glob("groundtruth_rect.*.txt"))
    return {f"{folder.name}_{file.stem.rpartition('.')[2]}": file for file in numbered if file.stat().st_size}


def _frames(folder: Path) -> ListedFrames:
    place = next((folder / name for name in _PICTURES if (folder / name).is_dir()), None)
    images = ListedFrames(place or folder)
    if not len(images):
        raise DatasetError(f"{folder}: no frames; put the pictures into {place or folder / _PICTURES[0]}")
    return images


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(reason)


def _mot(folder: Path) -> Iterator[Sequence]:
    yield mot_sequence(folder.resolve() if folder.name in ("", "..") else folder)


def _davis(root: Path) -> Iterator[Sequence]:
    labels = resolved(root / LABELS)
    for folder in natural_order(path for path in resolved(root / IMAGES).iterdir() if path.is_dir()):
        images = ListedFrames(folder)
        reader = LabelReader(folder=labels / folder.name, images=images, is_binary=None)
        yield Sequence(folder.name, images, reader)


_READERS: Mapping[str, Callable[[Path], Iterator[Sequence]]] = {"boxes": _boxes, "MOT": _mot, "DAVIS": _davis}

ENTRIES = (
    DatasetEntry(
        name="folder",
        summary="sequences of your own, laid out as in OTB, GOT-10k, VOT, DAVIS or the MOTChallenge",
        task="boxes",
        layout=_LAYOUT,
        find=_sequences,
    ),
)
