"""COCO: one JSON file a split, as CVAT, Label Studio and Roboflow write it too. Lin et al., ECCV 2014.

    ROOT/annotations/instances_<split>.json, ROOT/images/<split>, ROOT/<split> or ROOT/images
    ROOT/<name>.json                                                with the pictures in it or below
    ROOT/<train|valid|test>/_annotations.coco.json with the pictures beside    as Roboflow exports

Boxes are (x, y, w, h) from 0, floats. Labels are places in the list of categories ordered by id, so that
ids may begin at 0 or 1 and have gaps. A category that Roboflow puts first as the parent of all others is left
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from saccade.core import DatasetError
from saccade.data.detection.folders import (
    Pictures,
    checked_classes,
    choose_split,
    split_folders,
    unique_names,
)
from saccade.data.detection.records import (
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
from saccade.data.formats.coco import take_lists

LAYOUT = (
    "ROOT/annotations/instances_<split>.json and ROOT/images, or ROOT/<split>/_annotations.coco.json with "
    "the pictures beside"
)
_ROBOFLOW = "_annotations.coco.json"
_PREFIX = "instances_"
_PICTURES = ("images", "JPEGImages", "data")
_HEAD = 65536
_FURTHEST = 1e9
"""pixels; no area is larger than a square of that side"""
_KNOWN = {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "ignore"}


def fits(root: Path) -> bool:
    """Whether there is a JSON file that begins as COCO's do."""
    return root.is_dir() and bool(_files(root))


def split_names(root: Path) -> tuple[str, ...]:
    """What the annotation files are called."""
    return tuple(_files(root))


def read_split(
    root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
) -> RawSplit:
    """Reads the annotation file of a split; `root` may be that file.

    Raises:
        DatasetError: when there is none, or it ends early.
    """
    refuse_no_folder(root, LAYOUT)
    files = _files(root)
    if not files:
        raise DatasetError(f"{root}: no COCO annotations in it; expected {LAYOUT}")
    split = choose_split(split, tuple(files), root)
    assert split is not None
    file = files[split]
    content = _Content(file, is_whole)
    content.read()
    pictures = Pictures(_picture_folders(root, file, split))
    return content.split(root, split if len(files) > 1 else _said(file, split), classes, pictures)


@dataclass(slots=True)
class _Content:
    """What an annotation file lists, by id."""

    file: Path
    is_whole: bool
    images: dict[Any, dict[str, Any]] = field(default_factory=dict)
    categories: dict[Any, str] = field(default_factory=dict)
    parents: dict[Any, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _ids: dict[str, Any] = field(default_factory=dict)
    _aliases: dict[Any, Any] = field(default_factory=dict)

    def read(self) -> None:
        """Reads the file.

        Raises:
            DatasetError: when it is no JSON, naming the place, or no file of COCO's.
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

    def _take_image(self, row: Any) -> None:
        if not _has_id(row) or not (row.get("file_name") or row.get("coco_url")):
            self._note("unreadable", f"image {len(self.images) + 1} has no id or no file_name", "correct it")
        elif row["id"] in self.images:
            where = f"image {row['id']}"
            self._note("listed_twice", "its id is that of another, too", "number images anew", where=where)
        elif (name := _name(row)) in self._ids:
            first = self._aliases[row["id"]] = self._ids[name]
            where = f"image {row['id']}"
            reason = f"'{name}' is image {first}, too; their boxes are taken together"
            self._note("listed_twice", reason, "list it once", where=where)
        else:
            self.images[row["id"]], self._ids[name] = row, row["id"]

    def _take_category(self, row: Any) -> None:
        if not _has_id(row) or not str(row.get("name") or "").strip():
            self._note("class", f"category {len(self.categories) + 1} has no id or no name", "correct it")
            return
        if row["id"] in self.categories:
            self._note("class", f"category {row['id']} is there twice", "number categories anew")
            return
        # lists of other forms have a name a line, without blanks around it
        visible = "".join(sign if sign.isprintable() else " " for sign in str(row["name"]))
        self.categories[row["id"]] = " ".join(visible.split())
        self.parents[row["id"]] = str(row.get("supercategory"))

    def _take_row(self, row: Any) -> None:
        if isinstance(row, dict):
            self.rows.append(row if self.is_whole else {key: row[key] for key in _KNOWN if key in row})
        else:
            self._note("unreadable", f"annotation {len(self.rows) + 1} is no object", "take the file anew")

    def _note(
        self,
        kind: Kind,
        reason: str,
        remedy: str,
        row: int | None = None,
        *,
        where: str = "",
        picture: Path | None = None,
    ) -> None:
        place = where or ("" if row is None else f"annotation {row}")
        fault = Fault(
            kind=kind, file=self.file, reason=reason, remedy=remedy, number=row, place=place, picture=picture
        )
        self.faults.append(fault)

    def split(
        self, root: Path, split: str | None, given: Sequence[str] | None, pictures: Pictures
    ) -> RawSplit:
        """What was read, as a split."""
        names = unique_names([_name(row) for row in self.images.values()])
        files = {key: pictures.find(_name(row)) for key, row in self.images.items()}
        drawn: dict[Any, list[RawObject]] = {key: [] for key in self.images}
        for place, row in enumerate(self.rows, start=1):
            self._add(drawn, row, place, files)
        classes = tuple(given) if given is not None else self._classes()
        ids = {name: key for key, name in self.categories.items() if isinstance(key, int)}
        images = tuple(
            RawImage(
                name=name,
                file=files[key] or pictures.expected(_name(row)),
                annotation=self.file,
                size_wh=size_of(row.get("width"), row.get("height")),
                objects=tuple(drawn[key]),
                id=key if isinstance(key, int) else place,
                extra=row if self.is_whole else {},
            )
            for place, ((key, row), name) in enumerate(zip(self.images.items(), names, strict=True))
        )
        return RawSplit(
            form="coco",
            root=root,
            split=split,
            classes=classes,
            is_declared=True,
            word="annotation",
            images=images,
            pictures=pictures.files,
            faults=tuple(self.faults),
            category_ids=tuple(ids[name] for name in classes) if set(classes) <= ids.keys() else None,
        )

    def _classes(self) -> tuple[str, ...]:
        order = sorted(self.categories, key=lambda key: (isinstance(key, str), key))
        first, *others = order
        # Roboflow's first category is the name of the project, and of none of its objects
        is_project = (
            bool(others)
            and self.parents[first] in ("None", "none", "")
            and all(self.parents[key] == self.categories[first] for key in others)
            and not any(row.get("category_id") == first for row in self.rows)
        )
        return checked_classes(
            (self.categories[key] for key in (others if is_project else order)), str(self.file)
        )

    def _add(
        self,
        drawn: dict[Any, list[RawObject]],
        row: dict[str, Any],
        place: int,
        files: dict[Any, Path | None],
    ) -> None:
        row_id = row.get("id")
        count = row_id if isinstance(row_id, int) else place
        image = row.get("image_id")
        image = self._aliases.get(image, image) if _is_id(image) else image
        if not _is_id(image) or image not in drawn:
            self._note("dangling", f"is of image {image}, which is not in the list", _TAKE_OUT, count)
            return
        picture = files[image]
        category = row.get("category_id")
        if not _is_id(category) or category not in self.categories:
            reason = f"is of category {category}, which is not in the list"
            self._note("dangling", reason, _TAKE_OUT, count, picture=picture)
            return
        name = self.categories[category]
        box = row.get("bbox")
        try:
            if not isinstance(box, list) or len(box) != 4:
                raise ValueError(f"the bbox is {box!r}, not four numbers x, y, w, h")
            x, y, w, h = (number(value) for value in box)
        except ValueError as error:
            self._note("coordinates", f"of '{name}' {error}", _TAKE_OUT, count, picture=picture)
            return
        area = row.get("area")
        drawn[image].append(
            RawObject(
                number=count,
                name=name,
                box=(x, y, x + w, y + h),
                is_crowd=flag(row.get("iscrowd")),
                is_difficult=flag(row.get("ignore")),
                area=float(area) if isinstance(area, int | float) and 0 <= area < _FURTHEST**2 else None,
                extra={key: value for key, value in row.items() if key not in _KNOWN},
            )
        )


_TAKE_OUT = "correct it, or take the annotation out"


def _is_id(value: Any) -> bool:
    """Whether something can be the number or the name of a thing; lists and the like cannot."""
    return isinstance(value, int | float | str)


def _has_id(row: Any) -> bool:
    return isinstance(row, dict) and _is_id(row.get("id"))


def _name(row: dict[str, Any]) -> str:
    # LVIS 1 names pictures by their address alone
    return str(row.get("file_name") or str(row["coco_url"]).rpartition("/")[2])


def _said(file: Path, split: str) -> str | None:
    """The name of the only split, where it says more than that it is the only one."""
    is_named = file.name.startswith(_PREFIX) or file.name == _ROBOFLOW
    return split if is_named and split != "default" else None


def _files(root: Path) -> dict[str, Path]:
    """The annotation files, by split."""
    if root.is_file():
        return {root.stem.removeprefix(_PREFIX): root} if root.suffix.lower() == ".json" else {}
    folders = folders_of_splits(root)
    if folders:
        return {name: place / _ROBOFLOW for name, place in folders.items()}
    for place in (root / "annotations", root / "Annotations", root):
        files = sorted(path for path in place.glob("*") if path.suffix.lower() == ".json")
        named = [path for path in files if path.name.startswith(_PREFIX)]
        found = named or [path for path in files if _looks_like_coco(path)]
        if found:
            return {path.stem.removeprefix(_PREFIX): path for path in found}
    return {}


def folders_of_splits(root: Path) -> dict[str, Path]:
    """Folders that are splits, with their annotations in them: no other file is looked for then."""
    return split_folders(root, lambda place: (place / _ROBOFLOW).is_file())


def _looks_like_coco(file: Path) -> bool:
    """Whether a file begins as COCO's do: not one of results, which is a list, nor one of key points."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return False
    return head.startswith(b"{") and any(
        key in head for key in (b'"images"', b'"annotations"', b'"categories"')
    )


def _picture_folders(root: Path, file: Path, split: str) -> list[Path]:
    """Where pictures may lie; folders named like the split come first."""
    home = file.parent if root.is_file() else root
    if file.name == _ROBOFLOW:
        return [file.parent]
    own = [home / "images" / split, home / split, home / split / "data"]
    shared = [home / name for name in _PICTURES]
    if home.name in ("annotations", "Annotations"):
        shared.append(home.parent / "images")
    own = [folder for folder in own if folder.is_dir()]
    return own or [next((folder for folder in shared if folder.is_dir()), home)]


def picture_home(root: Path) -> Path:
    """The folder that names of pictures begin at, where splits have none of their own."""
    return next((root / name for name in _PICTURES if (root / name).is_dir()), root)
