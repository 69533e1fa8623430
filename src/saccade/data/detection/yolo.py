"""YOLO: a text file a picture, `class x y w h` a line, all but the class in shares of the picture.

    ROOT/data.yaml with names, train, val and test                  as ultralytics and Roboflow lay it out
    ROOT/images[/<split>], ROOT/labels[/<split>], ROOT/classes.txt
    ROOT/*.jpg and *.txt beside, ROOT/classes.txt                   as LabelImg
    ROOT/obj.data, obj.names, obj_train_data                        as darknet and CVAT

A picture without a text file has no boxes, and so has one with an empty file. Lines of more than five numbers
are outlines, of which the box around is taken. Shares are of the picture as it is shown, EXIF orientation
applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from saccade.core import DatasetError
from saccade.data.detection.folders import (
    CLASS_LISTS,
    SPLIT_FOLDERS,
    Pictures,
    checked_classes,
    choose_split,
    class_list,
    is_file,
    is_possible,
    is_there,
    stem_of,
    unique_names,
)
from saccade.data.detection.records import (
    Corners,
    Fault,
    Kind,
    RawImage,
    RawObject,
    RawSplit,
    number,
    refuse_no_folder,
)
from saccade.data.formats.text import read_lines
from saccade.media.images import natural_order, picture_size

LAYOUT = (
    "ROOT/data.yaml with names, train and val, or ROOT/images and ROOT/labels, each with or without a folder "
    "a split, and ROOT/classes.txt"
)
_PARTS = ("train", "val", "test")
_NO_LABELS = {*CLASS_LISTS, "train.txt", "val.txt", "test.txt", "valid.txt", "readme.txt"}
_SHOWN = 40
"""letters of a name that is too long"""
_ROUNDING = 0.01
"""by how much a share may be beyond 0 and 1 before it is taken for pixels"""


def fits(root: Path) -> bool:
    """Whether there is a YAML file of names, or text files of labels with a list of classes."""
    if root.is_file():
        return root.suffix.lower() in (".yaml", ".yml")
    if not root.is_dir():
        return False
    return (
        _yaml(root) is not None
        or any((root / name).exists() for name in ("labels", "obj.data"))
        or (_list_of_classes(root) is not None and _has_labels(root))
    )


def split_names(root: Path) -> tuple[str, ...]:
    """The parts that the YAML file names, or the folders that are there."""
    return tuple(_Layout.of(root).parts)


def read_split(
    root: Path, split: str | None, classes: Sequence[str] | None, *, is_whole: bool = False
) -> RawSplit:
    """Reads the labels of a split; `root` may be the YAML file.

    Raises:
        DatasetError: when nothing of YOLO is there, or no class has a name.
    """
    refuse_no_folder(root, LAYOUT)
    layout = _Layout.of(root)
    split = choose_split(split, tuple(layout.parts), root)
    names = tuple(classes) if classes is not None else layout.names
    if names is None:
        raise DatasetError(
            f"{root}: no name of any class; write classes.txt with one name a line, or a data.yaml with names"
        )
    faults: list[Fault] = []
    pictures = _listed(layout, split, faults)
    home = layout.home
    shown = unique_names([_relative(path, home) for path in pictures])
    images = tuple(
        _image(path, name, index, names, faults)
        for index, (path, name) in enumerate(zip(pictures, shown, strict=True))
    )
    faults += _without_picture(images, pictures)
    return RawSplit(
        form="yolo",
        root=root,
        split=split,
        classes=names,
        is_declared=True,
        word="line",
        images=images,
        pictures=tuple(path for path in pictures if path.is_file()),
        faults=tuple(faults),
        notes=layout.notes,
    )


@dataclass(slots=True)
class _Layout:
    """Where things lie.

    Attributes:
        home: the folder of the data set.
        parts: folders and lists of pictures, by split; empty where there are no splits.
        whole: the folders where there are none.
        names: of the classes; None where nothing tells.
    """

    home: Path
    parts: dict[str, list[Path]] = field(default_factory=dict)
    whole: list[Path] = field(default_factory=list)
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> "_Layout":
        """Finds out.

        Raises:
            DatasetError: when a file that should tell cannot be read.
        """
        described = root if root.is_file() else _yaml(root)
        if described is not None:
            return cls._described(described)
        if (root / "obj.data").is_file():
            return cls._darknet(root)
        layout = cls(root, names=_list_of_classes(root))
        for place in (root / "images", root):
            parts = {name: place / name for name in SPLIT_FOLDERS if (place / name).is_dir()}
            if parts:
                layout.parts = {
                    name: [part / "images" if (part / "images").is_dir() else part]
                    for name, part in parts.items()
                }
                return layout
        layout.whole = [root / "images" if (root / "images").is_dir() else root]
        return layout

    @classmethod
    def _described(cls, file: Path) -> "_Layout":
        content = _read_yaml(file)
        names = content.get("names")
        if isinstance(names, Mapping):
            numbered = {str(key): name for key, name in names.items()}
            if set(numbered) != {str(number) for number in range(len(numbered))}:
                raise DatasetError(
                    f"{file}: names are numbered {', '.join(numbered)}; number them 0, 1, 2 …, without a gap"
                )
            names = [numbered[str(number)] for number in range(len(numbered))]
        if not isinstance(names, list):
            raise DatasetError(f"{file}: expected 'names', a list of the classes, not {names!r}")
        for name in names:
            if isinstance(name, bool) or name is None:
                raise DatasetError(
                    f"{file}: a name is {name!r}, as YAML reads yes, no, on, off and null; put it in quotes"
                )
        layout = cls(file.parent, names=checked_classes((str(name).strip() for name in names), str(file)))
        # as ultralytics has it, lists name pictures from here
        base = file.parent / str(content.get("path") or ".")
        layout.home = base if is_there(base) and base.is_dir() else file.parent
        count = content.get("nc")
        if count is not None and count != len(names):
            raise DatasetError(
                f"{file}: nc is {count}, but there are {len(names)} names; correct one of them"
            )
        for part in (*_PARTS, "valid"):
            entries = content.get(part)
            if entries:
                listed = entries if isinstance(entries, list) else [entries]
                name = "val" if part == "valid" else part
                layout.parts[name] = [_resolved(file, content.get("path"), str(entry)) for entry in listed]
        if not layout.parts:
            raise DatasetError(
                f"{file}: none of {', '.join(_PARTS)} in it; name a folder of pictures for each"
            )
        return layout

    @classmethod
    def _darknet(cls, root: Path) -> "_Layout":
        pairs = (line.partition("=") for line in read_lines(root / "obj.data"))
        content = {key.strip(): value.strip() for key, _, value in pairs}
        layout = cls(root, names=_list_of_classes(root))
        for key, part in (("train", "train"), ("valid", "val")):
            if content.get(key):
                layout.parts[part] = [_resolved(root / "obj.data", None, content[key])]
        return layout


def _yaml(root: Path) -> Path | None:
    """The YAML file that tells of a data set: data.yaml, or the only one with names."""
    for name in ("data.yaml", "data.yml", "dataset.yaml"):
        if (root / name).is_file():
            return root / name
    found = [path for path in sorted((*root.glob("*.yaml"), *root.glob("*.yml"))) if _tells(path)]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DatasetError(f"{root}: which of {names} tells of the data set? Give that file for the folder")
    return found[0] if found else None


def _tells(file: Path) -> bool:
    try:
        content = _read_yaml(file)
    except DatasetError:
        return False
    return "names" in content and any(part in content for part in _PARTS)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"{file}: cannot be read as YAML ({reason}); correct it") from None
    if not isinstance(content, dict):
        raise DatasetError(f"{file}: expected keys names, train and val; correct it")
    return content


def _resolved(file: Path, base: Any, entry: str) -> Path:
    """The folder or list that an entry means; as files are moved, several readings are tried."""
    # Roboflow writes ../train/images of a folder beside the file
    plain = entry.replace("\\", "/")
    short = plain.removeprefix("../").removeprefix("./")
    roots = ([file.parent / str(base)] if base else []) + [file.parent]
    # darknet's lists begin with a folder of its own
    tails = dict.fromkeys((plain, short, short.removeprefix("data/")))
    tried = [root / tail for root in roots for tail in tails]
    found = next((path for path in tried if is_there(path)), None)
    if found is None and not is_possible(tried[0]):
        longest = max(tried[0].parts, key=len)
        raise DatasetError(f"{file}: '{longest[:_SHOWN]}…' is the name of no file; correct it")
    return found or tried[0]


def _list_of_classes(root: Path) -> tuple[str, ...] | None:
    return class_list(root) or (class_list(root / "labels") if (root / "labels").is_dir() else None)


def _has_labels(root: Path) -> bool:
    return any(path.name.lower() not in _NO_LABELS for path in root.glob("*.txt"))


def _listed(layout: _Layout, split: str | None, faults: list[Fault]) -> list[Path]:
    """The pictures of a split, those that are missing too."""
    found: dict[Path, None] = {}
    for place in layout.whole if split is None else layout.parts[split]:
        if place.is_dir():
            found |= dict.fromkeys(Pictures([place]).files)
            continue
        if not place.is_file():
            raise DatasetError(f"{place}: no such folder or list of pictures; correct {layout.home}")
        for line, text in enumerate(read_lines(place), start=1):
            if not text.strip():
                continue
            path = _resolved(place, layout.home, text.strip())
            if path.is_dir():
                raise DatasetError(
                    f"{place}, line {line}: '{text.strip()}' is a folder; name a picture a line"
                )
            if path in found:
                faults.append(
                    Fault(
                        kind="listed_twice",
                        file=place,
                        reason=f"'{text.strip()}' is listed before",
                        remedy="list it once",
                        number=line,
                        place=f"line {line}",
                    )
                )
            found[path] = None
    if not found:
        raise DatasetError(f"{layout.home}: no picture of {split or 'any split'} in it; expected {LAYOUT}")
    return natural_order(found)


def _relative(path: Path, home: Path) -> str:
    """How a picture is called: from the folder of all pictures on."""
    try:
        parts = path.relative_to(home).parts
    except ValueError:
        return path.name
    kept = [part for part in parts[:-1] if part not in ("images", "obj_train_data", *SPLIT_FOLDERS)]
    return "/".join((*kept, parts[-1]))


def _labels_of(picture: Path) -> Path:
    """The text file of a picture: in `labels` for the last `images` of its path, or beside it."""
    beside = picture.with_name(stem_of(picture.name) + ".txt")
    parts = list(beside.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            swapped = Path(*parts)
            return swapped if is_file(swapped) or not is_file(beside) else beside
    return beside


def _image(path: Path, name: str, index: int, names: Sequence[str], faults: list[Fault]) -> RawImage:
    labels = _labels_of(path)
    annotation = labels if is_file(labels) else None
    size_wh = picture_size(path) if annotation is not None else None
    if annotation is not None and size_wh is None and path.is_file():
        reason, remedy = "cannot be read as a picture", "take it anew, or leave it out"
        faults.append(Fault(kind="unreadable_picture", file=path, reason=reason, remedy=remedy, picture=path))
    objects: list[RawObject] = []
    for line, text in enumerate(_lines(labels, path, faults) if annotation else (), start=1):
        if not text.strip():
            continue
        try:
            label, shares = _shares(text, len(names))
        except _LineError as error:
            faults.append(
                Fault(
                    kind=error.kind,
                    file=labels,
                    reason=str(error),
                    remedy=error.remedy,
                    number=line,
                    place=f"line {line}",
                    picture=path,
                )
            )
            continue
        width, height = size_wh or (1, 1)
        x1, y1, x2, y2 = shares
        box = (x1 * width, y1 * height, x2 * width, y2 * height)
        objects.append(RawObject(number=line, name=names[label], box=box))
    return RawImage(
        name=name, file=path, annotation=annotation, size_wh=size_wh, objects=tuple(objects), id=index
    )


def _lines(labels: Path, picture: Path, faults: list[Fault]) -> list[str]:
    try:
        return read_lines(labels)
    except DatasetError as error:
        reason = str(error).removeprefix(f"{labels}: ")
        faults.append(
            Fault(kind="unreadable", file=labels, reason=reason, remedy="write it anew", picture=picture)
        )
        return []


class _LineError(Exception):
    """A line that cannot be used."""

    def __init__(self, kind: Kind, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.kind, self.remedy = kind, remedy


def _shares(text: str, num_classes: int) -> tuple[int, Corners]:
    """The class and the edges in shares of the picture."""
    words = text.split()
    if len(words) != 5 and (len(words) < 7 or len(words) % 2 == 0):
        reason = f"has {len(words)} values, not class x y w h"
        raise _LineError("coordinates", reason, "correct it, or take the line out")
    try:
        label, *values = (number(word) for word in words)
    except ValueError as error:
        raise _LineError("coordinates", str(error), "write numbers with a decimal point") from None
    if label != int(label) or not 0 <= label < num_classes:
        reason = f"class {words[0]} has no name: there are {num_classes}, counted from 0"
        raise _LineError("class", reason, "add its name to the list, or take the line out")
    if not all(-_ROUNDING <= value <= 1 + _ROUNDING for value in values):
        reason = "its values are not all between 0 and 1, as shares of the picture are"
        raise _LineError("coordinates", reason, "divide x and w by the width, y and h by the height")
    if len(values) > 4:
        return int(label), (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
    x, y, w, h = values
    return int(label), (x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def _without_picture(images: Sequence[RawImage], pictures: Sequence[Path]) -> list[Fault]:
    """Text files of labels that no picture near has the name of; those that are in no list are near, too."""
    used = {image.annotation for image in images}
    folders = dict.fromkeys(_labels_of(path).parent for path in pictures)
    faults = []
    for folder in filter(Path.is_dir, folders):
        beside = Path(*("images" if part == "labels" else part for part in folder.parts))
        near = {
            stem_of(path.name) for place in {folder, beside} if place.is_dir() for path in place.iterdir()
        }
        for file in natural_order(folder.glob("*.txt")):
            if file not in used and file.name.lower() not in _NO_LABELS and file.stem not in near:
                reason, remedy = "there is no picture of this name", "put it there, or take the file out"
                faults.append(Fault(kind="missing_picture", file=file, reason=reason, remedy=remedy))
    return faults
