"""A detection set in another form."""

from collections.abc import Callable, Sequence
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.detection.check import read_all
from saccade.data.detection.copying import Copier, check_out
from saccade.data.detection.faults import faults_of
from saccade.data.detection.forms import Form
from saccade.data.detection.opening import refuse
from saccade.data.detection.records import RawImage, RawSplit


def read_sound(form: Form, root: Path, classes: tuple[str, ...] | None = None) -> list[RawSplit]:
    """Reads all splits.

    Raises:
        DatasetError: when something in them could only be guessed at.
    """
    splits = read_all(form, root, classes=classes)
    # a file may be in several lists
    faults = dict.fromkeys(fault for split in splits for fault in (*split.faults, *faults_of(split)))
    refuse(faults, root, form)
    return splits


def convert_detection(
    source: Form,
    root: Path,
    target: Form,
    out: Path,
    *,
    classes: tuple[str, ...] | None = None,
    is_linked: bool = False,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> list[str]:
    """Writes a data set in another form, with its pictures.

    Args:
        is_linked: whether pictures are linked to, instead of copied.
        progress: see `check_detection`.

    Returns:
        what the other form cannot say, or was left out.

    Raises:
        DatasetError: when something in it could only be guessed at, or `out` is in use.
        OutputError: when it cannot be written.
    """
    check_out(out, root)
    splits, notes = _to_write(read_sound(source, root, classes), target)
    advance = progress(sum(len(split.images) for split in splits))
    return [*notes, *target.write(splits, out, Copier(is_linked, advance))]


def _to_write(splits: list[RawSplit], target: Form) -> tuple[Sequence[RawSplit], list[str]]:
    """The splits that the other form gets: lists of lists, like trainval, are for VOC alone."""
    named = [split for split in splits if split.split is not None]
    if not named or target.name == "voc":
        return splits, []
    held = {split.split: _files(split.images) for split in named}
    notes = []
    kept = []
    for split in named:
        parts = [name for name in held if name != split.split and held[name] < held[split.split]]
        if parts and set().union(*(held[name] for name in parts)) == held[split.split]:
            notes.append(f"split {split.split} is left out: it is {' and '.join(map(str, parts))} together")
        else:
            kept.append(split)
    listed = set().union(*held.values())
    unlisted = {image.file for split in splits for image in split.images} - listed
    if unlisted:
        notes.append(f"{len(unlisted):,} pictures are in no split and left out, first {min(unlisted)}")
    if not any(split.images for split in kept):
        raise DatasetError(f"{splits[0].root}: no picture in any split; nothing can be written")
    return kept, notes


def _files(images: Sequence[RawImage]) -> set[Path]:
    return {image.file for image in images}
