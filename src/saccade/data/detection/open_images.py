"""Open Images: tables of boxes in shares of the picture. Kuznetsova et al., IJCV 2020.

    ROOT/<split>-annotations-bbox.csv, oidv6-<split>-annotations-bbox.csv        one of boxes a split
    ROOT/class-descriptions-boxable.csv                                          names of the classes
    ROOT/<split>-annotations-human-imagelabels-boxable.csv                       what people have looked for
    ROOT/<split>-images*.csv                                                     the pictures, if it is there
    ROOT/<split>/*.jpg or ROOT/images[/<split>]/*.jpg; tables also in ROOT/annotations or ROOT/csv

A box that is `IsGroupOf` is one around many. Tables that TensorFlow's tutorials write (filename, width,
height, class, xmin, ymin, xmax, ymax in pixels) are read too; their pixels are counted as in VOC, from which
they come.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import reason_of
from saccade.data.detection.folders import Pictures, choose_split, class_list, stem_of, unique_names
from saccade.data.detection.records import (
    Corners,
    Fault,
    Kind,
    RawImage,
    RawObject,
    RawSplit,
    flag,
    number,
    refuse_no_folder,
    size_of,
)
from saccade.data.detection.voc import SIDES, Convention
from saccade.media.images import natural_order, picture_size

LAYOUT = (
    "ROOT/<split>-annotations-bbox.csv, ROOT/class-descriptions-boxable.csv and ROOT/<split> or ROOT/images "
    "with pictures"
)
SHARES = ("XMin", "YMin", "XMax", "YMax")
_TABLES = (".", "annotations", "csv", "labels", "metadata")
_ENDINGS = ("-annotations-bbox", "_labels", "_bounding_boxes")
_OPTIONAL = ("Source", "Confidence", "IsOccluded", "IsTruncated", "IsDepiction", "IsInside")


def fits(root: Path) -> bool:
    """Whether there is a table of boxes."""
    return root.is_dir() and bool(_tables(root))


def split_names(root: Path) -> tuple[str, ...]:
    """What the tables of boxes are called."""
    return tuple(_tables(root))


def read_split(
    root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
) -> RawSplit:
    """Reads the table of a split.

    Rows of pictures that are not on the disk are left out and noted, for most users have but a part of Open
    Images.

    Raises:
        DatasetError: when there is no table.
    """
    refuse_no_folder(root, LAYOUT)
    tables = _tables(root)
    if not tables:
        raise DatasetError(f"{root}: no table of boxes in it; expected {LAYOUT}")
    split = choose_split(split, tuple(tables), root)
    assert split is not None
    table = _Table.of(tables[split])
    pictures = Pictures(_picture_folders(root, split, len(tables)))
    named = _descriptions(root)
    table.read(named, pictures)
    names, is_declared, notes = _classes(root, classes, named, table)
    chosen = _chosen(root, split, pictures, table)
    verified = _verified(root, split, named)
    called = unique_names([_name(path, pictures) for path in chosen])
    images = tuple(
        table.image(path, name, index, verified.get(path.stem))
        for index, (path, name) in enumerate(zip(chosen, called, strict=True))
    )
    return RawSplit(
        form="open_images",
        root=root,
        split=split if len(tables) > 1 or tables[split].stem != split else None,
        classes=names,
        is_declared=is_declared,
        word="line",
        images=images,
        pictures=pictures.files,
        faults=tuple(table.faults),
        notes=(*table.notes, *notes),
    )


@dataclass(slots=True)
class _Table:
    """A table of boxes.

    Attributes:
        columns: what the columns are called that hold picture, class, and the four sides.
        is_in_pixels: whether the sides are pixels as in VOC, not shares of the picture.
        rows: by picture.
        absent: how many rows are of pictures that are not on the disk, by the name of these.
    """

    file: Path
    columns: tuple[str, str, tuple[str, ...]]
    is_in_pixels: bool
    rows: dict[Path, list[tuple[int, str, Corners, Mapping[str, str]]]] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    convention: Convention = field(default_factory=lambda: Convention(True))

    @classmethod
    def of(cls, file: Path) -> "_Table":
        head = set(_head(file))
        if {"ImageID", "LabelName", *SHARES} <= head:
            return cls(file, ("ImageID", "LabelName", SHARES), False)
        return cls(file, ("filename", "class", SIDES), True)

    def read(self, named: Mapping[str, str], pictures: Pictures) -> None:
        """Reads all rows; those that cannot be used become faults."""
        picture_column, class_column, sides = self.columns
        written: list[list[str]] = []
        for line, row in _rows(self.file):
            found = pictures.find(row.get(picture_column) or "")
            if found is None:
                name = row.get(picture_column) or "?"
                self.absent[name] = self.absent.get(name, 0) + 1
                continue
            label = row.get(class_column) or ""
            if not label.strip():
                self._note("class", "has no class", line, found)
                continue
            texts = [_decimal(row.get(side) or "") for side in sides]
            try:
                x1, y1, x2, y2 = (number(text) for text in texts)
                if not self.is_in_pixels and not all(-0.01 <= value <= 1.01 for value in (x1, y1, x2, y2)):
                    raise ValueError("its sides are not all between 0 and 1, as shares of the picture are")
            except ValueError as error:
                self._note("coordinates", str(error), line, found)
                continue
            written.append(texts)
            kept = {key: row[key] for key in ("IsGroupOf", "width", "height", *_OPTIONAL) if row.get(key)}
            self.rows.setdefault(found, []).append((line, named.get(label, label), (x1, y1, x2, y2), kept))
        if self.is_in_pixels:
            self.convention = Convention.of(written)
            self.notes += self.convention.notes
        if self.absent:
            first = next(iter(self.absent))
            count = sum(self.absent.values())
            note = f"boxes of {len(self.absent):,} pictures that are not there, left out: {count:,}"
            self.notes += (f"{self.file}: {note}, first {first}",)

    def image(self, path: Path, name: str, index: int, verified: tuple[str, ...] | None) -> RawImage:
        """A picture with its rows."""
        rows = self.rows.get(path, [])
        size_wh = picture_size(path)
        if size_wh is None and rows and not self.is_in_pixels:
            self.faults.append(
                Fault(
                    kind="unreadable_picture",
                    file=path,
                    reason="cannot be read as a picture",
                    remedy="take it anew, or leave it out",
                    picture=path,
                )
            )
        if self.is_in_pixels and rows:
            size_wh = size_of(rows[0][3].get("width"), rows[0][3].get("height"))
        return RawImage(
            name=name,
            file=path,
            annotation=self.file,
            size_wh=size_wh,
            objects=tuple(self._object(*row, size_wh=size_wh or (1, 1)) for row in rows),
            id=index,
            verified=verified,
        )

    def _object(
        self, line: int, name: str, sides: Corners, kept: Mapping[str, str], size_wh: tuple[int, int]
    ) -> RawObject:
        x1, y1, x2, y2 = sides
        width, height = size_wh
        return RawObject(
            number=line,
            name=name,
            box=self.convention.edges(sides)
            if self.is_in_pixels
            else (x1 * width, y1 * height, x2 * width, y2 * height),
            is_crowd=flag(kept.get("IsGroupOf")),
            extra={key: kept[key] for key in _OPTIONAL if key in kept},
        )

    def _note(self, kind: Kind, reason: str, line: int, picture: Path) -> None:
        self.faults.append(
            Fault(
                kind=kind,
                file=self.file,
                reason=reason,
                remedy="correct the line, or take it out",
                number=line,
                place=f"line {line}",
                picture=picture,
            )
        )


def _decimal(text: str) -> str:
    """A number; spreadsheets of many countries write a comma for its point."""
    text = text.strip()
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _head(file: Path) -> list[str]:
    """The names of the columns; none where it cannot be read, as whatever lies there is looked at."""
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
            return next(csv.reader(opened), [])
    except (OSError, csv.Error):
        return []


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table that has names of columns, by their line.

    Raises:
        DatasetError: see `_cells`.
    """
    lines = _cells(file)
    _, head = next(lines, (0, []))
    for line, cells in lines:
        yield line, dict(zip(head, cells, strict=False))


def _cells(file: Path) -> Iterator[tuple[int, list[str]]]:
    """What stands in each line of a table that is not empty, by its number.

    Raises:
        DatasetError: when it is not UTF-8, or no table.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"{file}: cannot be read as a table ({reason_of(error)}); save it as CSV in UTF-8"
        ) from None


def _csv_files(root: Path) -> list[Path]:
    places = [root / name for name in _TABLES if (root / name).is_dir()]
    return list(dict.fromkeys(path for place in places for path in natural_order(place.glob("*.csv"))))


def _tables(root: Path) -> dict[str, Path]:
    """The tables of boxes, by split."""
    tables: dict[str, Path] = {}
    for file in _csv_files(root):
        head = set(_head(file))
        if {"ImageID", "LabelName", *SHARES} <= head or {"filename", "class", *SIDES} <= head:
            name = file.stem
            for ending in _ENDINGS:
                name = name.removesuffix(ending)
            tables.setdefault(name.removeprefix("oidv6-").removeprefix("oidv7-"), file)
    return tables


def _descriptions(root: Path) -> dict[str, str]:
    """The names of classes that the tables call by a code such as /m/01g317; in the order of the file."""
    for file in _csv_files(root):
        if file.stem.startswith(("class-descriptions", "oidv7-class-descriptions")) or file.stem == "classes":
            named = {cells[0]: cells[1].strip() for _, cells in _cells(file) if len(cells) >= 2}
            return {
                code: name for code, name in named.items() if (code, name) != ("LabelName", "DisplayName")
            }
    return {}


def _classes(
    root: Path, given: Sequence[str] | None, named: Mapping[str, str], table: _Table
) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    listed = tuple(given) if given is not None else class_list(root) or tuple(dict.fromkeys(named.values()))
    if listed:
        return listed, True, ()
    # what the classes are must not hang on the split
    others = (_Table.of(file) for file in _tables(root).values())
    names = {row.get(each.columns[1]) or "" for each in others for _, row in _rows(each.file)}
    found = tuple(sorted(names - {""}))
    note = f"no list of classes; those that occur are taken, in alphabetical order: {', '.join(found)}"
    return found, False, (note,)


def _picture_folders(root: Path, split: str, num_tables: int) -> list[Path]:
    own = [place for place in (root / split, root / "images" / split) if place.is_dir()]
    if own:
        return own
    return [place for place in (root / "images", root / "JPEGImages") if place.is_dir()][:1] or [root]


def _chosen(root: Path, split: str, pictures: Pictures, table: _Table) -> list[Path]:
    """The pictures of a split: those in a table, else all in its own folder, else those with boxes."""
    for file in _csv_files(root):
        if file.stem.removeprefix("oidv6-").startswith(f"{split}-images") and "ImageID" in _head(file):
            ids = {stem_of(row.get("ImageID") or "") for _, row in _rows(file)}
            return [path for path in pictures.files if path.stem in ids]
    has_own = all(split in folder.parts for folder in pictures.folders)
    if has_own or (len(_tables(root)) == 1 and not table.is_in_pixels):
        return list(pictures.files)
    return natural_order(table.rows)


def _name(path: Path, pictures: Pictures) -> str:
    folder = next(folder for folder in pictures.folders if path.is_relative_to(folder))
    return path.relative_to(folder).as_posix()


def _verified(root: Path, split: str, named: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Which classes people have looked for in each picture, be they there or not."""
    found: dict[str, dict[str, None]] = {}
    for file in _csv_files(root):
        stem = file.stem.removeprefix("oidv6-").removeprefix("oidv7-")
        if stem.startswith(f"{split}-annotations-human-imagelabels"):
            for _, row in _rows(file):
                label = row.get("LabelName") or ""
                found.setdefault(row.get("ImageID") or "", {})[named.get(label, label)] = None
    return {key: tuple(names) for key, names in found.items()}
