"""A mended copy of a detection set, and all that was changed; the data set itself stays as it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from saccade.data.detection.check import Findings, Sides
from saccade.data.detection.copying import Copier
from saccade.data.detection.faults import TOLERANCE, beyond, show, spellings
from saccade.data.detection.pictures import save_plain
from saccade.data.detection.records import Corners, Kind, RawImage, RawObject, RawSplit
from saccade.data.detection.writing import classes_of


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is other in the copy.

    Attributes:
        file: of the data set as it was.
        place: which object of it; empty for all of it.
        change: what was done, and why.
    """

    file: Path
    place: str
    change: str


_DROPPED: Mapping[Kind, str] = {
    "class": "left out",
    "coordinates": "left out",
    "dangling": "left out",
    "listed_twice": "listed once",
    "missing_picture": "left out",
    "no_annotation": "taken off the list",
    "unannotated": "picture left out",
    "unreadable": "left out, with its picture",
    "unreadable_picture": "left out, with its boxes",
}
"""what becomes of what could not be read or does not fit together"""


def fix_detection(
    findings: Findings, out: Path, *, is_linked: bool = False, on_picture: Callable[[], None] = lambda: None
) -> list[Change]:
    """Writes a mended copy in the same form.

    Boxes are clipped to their picture, corners exchanged where they are the wrong way round, boxes without
    area and boxes that are there twice left out; class names that differ by case or blanks only become one;
    pictures that are there twice, or on both sides of a split, stay once, and rather out of training than out
    of another split; pictures of print colours, or turned by EXIF, are saved plain. What cannot be mended is
    left out.

    Args:
        is_linked: whether pictures that need no change are linked to, instead of copied.
        on_picture: is called after each.

    Returns:
        every change.

    Raises:
        OutputError: when the copy cannot be written.
    """
    mend = _Mend(findings)
    splits = mend.splits()
    copier = Copier(is_linked, on_picture, mend.save)
    for note in findings.form.write(splits, out, copier):
        mend.changes.append(Change(findings.root, "", note))
    return sorted(dict.fromkeys(mend.changes), key=_order)


def _order(change: Change) -> tuple[str, int, str]:
    # object 2 before object 10
    return str(change.file), len(change.place), change.place


@dataclass(slots=True)
class _Mend:
    """Puts right what was found.

    Attributes:
        changes: what was done.
    """

    findings: Findings
    changes: list[Change] = field(default_factory=list)
    _sides: Sides = field(init=False)
    _dropped: set[Path] = field(default_factory=set)
    _unlisted: set[tuple[str | None, Path]] = field(default_factory=set)
    _done: dict[Path, RawImage | None] = field(default_factory=dict)
    _renamed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sides = Sides(self.findings.splits)

    def splits(self) -> list[RawSplit]:
        """The splits without faults."""
        found = self.findings
        listed = classes_of(found.splits)
        counts = {**dict.fromkeys(listed, 0), **found.counts}
        self._renamed = spellings(counts, listed if found.splits[0].is_declared else ())
        classes = tuple(dict.fromkeys(self._renamed.get(name, name) for name in (*listed, *found.counts)))
        for name in classes:
            if name not in listed:
                self.changes.append(Change(found.root, "", f"class '{name}' was added to the list"))
        self._decide()
        return [
            replace(
                split,
                classes=classes,
                category_ids=split.category_ids if classes == split.classes else None,
                images=tuple(
                    mended
                    for image in split.images
                    if (split.split, image.file) not in self._unlisted
                    and (mended := self._image(split, image)) is not None
                ),
            )
            for split in found.splits
        ]

    def save(self, image: RawImage, target: Path) -> bool:
        """Saves a picture plain that programs read differently; says whether it did."""
        look = self.findings.looks[image.file]
        if look.orientation == 1 and look.mode != "CMYK":
            return False
        save_plain(image.file, target, is_turned=image.size_wh == look.size_wh)
        what = "upright" if look.orientation != 1 else "as RGB"
        self.changes.append(Change(image.file, "", f"saved {what}"))
        return True

    def _decide(self) -> None:
        """Which pictures are left out, or off a list."""
        for fault in self.findings.faults:
            what = _DROPPED.get(fault.kind)
            if what is not None and (fault.kind != "class" or fault.number is not None):
                is_listed = fault.kind == "class" and "is not in the list" in fault.reason
                if not is_listed:
                    self.changes.append(Change(fault.file, fault.place, f"{what}: {fault.reason}"))
            if fault.kind == "size" and fault.picture not in self.findings.sizes:
                self._drop(fault.file, fault.picture, fault.reason)
            elif fault.kind == "size":
                self.changes.append(Change(fault.file, "", f"size written: {fault.reason}"))
            elif fault.kind == "duplicate_picture":
                self._drop(fault.file, fault.picture, fault.reason)
            elif fault.kind == "leak":
                self._part(fault.file, fault.other, fault.reason)

    def _drop(self, file: Path, picture: Path | None, reason: str) -> None:
        if picture is not None:
            self._dropped.add(picture)
        self.changes.append(Change(file, "", f"left out, with its boxes: {reason}"))

    def _part(self, file: Path, other: Path | None, reason: str) -> None:
        """Takes one of two pictures that show the same, or the same one, out of training."""
        sides = self._sides
        if other is None or other == file:
            kept: list[str] = []
            for name in sorted(sides.homes(file), key=_is_training):
                if any(sides.are_apart(name, each) for each in kept):
                    self._unlisted.add((name, file))
                    self.changes.append(Change(file, "", f"taken out of {name}: {reason}"))
                else:
                    kept.append(name)
            return
        trained = [each for each in (file, other) if all(map(_is_training, sides.homes(each)))]
        victim = trained[0] if trained else file
        if not {file, other} & self._dropped:
            self._drop(victim, victim, reason if victim == file else f"{file} {reason}")

    def _image(self, split: RawSplit, image: RawImage) -> RawImage | None:
        if image.file not in self._done:
            self._done[image.file] = self._mended(split, image)
        return self._done[image.file]

    def _mended(self, split: RawSplit, image: RawImage) -> RawImage | None:
        size_wh = self.findings.sizes.get(image.file)
        if size_wh is None or image.file in self._dropped:
            return None
        objects: dict[tuple[str, Corners], RawObject] = {}
        for each in image.objects:
            place = f"{split.word} {each.number}"
            name = self._renamed.get(each.name, each.name)
            if name != each.name:
                self.changes.append(Change(image.source, place, f"class '{each.name}' became '{name}'"))
            box, said = mend_box(each.box, size_wh)
            self.changes += [Change(image.source, place, f"{what}: '{name}'") for what in said]
            if box is None:
                continue
            if (name, box) in objects:
                self.changes.append(Change(image.source, place, f"left out: '{name}' was there twice"))
                continue
            objects[name, box] = replace(each, name=name, box=box)
        return replace(image, size_wh=size_wh, objects=tuple(objects.values()))


def _is_training(split: str) -> bool:
    return split.startswith("train")


def mend_box(box: Corners, size_wh: tuple[int, int]) -> tuple[Corners | None, list[str]]:
    """A box that can be used, and what was done; None where nothing of it is left."""
    return _finish(*_straighten(box), size_wh)


def _straighten(box: Corners) -> tuple[Corners, list[str]]:
    x1, y1, x2, y2 = box
    straight = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return straight, [] if straight == box else [f"corners of {show(box)} were exchanged"]


def _finish(box: Corners, said: list[str], size_wh: tuple[int, int]) -> tuple[Corners | None, list[str]]:
    if box[0] >= box[2] or box[1] >= box[3]:
        return None, [*said, f"left out: {show(box)} has no area"]
    if beyond(box, size_wh) > TOLERANCE:
        width, height = size_wh
        clipped = (max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(width)), min(box[3], float(height)))
        if clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
            return None, [*said, f"left out: {show(box)} is outside of the picture"]
        said, box = [*said, f"{show(box)} was clipped to {show(clipped)}"], clipped
    if box[2] - box[0] <= 1 and box[3] - box[1] <= 1:
        return None, [*said, f"left out: {show(box)} is a single pixel"]
    return box, said


def rows_of(changes: list[Change]) -> Iterator[tuple[str, str, str]]:
    """Changes as rows of a table."""
    for change in changes:
        yield str(change.file), change.place, change.change
