"""How YOLO's sets lie on the disk: pictures, a text file of labels for each, and what names the classes.

    ROOT/data.yaml with names, train, val and test                  as ultralytics and Roboflow lay it out
    ROOT/images[/<split>], ROOT/labels[/<split>], ROOT/classes.txt
    ROOT/*.jpg and *.txt beside, ROOT/classes.txt                   as LabelImg
    ROOT/obj.data, obj.names, obj_train_data                        as darknet and CVAT

A YAML file with `kpt_shape` is of key points: of every object so many follow its box.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from saccade.core import DatasetError
from saccade.data.detection.folders import (
    CLASS_LISTS,
    SPLIT_FOLDERS,
    Pictures,
    checked_classes,
    class_list,
    is_file,
    is_possible,
    is_there,
    stem_of,
)
from saccade.data.detection.records import Fault
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
_MOST_POINTS = 1000
"""of an object; a whole body with face, hands and feet has 133"""


class PointShape(NamedTuple):
    """`kpt_shape`: how many points an object has, and how many numbers each of them: x and y, or x, y and
    visibility."""

    points: int
    numbers: int


@dataclass(slots=True)
class Layout:
    """Where things lie.

    Attributes:
        home: the folder of the data set.
        parts: folders and lists of pictures, by split; empty where there are no splits.
        whole: the folders where there are none.
        names: of the classes; None where nothing tells.
        file: the YAML file that describes it; None where there is none.
        described: what stands there.
        shape: of the points of every object; None where there are boxes alone.
    """

    home: Path
    parts: dict[str, list[Path]] = field(default_factory=dict)
    whole: list[Path] = field(default_factory=list)
    names: tuple[str, ...] | None = None
    file: Path | None = None
    described: Mapping[str, Any] = field(default_factory=dict)
    shape: PointShape | None = None

    @classmethod
    def of(cls, root: Path) -> "Layout":
        """Finds out.

        Raises:
            DatasetError: when a file that should tell cannot be read.
        """
        file = root if root.is_file() else yaml_of(root)
        if file is not None:
            return cls._described(file)
        if (root / "obj.data").is_file():
            return cls._darknet(root)
        layout = cls(root, names=list_of_classes(root))
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
    def _described(cls, file: Path) -> "Layout":
        content = read_yaml(file)
        names = _names(file, content.get("names"))
        shape = _shape(file, content.get("kpt_shape"))
        layout = cls(file.parent, names=names, file=file, described=content, shape=shape)
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
    def _darknet(cls, root: Path) -> "Layout":
        pairs = (line.partition("=") for line in read_lines(root / "obj.data"))
        content = {key.strip(): value.strip() for key, _, value in pairs}
        layout = cls(root, names=list_of_classes(root))
        for key, part in (("train", "train"), ("valid", "val")):
            if content.get(key):
                layout.parts[part] = [_resolved(root / "obj.data", None, content[key])]
        return layout


def _names(file: Path, names: Any) -> tuple[str, ...]:
    """The classes that a YAML file lists, or numbers from 0."""
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
    return checked_classes((str(name).strip() for name in names), str(file))


def _shape(file: Path, value: Any) -> PointShape | None:
    if value is None:
        return None
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    if not is_pair or not 1 <= value[0] <= _MOST_POINTS or value[1] not in (2, 3):
        raise DatasetError(
            f"{file}: kpt_shape is {value!r}; expected [points, 2] for x and y of each, or [points, 3] "
            f"for x, y and visibility, with 1 to {_MOST_POINTS:,} points"
        )
    return PointShape(*value)


def yaml_of(root: Path) -> Path | None:
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
        content = read_yaml(file)
    except DatasetError:
        return False
    return "names" in content and any(part in content for part in _PARTS)


def read_yaml(file: Path) -> dict[str, Any]:
    """What stands in a YAML file.

    Raises:
        DatasetError: when it cannot be read, or has no keys.
    """
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


def list_of_classes(root: Path) -> tuple[str, ...] | None:
    """The classes of the files that list them; None where there is none."""
    return class_list(root) or (class_list(root / "labels") if (root / "labels").is_dir() else None)


def has_labels(root: Path) -> bool:
    """Whether there are text files that may be labels."""
    return any(path.name.lower() not in _NO_LABELS for path in root.glob("*.txt"))


def listed(layout: Layout, split: str | None, faults: list[Fault]) -> list[Path]:
    """The pictures of a split, those that are missing too.

    Raises:
        DatasetError: when there is none, or a list of pictures cannot be read.
    """
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


def relative_name(path: Path, home: Path) -> str:
    """How a picture is called: from the folder of all pictures on."""
    try:
        parts = path.relative_to(home).parts
    except ValueError:
        return path.name
    kept = [part for part in parts[:-1] if part not in ("images", "obj_train_data", *SPLIT_FOLDERS)]
    return "/".join((*kept, parts[-1]))


def labels_of(picture: Path) -> Path:
    """The text file of a picture: in `labels` for the last `images` of its path, or beside it."""
    beside = picture.with_name(stem_of(picture.name) + ".txt")
    parts = list(beside.parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            swapped = Path(*parts)
            return swapped if is_file(swapped) or not is_file(beside) else beside
    return beside


def labelled_size(picture: Path, faults: list[Fault]) -> tuple[int, int] | None:
    """Width and height of a picture that has labels; None, and a fault, where it cannot be read."""
    size_wh = picture_size(picture)
    if size_wh is None and picture.is_file():
        reason, remedy = "cannot be read as a picture", "take it anew, or leave it out"
        fault = Fault(kind="unreadable_picture", file=picture, reason=reason, remedy=remedy, picture=picture)
        faults.append(fault)
    return size_wh


def without_picture(used: Collection[Path], pictures: Sequence[Path]) -> list[Fault]:
    """Text files of labels that no picture near has the name of; those that are in no list are near, too.

    Args:
        used: the labels of pictures.
    """
    folders = dict.fromkeys(labels_of(path).parent for path in pictures)
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
