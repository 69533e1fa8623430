"""Videos of anybody's own as the MOTChallenge lays them out: with frames, tracks, and perhaps a head file.

    root/street/img1/000001.jpg …      also in root/train, root/val and root/test; or root is a video itself
         street/gt/gt.txt
         street/seqinfo.ini            frame rate, size and length; may be missing

A split is all that is to be learned from or judged by; one of these folders; the first or the second half
of each video; or some sequences by their names, with commas between.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.datasets.mot import DETECTORS, HALVES, half_sequence, mot_sequence
from saccade.data.sequence import Sequence
from saccade.media.images import natural_order

LAYOUT = (
    "ROOT/<sequence>/img1/000001.jpg, gt/gt.txt and seqinfo.ini; also below ROOT/train, ROOT/val, ROOT/test"
)
ALL = "all"
_PARTS = ("train", "val", "test")
_FLAT = ""
"""where sequences lie right below the root"""
_VIDEO = re.compile(rf"(?P<name>.+)-({'|'.join(DETECTORS)})")
_PREFERRED = "FRCNN"
"""of the three folders of one video of MOT17, which differ by detections alone; others take this one, too"""


def mot_splits(root: Path) -> tuple[str, ...]:
    """The splits of a folder that have nothing in common, and truth.

    Halves, where nothing is put aside to be judged by.
    """
    parts = {part: _with_truth(folders) for part, folders in _parts(root).items()}
    held_out = [part for part in ("test",) if parts.get(part)]
    if parts.get("val"):
        return (*(part for part in ("train", "val") if parts.get(part)), *held_out)
    return (*HALVES, *held_out) if parts.get(_FLAT) or parts.get("train") else tuple(held_out)


def mot_sequences(root: Path, split: str) -> Iterator[Sequence]:
    """The sequences of a split; each video once, unless its folders are named.

    Raises:
        DatasetError: when there is no such split.
    """
    parts = _parts(root)
    if split in HALVES:
        learned = (*parts.get(_FLAT, ()), *parts.get("train", ()))
        yield from (half_sequence(_sequence(folder), split) for folder in _once(learned))
        return
    if split == ALL:
        # a test set that is put aside is not a part of what is used every day
        chosen = _once(folder for part, folders in parts.items() if part != "test" for folder in folders)
    elif split in parts and split != _FLAT:
        chosen = _once(parts[split])
    else:
        chosen = _named(parts, split, root)
    yield from (_sequence(folder) for folder in chosen)


def _sequence(folder: Path) -> Sequence:
    # nobody has the truth of a test set
    return mot_sequence(folder, has_truth=folder.parent.name != "test" or _has_truth(folder))


def _parts(root: Path) -> dict[str, list[Path]]:
    """The folders of sequences, by the part in which they lie."""
    root = root.resolve() if root.name in ("", "..") else root
    if _is_sequence(root):
        return {_FLAT: [root]}
    places = {_FLAT: root, **{part: root / part for part in _PARTS}}
    found = {
        part: natural_order(folder for folder in place.iterdir() if _is_sequence(folder))
        for part, place in places.items()
        if place.is_dir()
    }
    return {part: folders for part, folders in found.items() if folders}


def _is_sequence(folder: Path) -> bool:
    return _has_truth(folder) or (folder / "seqinfo.ini").is_file() or (folder / "img1").is_dir()


def _has_truth(folder: Path) -> bool:
    return (folder / "gt" / "gt.txt").is_file()


def _with_truth(folders: Iterable[Path]) -> list[Path]:
    return [folder for folder in folders if _has_truth(folder)]


def _once(folders: Iterable[Path]) -> list[Path]:
    """One folder of each video."""
    chosen: dict[str, Path] = {}
    for folder in folders:
        match = _VIDEO.fullmatch(folder.name)
        video = match["name"] if match else folder.name
        if video not in chosen or folder.name.endswith(_PREFERRED):
            chosen[video] = folder
    return list(chosen.values())


def _named(parts: dict[str, list[Path]], split: str, root: Path) -> list[Path]:
    known = {folder.name: folder for folders in parts.values() for folder in folders}
    names = [name.strip() for name in split.split(",") if name.strip()]
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None or not names:
        splits = (ALL, *(part for part in parts if part), *HALVES, *known)
        raise DatasetError(
            f"{root} has no split and no sequence '{wrong or split}'; {did_you_mean(wrong or split, splits)}"
        )
    return [known[name] for name in dict.fromkeys(names)]


ENTRIES = (
    DatasetEntry(
        name="mot",
        summary="videos of your own, laid out as in the MOTChallenge",
        task="tracks",
        splits=dict.fromkeys((ALL, *_PARTS, *HALVES)),
        takes_names=True,
        layout=LAYOUT,
        find=mot_sequences,
    ),
)
