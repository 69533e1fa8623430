"""What annotation files say, good or not, before anybody relies on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Literal

from saccade.core import DatasetError
from saccade.core.numerals import decimal

Kind = Literal[
    "beyond",
    "class",
    "class_name",
    "cmyk",
    "coordinates",
    "dangling",
    "deep",
    "duplicate_box",
    "duplicate_person",
    "duplicate_picture",
    "exif",
    "floats",
    "joint_beyond",
    "joint_outside",
    "keypoints",
    "leak",
    "listed_twice",
    "missing_picture",
    "near_duplicate",
    "no_annotation",
    "no_area",
    "outside",
    "point",
    "sides",
    "size",
    "stem",
    "swapped",
    "unannotated",
    "unreadable",
    "unreadable_picture",
]

FATAL: frozenset[Kind] = frozenset(
    {
        "class",
        "class_name",
        "coordinates",
        "dangling",
        "keypoints",
        "missing_picture",
        "no_annotation",
        "outside",
        "swapped",
        "unreadable",
        "unreadable_picture",
    }
)
"""what a reader refuses, for it could only guess"""
REMARKS: frozenset[Kind] = frozenset(
    {"cmyk", "deep", "exif", "floats", "joint_beyond", "near_duplicate", "stem"}
)
"""what saccade copes with; said because other programs may not"""

_LARGEST = 1e9
"""pixels; float32 could not tell what lies far beyond, and float64 not square it"""

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        file: where it stands; a picture where the picture is what is wrong.
        reason: what is wrong.
        remedy: what to do about it.
        number: which object of the file, counted from 1; of COCO its id, of YOLO and CSV its line.
        place: how the number is to be read, e.g. "object 3".
        picture: the picture it is about, where there is one.
        other: the picture that shows the same, where that is the fault.
    """

    kind: Kind
    file: Path
    reason: str
    remedy: str
    number: int | None = None
    place: str = ""
    picture: Path | None = None
    other: Path | None = None

    @property
    def message(self) -> str:
        """All of it in a line."""
        return f"{self.file}{f', {self.place}' if self.place else ''}: {self.reason}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawObject:
    """A box as its file has it.

    Attributes:
        number: its place in the file, see `Fault`.
        name: the class, letter by letter.
        box: edges in pixels, (x1, y1, x2, y2); finite, and nothing else is promised.
        area: in pixels, where the file gives one that is not the box's, as COCO does of masks.
        extra: what else the file says of it, in the words of its form.
    """

    number: int
    name: str
    box: Corners
    is_crowd: bool = False
    is_difficult: bool = False
    area: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawImage:
    """A picture as its annotation has it.

    Attributes:
        name: what results call it.
        file: the picture, or where it should be.
        annotation: the file that its boxes come from; None where it has none.
        size_wh: as the annotation states it, whatever that is; None where it does not.
        id: see `AnnotatedImage`.
        verified: names of the classes that people have looked for; None where nothing is said of that.
        extra: what else the file says of it, in the words of its form.
    """

    name: str
    file: Path
    annotation: Path | None
    size_wh: tuple[int, int] | None
    objects: tuple[RawObject, ...]
    id: int
    verified: tuple[str, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The file to be named in a message."""
        return self.annotation or self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSplit:
    """All that the annotations of a split say.

    Attributes:
        form: a name of `DETECTION`.
        split: None for all there is.
        classes: the names, in the order of the labels.
        is_declared: whether a list gives the classes; where none does they are those that occur.
        word: what an object is in this form: "object", "annotation" or "line".
        pictures: every picture file that lies where the pictures do.
        faults: what could not be read.
        notes: what was decided, for users to know.
        category_ids: see `DetectionDataset`.
    """

    form: str
    root: Path
    split: str | None
    classes: tuple[str, ...]
    is_declared: bool
    word: str
    images: tuple[RawImage, ...]
    pictures: tuple[Path, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    category_ids: tuple[int, ...] | None = None

    def fault(
        self, image: RawImage, kind: Kind, reason: str, remedy: str, number: int | None = None
    ) -> Fault:
        """A fault of a picture, or of one of its objects."""
        place = "" if number is None else f"{self.word} {number}"
        return Fault(
            kind=kind,
            file=image.source,
            reason=reason,
            remedy=remedy,
            number=number,
            place=place,
            picture=image.file,
        )


def number(text: Any) -> float:
    """A finite number.

    Raises:
        ValueError: when it is none, saying what it is.
    """
    try:
        value = decimal(text) if isinstance(text, str) else float(text)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"{text!r} is no number") from None
    if not abs(value) < _LARGEST:
        raise ValueError(f"{text!r} is {'not finite' if not abs(value) < inf else 'beyond any picture'}")
    return value


def flag(text: Any) -> bool:
    """Whether something is said to be so: by 1 or true, whether as a number or in letters."""
    return str(text).strip().lower() in ("1", "1.0", "true")


def size_of(width: Any, height: Any) -> tuple[int, int] | None:
    """A size in pixels as stated; None where none is, as tools write 0 for what they do not know."""
    try:
        size = int(float(width)), int(float(height))
    except (TypeError, ValueError, OverflowError):
        return None
    return size if min(size) > 0 else None


def refuse_no_folder(root: Path, layout: str) -> None:
    """Refuses a root that is not there.

    Raises:
        DatasetError: saying what is expected.
    """
    if not root.exists():
        raise DatasetError(f"{root}: no such folder; expected {layout}")
