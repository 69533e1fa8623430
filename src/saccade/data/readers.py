"""Readers of a sequence's truth: what data sets have in common when their files become an annotation.

Each is a small value that a sequence keeps, and calls when somebody asks for the truth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int8

from saccade.core import DatasetError
from saccade.data.formats.boxes import read_boxes, read_flags, read_numbers
from saccade.data.formats.labels import ids_in, read_labels
from saccade.data.formats.regions import Regions, RunMask, read_regions
from saccade.data.frames import Frames
from saccade.data.truth import (
    BoxAnnotation,
    GroundTruth,
    LabelAnnotation,
    ObjectId,
    Presence,
    presence_of,
)
from saccade.media.images import picture_size

FULL_COVER = 8
"""GOT-10k counts how many eighths of a target are visible"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxReader:
    """Reads the truth about one target from a text file of boxes.

    Attributes:
        file: one line a frame.
        images: the frames.
        read: how the file is read.
        nan: what NaN means.
        omit: lines at the start that belong to frames which are left out.
        pads: whether frames beyond the last line are unknown, as where only the first box is published; goes
            without flags.
        limit: lines beyond so many are left out; None for no limit.
        may_be_negative: whether a box of negative size is just no box, rather than a mistake.
        absent: files of flags, 1 where the target is absent for one reason or another, by reason.
        cover: file with the visible eighths of the target; 0 means absent.
    """

    file: Path
    images: Frames
    read: Callable[[Path], Float64[np.ndarray, "F 4"]] = read_boxes
    nan: Presence = Presence.UNKNOWN
    omit: int = 0
    pads: bool = False
    limit: int | None = None
    may_be_negative: bool = False
    absent: Mapping[str, Path] = field(default_factory=dict)
    cover: Path | None = None

    def __call__(self) -> BoxAnnotation:
        # lines are left out after all have been looked at, so that a message counts them as the file does
        boxes = self.read(self.file)
        if self.may_be_negative:
            presence = presence_of(boxes, nan=self.nan)
        else:
            presence = GroundTruth.of_boxes(boxes, self.file, nan=self.nan).presence
        kept = slice(self.omit, self.limit)
        boxes, presence = boxes[kept], presence[kept]
        tags = {name: self._rows(read_flags(path), path, len(boxes)) for name, path in self.absent.items()}
        visibility = None
        if self.cover is not None:
            visibility = self._rows(_read_cover(self.cover), self.cover, len(boxes)) / FULL_COVER
            tags["covered"] = visibility == 0
        is_flagged = np.any(list(tags.values()), axis=0) if tags else None
        if is_flagged is not None:
            presence[is_flagged & (presence == Presence.PRESENT)] = Presence.ABSENT
        if self.pads:
            boxes, presence = pad(boxes, presence, len(self.images))
        truth = GroundTruth(boxes, presence, visibility=visibility, is_flagged=is_flagged)
        return BoxAnnotation({0: truth}, self.file, tags)

    def _rows(self, values: np.ndarray, path: Path, lines: int) -> np.ndarray:
        values = values[self.omit : self.limit]
        if len(values) != lines:
            raise DatasetError(
                f"{path} speaks of {len(values)} frames, but {self.file} of {lines}; take both files anew"
            )
        return values


def _read_cover(path: Path) -> Float64[np.ndarray, " F"]:
    cover = read_numbers(path)
    strange = np.flatnonzero(~np.isin(cover, np.arange(FULL_COVER + 1)))
    if len(strange):
        raise DatasetError(
            f"{path}, line {strange[0] + 1}: {cover[strange[0]]:g} is no number of eighths; "
            f"take the original file anew"
        )
    return cover


def pad(
    boxes: Float64[np.ndarray, "F 4"], presence: Int8[np.ndarray, " F"], frames: int
) -> tuple[Float64[np.ndarray, "G 4"], Int8[np.ndarray, " G"]]:
    """Boxes and presence of as many frames; nothing is known of those that come to it."""
    missing = max(frames - len(boxes), 0)
    return (
        np.concatenate([boxes, np.full((missing, 4), np.nan)]),
        np.concatenate([presence, np.full(missing, Presence.UNKNOWN, dtype=np.int8)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReader:
    """Reads the truth of a VOT sequence: one region file an object, and what is said of each frame.

    Attributes:
        files: by object; frames beyond the last line of one are unknown.
        images: the frames.
        nan: what a line without a region means.
        tags: files of flags, by name; frames beyond their end have none.
        values: files of numbers, by name; frames beyond their end have 0.
    """

    files: Mapping[ObjectId, Path]
    images: Frames
    nan: Presence = Presence.UNKNOWN
    tags: Mapping[str, Path] = field(default_factory=dict)
    values: Mapping[str, Path] = field(default_factory=dict)

    def __call__(self) -> BoxAnnotation:
        objects = {name: self._truth(file) for name, file in self.files.items()}
        tags = {name: self._fill(read_flags(path)) for name, path in self.tags.items()}
        values = {name: self._fill(read_numbers(path)) for name, path in self.values.items()}
        return BoxAnnotation(objects, next(iter(self.files.values())), tags, values)

    def _truth(self, file: Path) -> GroundTruth:
        regions = read_regions(file)
        if len(regions.boxes) > len(self.images) and len(self.files) > 1:
            raise DatasetError(
                f"{file} has {len(regions.boxes)} lines, but the sequence only {len(self.images)} frames; "
                f"give one line a frame"
            )
        known = GroundTruth.of_boxes(regions.boxes, file, nan=self.nan)
        boxes, presence = pad(known.boxes, known.presence, len(self.images))
        missing = len(boxes) - len(known)
        polygons = regions.polygons
        if polygons is not None:
            polygons = np.pad(polygons, ((0, missing), (0, 0), (0, 0)), constant_values=np.nan)
        return GroundTruth(boxes, presence, polygons, self._masks(regions, missing))

    def _masks(self, regions: Regions, missing: int) -> "RunMasks | None":
        if regions.masks is None:
            return None
        size = picture_size(self.images[0]) if len(self.images) else None
        if size is None:
            raise DatasetError(
                f"{next(iter(self.files.values()))}: its first frame cannot be read; take it anew"
            )
        return RunMasks((*regions.masks, *[None] * missing), size)

    def _fill(self, rows: np.ndarray) -> np.ndarray:
        frames = len(self.images)
        return np.pad(rows[:frames], (0, max(frames - len(rows), 0)))


@dataclass(frozen=True, slots=True)
class RunMasks:
    """Masks that are kept as runs, and drawn when they are asked for."""

    rows: tuple[RunMask | None, ...]
    size_wh: tuple[int, int]

    def __getitem__(self, index: int, /) -> Bool[np.ndarray, "H W"] | None:
        row = self.rows[index]
        return None if row is None else row.on_frame(self.size_wh)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReader:
    """Finds the label pictures of a sequence: those of the same name as a frame.

    Attributes:
        folder: where the label pictures lie.
        images: the frames.
        starts: the objects and the first frame of each, where that is known beforehand; else it is found.
        starts_at_once: whether all objects are in the first label picture, so that one need not see the rest.
        is_binary: whether every pixel that is not 0 belongs to one object; None where the first label picture
            tells, by having no label but 255.
        categories: what the objects are, where that is known.
    """

    folder: Path
    images: Frames
    starts: Mapping[ObjectId, int] | None = None
    starts_at_once: bool = False
    is_binary: bool | None = False
    categories: Mapping[ObjectId, str] = field(default_factory=dict)

    def __call__(self) -> LabelAnnotation:
        labelled = {path.stem: path for path in self._pictures()}
        files = tuple(labelled.pop(image.stem, None) for image in self.images)
        if labelled:
            raise DatasetError(
                f"{min(labelled.values())}: there is no frame of that name; "
                f"take frames and masks of the same version"
            )
        first = next(index for index, file in enumerate(files) if file is not None)
        is_binary = self._says_binary(files[first], first) if self.is_binary is None else self.is_binary
        starts = self.starts
        if starts is None:
            starts = {1: first} if is_binary else self._starts(files)
        return LabelAnnotation(self.images, files, starts, is_binary, self.categories)

    def _says_binary(self, file: Path | None, index: int) -> bool:
        return file is not None and not len(ids_in(read_labels(file, self.images[index])))

    def _pictures(self) -> list[Path]:
        # macOS leaves a hidden '._name.png' beside every file
        found = sorted(path for path in self.folder.glob("*.png") if not path.name.startswith("."))
        if not found:
            raise DatasetError(
                f"{self.folder}: no masks in it; put one PNG a frame there, at least the first"
            )
        return found

    def _starts(self, files: tuple[Path | None, ...]) -> dict[ObjectId, int]:
        starts: dict[ObjectId, int] = {}
        for index, file in enumerate(files):
            if file is None:
                continue
            for label in ids_in(read_labels(file, self.images[index])):
                starts.setdefault(int(label), index)
            if self.starts_at_once:
                break
        return starts
