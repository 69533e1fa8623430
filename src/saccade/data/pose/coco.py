"""A file of COCO's key points: pictures, people, and the skeleton of their category. Lin et al., ECCV 2014.

Beyond COCO's own words, an annotation may have `bbox_head` (PoseTrack's box of the head), or what `writing`
writes so that no set loses anything: `head_size`, `center` and `scale`, see `AnnotatedPerson`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saccade.core import DatasetError, Skeleton
from saccade.core.skeleton import HEAD_BOX_FACTOR
from saccade.data.detection.folders import Pictures, unique_names
from saccade.data.detection.records import Corners, Fault, Kind, flag, number, size_of
from saccade.data.formats.coco import take_lists
from saccade.data.pose.contents import AREA_SHARE, FURTHEST, PoseContent, is_box, person_of, read_joints
from saccade.data.pose.described import read_skeleton
from saccade.data.pose.people import AnnotatedPerson, Outline, PoseDataset, PosedImage

_NUMBERS = frozenset({int, float})
_TAKE_OUT = "correct it, or take the annotation out"


class _Row(NamedTuple):
    """An annotation, smaller than it stands in the file: of hundreds of thousands all are kept."""

    number: int
    image: Any
    category: Any
    keypoints: Any
    box: Any
    area: Any
    is_crowd: bool
    outline: Any
    extra: Mapping[str, Any]


class _RowError(ValueError):
    """An annotation that nothing can be made of."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind: Kind = kind


@dataclass(slots=True)
class CocoPoses:
    """What a file lists, by id."""

    file: Path
    images: dict[Any, dict[str, Any]] = field(default_factory=dict)
    categories: dict[Any, dict[str, Any]] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)
    num_without_area: int = 0
    faults: list[Fault] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def read(self) -> None:
        """Reads the file.

        Raises:
            DatasetError: when it is no JSON, naming the place, or has no pictures or categories.
        """
        takers = {
            "images": self._take_image,
            "annotations": self._take_row,
            "categories": self._take_category,
        }
        take_lists(self.file, takers, lambda: f"{len(self.images)} images and {len(self.rows)} annotations")
        if not self.images or not self.categories:
            raise DatasetError(
                f"{self.file}: {len(self.images)} images and {len(self.categories)} categories in it; give a "
                f"file with lists 'images', 'annotations' and 'categories'"
            )

    def skeleton(self) -> tuple[Skeleton, tuple[str, ...]]:
        """The skeleton of the people, and what was inferred of it.

        Raises:
            DatasetError: when no category has key points, or two have different ones.
        """
        posed = {key: each for key, each in self.categories.items() if each.get("keypoints")}
        if not posed:
            names = ", ".join(str(each.get("name")) for each in self.categories.values())
            raise DatasetError(
                f"{self.file}: none of its categories ({names}) has a list 'keypoints' with the names of its "
                f"points; is it a file of boxes only? Write the names there"
            )
        (_, first), *others = posed.items()
        for _, other in others:
            if any(first.get(key) != other.get(key) for key in ("keypoints", "skeleton")):
                raise DatasetError(
                    f"{self.file}: categories '{first.get('name')}' and '{other.get('name')}' have different "
                    f"key points; write a file for each"
                )
        return read_skeleton(first, f"{self.file}, category '{first.get('name')}'")

    def content(
        self, form: str, root: Path, split: str | None, skeleton: Skeleton, pictures: Pictures
    ) -> PoseContent:
        """What was read, as a data set."""
        people: dict[Any, list[AnnotatedPerson]] = {key: [] for key in self.images}
        for row in self.rows:
            if (person := self._person(row, skeleton)) is not None:
                people[row.image].append(person)
        written = [str(image["file_name"]) for image in self.images.values()]
        names = unique_names(written)
        images = tuple(
            PosedImage(
                name=name,
                file=pictures.find(file) or pictures.expected(file),
                annotation=self.file,
                size_wh=size_of(image.get("width"), image.get("height")),
                people=tuple(people[key]),
                id=key if isinstance(key, int) else place,
            )
            for place, ((key, image), name, file) in enumerate(
                zip(self.images.items(), names, written, strict=True), start=1
            )
        )
        notes: tuple[str, ...] = ()
        if self.num_without_area:
            notes = (f"{self.num_without_area:,} people have no area: {AREA_SHARE} of their box counts",)
        dataset = PoseDataset(
            name=form, root=root, split=split, skeleton=skeleton, images=images, notes=notes
        )
        return PoseContent(
            dataset=dataset, faults=tuple(self.faults), pictures=pictures.files, word="annotation"
        )

    def _take_image(self, row: Any) -> None:
        if not isinstance(row, dict) or not _is_id(row.get("id")) or not _is_name(row.get("file_name")):
            self._note("unreadable", f"image {len(self.images) + 1} has no id or no file_name", "correct it")
        elif row["id"] in self.images or row["file_name"] in self._names:
            where = f"image {row['id']}"
            self._note(
                "unreadable", "its id or its file_name is that of another", "list it once", where=where
            )
        else:
            kept = ("file_name", "width", "height")
            self.images[row["id"]] = {key: row[key] for key in kept if key in row}
            self._names.add(row["file_name"])

    def _take_category(self, row: Any) -> None:
        if not isinstance(row, dict) or not _is_id(row.get("id")) or row["id"] in self.categories:
            place = len(self.categories) + 1
            self._note("class", f"category {place} has no id of its own", "number categories anew")
        else:
            self.categories[row["id"]] = row

    def _take_row(self, row: Any) -> None:
        place = len(self.rows) + 1
        if not isinstance(row, dict):
            self._note("unreadable", f"annotation {place} is no object", "take the file anew")
            return
        joints, is_crowd = _packed(row.get("keypoints")), flag(row.get("iscrowd"))
        is_masked = is_crowd or not isinstance(joints, np.ndarray) or not joints[2::3].any()
        self.rows.append(
            _Row(
                number=row["id"] if isinstance(row.get("id"), int) else place,
                image=row.get("image_id"),
                category=row.get("category_id"),
                keypoints=joints,
                box=row.get("bbox"),
                area=row.get("area"),
                is_crowd=is_crowd,
                outline=_outline(row.get("segmentation")) if is_masked else None,
                extra={key: row[key] for key in _EXTRA if row.get(key) is not None},
            )
        )

    def _person(self, row: _Row, skeleton: Skeleton) -> AnnotatedPerson | None:
        """The person of an annotation; None, and maybe a fault, where there is none."""
        try:
            self._check_ids(row)
            if not self.categories[row.category].get("keypoints"):
                return None
            return self._read_person(row, skeleton)
        except _RowError as error:
            self._note(error.kind, str(error), _TAKE_OUT, row.number)
            return None

    def _check_ids(self, row: _Row) -> None:
        for what, key, known in (
            ("image", row.image, self.images),
            ("category", row.category, self.categories),
        ):
            if not _is_id(key) or key not in known:
                raise _RowError("dangling", f"is of {what} {key}, which is not in the list")

    def _read_person(self, row: _Row, skeleton: Skeleton) -> AnnotatedPerson | None:
        try:
            rows = np.zeros(3 * len(skeleton)) if row.keypoints is None else row.keypoints
            joints = read_joints(rows, skeleton.points)
        except ValueError as error:
            raise _RowError("keypoints", str(error)) from None
        try:
            box = _corners(row.box)
            values = {key: _EXTRA[key](value) for key, value in row.extra.items()}
        except ValueError as error:
            raise _RowError("coordinates", str(error)) from None
        if row.box is not None and not is_box(box):
            self._note("no_area", f"its box {row.box} has no area", "draw it anew", row.number)
        area = float(row.area) if isinstance(row.area, int | float) and 0 < row.area < FURTHEST**2 else None
        self.num_without_area += area is None
        head_box = values.pop("bbox_head", None)
        values.setdefault("head_size", head_box)
        return person_of(
            joints, box, number=row.number, area=area, is_crowd=row.is_crowd, outline=row.outline, **values
        )

    def _note(self, kind: Kind, reason: str, remedy: str, row: int | None = None, *, where: str = "") -> None:
        place = where or ("" if row is None else f"annotation {row}")
        fault = Fault(kind=kind, file=self.file, reason=reason, remedy=remedy, number=row, place=place)
        self.faults.append(fault)


def _packed(values: Any) -> Any:
    """A list of numbers as an array, which is many times smaller; anything else as it is."""
    if not isinstance(values, list) or not all(map(_NUMBERS.__contains__, map(type, values))):
        return values
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return values


def _is_id(value: Any) -> bool:
    return isinstance(value, int | float | str)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _corners(box: Any) -> Corners | None:
    """Edges of a box (x, y, w, h); None where there is none.

    Raises:
        ValueError: when it is no four numbers.
    """
    if box is None:
        return None
    if not isinstance(box, Sequence) or len(box) != 4:
        raise ValueError(f"its bbox is {box!r}, not four numbers x, y, w, h")
    x, y, w, h = (number(value) for value in box)
    return x, y, x + w, y + h


def _outline(segmentation: Any) -> Outline | None:
    """Polygons or run lengths, where they are of the kind that COCO writes."""
    if isinstance(segmentation, dict) and {"size", "counts"} <= segmentation.keys():
        return segmentation
    if not isinstance(segmentation, list) or not segmentation:
        return None
    try:
        polygons = tuple(np.array(corners, np.float32).reshape(-1, 2) for corners in segmentation)
    except (TypeError, ValueError):
        return None
    return polygons if all(len(each) > 2 and np.isfinite(each).all() for each in polygons) else None


def _head_size(box: Any) -> float | None:
    """PCKh's length of a head by its box (x, y, w, h), as in MPII; None where it has no area."""
    corners = _corners(box)
    if corners is None or not is_box(corners):
        return None
    return HEAD_BOX_FACTOR * hypot(corners[2] - corners[0], corners[3] - corners[1])


def _point(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"its center is {value!r}, not two numbers x, y")
    return number(value[0]), number(value[1])


_EXTRA: Mapping[str, Any] = {
    "bbox_head": _head_size,
    "head_size": number,
    "center": _point,
    "scale": number,
}
"""what else may stand in an annotation, and how it is read"""
