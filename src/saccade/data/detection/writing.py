"""Writing detection sets, in each form that can be read."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from saccade.data.detection.forms import Place
from saccade.data.detection.pictures import seen_size
from saccade.data.detection.records import Corners, RawImage, RawObject, RawSplit
from saccade.data.pictured import Pictured, PicturedSplit
from saccade.media.files import make_folder, replacing

NOTHING = 1e-3
"""pixels that shares of a picture lose and nobody misses"""
_DIGITS = 8
"""of shares of a picture: a hundredth of a pixel needs six"""


def write_text(file: Path, text: str) -> None:
    """Writes a text file, whole or not at all.

    Raises:
        OutputError: when it cannot be written.
    """
    make_folder(file.parent)
    with replacing(file) as part:
        part.write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Naming:
    """What pictures are called in a new data set, and where they lie.

    Attributes:
        names: without suffix, by file; no two are the same.
        is_shared: whether some picture is in several splits, so that all lie in one folder.
    """

    names: Mapping[Path, str]
    is_shared: bool

    @classmethod
    def of(cls, splits: Sequence[PicturedSplit]) -> "Naming":
        """Names all pictures: as they were called, flat, and by their split where two have the same name."""
        names: dict[Path, str] = {}
        taken: set[str] = set()
        is_shared = len(splits) == 1 and splits[0].split is None
        for split in splits:
            for image in split.images:
                if image.file in names:
                    is_shared = True
                    continue
                plain = image.name.replace("/", "_")
                plain = plain.removesuffix(image.file.suffix)
                names[image.file] = name = _free(plain, split.split, taken)
                taken.add(name.casefold())
        return cls(names, is_shared)

    def file_name(self, image: Pictured) -> str:
        """The name of a picture file."""
        return self.names[image.file] + image.file.suffix


def _free(name: str, split: str | None, taken: set[str]) -> str:
    """A name that is not taken, also where a disk does not tell small letters from capitals."""
    candidates = [name, *([f"{split}_{name}"] if split else ())]
    free = next((each for each in candidates if each.casefold() not in taken), None)
    number = 2
    while free is None:
        free = f"{name}_{number}" if f"{name}_{number}".casefold() not in taken else None
        number += 1
    return free


def classes_of(splits: Sequence[RawSplit]) -> tuple[str, ...]:
    """The classes of all splits, those of the first one first."""
    return tuple(dict.fromkeys(name for split in splits for name in split.classes))


def write_voc(splits: Sequence[RawSplit], out: Path, place: Place) -> list[str]:
    """Writes XML files with 1-based whole pixels, the pictures, lists of the splits, and classes.txt."""
    naming, notes, done = Naming.of(splits), Counter[str](), set[Path]()
    for split in splits:
        for image in split.images:
            if image.file in done:
                continue
            done.add(image.file)
            name = naming.names[image.file]
            place(image, out / "JPEGImages" / naming.file_name(image))
            tree = _voc_tree(image, naming.file_name(image), notes)
            ElementTree.indent(tree, "\t")
            text = ElementTree.tostring(tree, encoding="unicode") + "\n"
            write_text(out / "Annotations" / f"{name}.xml", text)
        if split.split is not None:
            lines = "".join(f"{naming.names[image.file]}\n" for image in split.images)
            write_text(out / "ImageSets" / "Main" / f"{split.split}.txt", lines)
    write_text(out / "classes.txt", "".join(f"{name}\n" for name in classes_of(splits)))
    return [f"{what}: {count:,}" for what, count in notes.items()]


def _voc_tree(image: RawImage, file_name: str, notes: Counter[str]) -> ElementTree.Element:
    size_wh = seen_size(image.file, image.size_wh)
    root = ElementTree.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", file_name)
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", size_wh[0]), ("height", size_wh[1]), ("depth", 3)):
        _add(size, name, str(value))
    _add(root, "segmented", "0")
    for each in image.objects:
        notes["boxes around many, marked as difficult"] += each.is_crowd
        notes["outlines left out"] += "segmentation" in each.extra
        element = ElementTree.SubElement(root, "object")
        _add(element, "name", each.name)
        _add(element, "pose", str(each.extra.get("pose", "Unspecified")))
        _add(element, "truncated", str(each.extra.get("truncated", "0")))
        if "occluded" in each.extra:
            _add(element, "occluded", str(each.extra["occluded"]))
        _add(element, "difficult", str(int(each.is_difficult or each.is_crowd)))
        corners = whole_pixels(each.box, size_wh)
        is_moved = any(abs(a - b) > NOTHING for a, b in zip(corners, each.box, strict=True))
        notes["boxes rounded to whole pixels"] += is_moved
        x1, y1, x2, y2 = (int(value) for value in corners)
        box = ElementTree.SubElement(element, "bndbox")
        for name, value in (("xmin", x1 + 1), ("ymin", y1 + 1), ("xmax", x2), ("ymax", y2)):
            _add(box, name, str(value))
    for what in [what for what, count in notes.items() if not count]:
        del notes[what]
    return root


def whole_pixels(box: Corners, size_wh: tuple[int, int]) -> Corners:
    """The nearest box of whole pixels inside the picture; it has one pixel at least."""
    edges = []
    for low, high, size in ((box[0], box[2], size_wh[0]), (box[1], box[3], size_wh[1])):
        first = min(max(round(low), 0), size - 1)
        edges.append((first, min(max(round(high), first + 1), size)))
    (x1, x2), (y1, y2) = edges
    return float(x1), float(y1), float(x2), float(y2)


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def write_coco(splits: Sequence[RawSplit], out: Path, place: Place) -> list[str]:
    """Writes a JSON file a split, and the pictures."""
    naming, classes = Naming.of(splits), classes_of(splits)
    ids = next((split.category_ids for split in splits if split.classes == classes), None)
    for split in splits:
        folder = out / "images" / ("" if naming.is_shared else split.split or "")
        for image in split.images:
            place(image, folder / naming.file_name(image))
        content = coco_content(replace(split, classes=classes, category_ids=ids), naming.file_name)
        text = json.dumps(content, ensure_ascii=False, separators=(", ", ": "))
        write_text(out / "annotations" / f"instances_{split.split or 'default'}.json", text + "\n")
    return []


def coco_content(split: RawSplit, file_name: Callable[[RawImage], str]) -> dict[str, Any]:
    """What stands in COCO's file of a split.

    Args:
        file_name: what it calls a picture.
    """
    numbers = dict(zip(split.classes, split.category_ids or range(1, len(split.classes) + 1), strict=True))
    images: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    is_coco = split.form == "coco"
    ids = [each.number for image in split.images for each in image.objects]
    # what comes from several files may be numbered in each from the beginning
    keeps_ids = is_coco and len(set(ids)) == len(ids)
    keeps_image_ids = is_coco and len({image.id for image in split.images}) == len(split.images)
    for place, image in enumerate(split.images):
        width, height = seen_size(image.file, image.size_wh)
        image_id = image.id if keeps_image_ids else place + 1
        head = {"id": image_id, "file_name": file_name(image), "width": width, "height": height}
        images.append({**(image.extra if is_coco else {}), **head})
        for each in image.objects:
            x1, y1, x2, y2 = each.box
            rows.append(
                {
                    "id": each.number if keeps_ids else len(rows) + 1,
                    "image_id": image_id,
                    "category_id": numbers[each.name],
                    "bbox": [_plain(value) for value in (x1, y1, x2 - x1, y2 - y1)],
                    "area": _plain((x2 - x1) * (y2 - y1) if each.area is None else each.area),
                    "iscrowd": int(each.is_crowd),
                    **({"ignore": 1} if each.is_difficult else {}),
                    **(each.extra if is_coco else {}),
                }
            )
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return {"images": images, "annotations": rows, "categories": categories}


def _plain(value: float) -> int | float:
    """A whole number without a decimal point."""
    return int(value) if value == int(value) else value


def write_yolo(splits: Sequence[RawSplit], out: Path, place: Place) -> list[str]:
    """Writes a text file a picture, the pictures, and data.yaml; or classes.txt where there are no splits."""
    classes, notes = classes_of(splits), Counter[str]()
    labels = {name: label for label, name in enumerate(classes)}
    parts = lay_out_yolo(splits, out, place, lambda image: _yolo_lines(image, labels, notes))
    if parts:
        write_yaml(out / "data.yaml", {"path": ".", **parts, "names": dict(enumerate(classes))})
    else:
        write_text(out / "classes.txt", "".join(f"{name}\n" for name in classes))
    return [f"{what}: {count:,}" for what, count in notes.items() if count]


def lay_out_yolo(
    splits: Sequence[PicturedSplit],
    out: Path,
    place: Callable[[Any, Path], None],
    labels: Callable[[Any], str],
) -> dict[str, str]:
    """Writes a text file of labels a picture, and the pictures.

    Args:
        place: puts a picture of the splits to its place.
        labels: the text of a picture of the splits.

    Returns:
        what data.yaml says of the splits; nothing where there are none.
    """
    naming, parts, done = Naming.of(splits), dict[str, str](), set[Path]()
    for split in splits:
        folder = "" if naming.is_shared else split.split or ""
        for image in split.images:
            if image.file not in done:
                done.add(image.file)
                place(image, out / "images" / folder / naming.file_name(image))
                write_text(out / "labels" / folder / f"{naming.names[image.file]}.txt", labels(image))
        if split.split is not None and naming.is_shared:
            lines = "".join(f"./images/{naming.file_name(image)}\n" for image in split.images)
            write_text(out / f"{split.split}.txt", lines)
            parts[split.split] = f"{split.split}.txt"
        elif split.split is not None:
            parts[split.split] = f"images/{folder}"
    return parts


def write_yaml(file: Path, content: Mapping[str, Any]) -> None:
    """Writes a YAML file, whole or not at all; keys keep their order, and lists of numbers are a line each.

    Raises:
        OutputError: when it cannot be written.
    """
    text = yaml.safe_dump(
        dict(content), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )
    write_text(file, text)


def yolo_line(label: int, box: Corners, size_wh: tuple[int, int]) -> str:
    """The class, and the middle and size of a box in shares of the picture."""
    (x1, y1, x2, y2), (width, height) = box, size_wh
    shares = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    return " ".join((str(label), *map(yolo_share, shares)))


def yolo_share(value: float) -> str:
    """A share of the picture, in as many digits as labels have."""
    return f"{value:.{_DIGITS}f}"


def _yolo_lines(image: RawImage, labels: Mapping[str, int], notes: Counter[str]) -> str:
    size_wh = seen_size(image.file, image.size_wh)
    lines = []
    for each in image.objects:
        notes["boxes around many, left out"] += each.is_crowd
        notes["outlines left out"] += "segmentation" in each.extra
        notes["marks of difficulty lost"] += each.is_difficult
        if each.is_crowd:
            continue
        lines.append(yolo_line(labels[each.name], each.box, size_wh) + "\n")
    return "".join(lines)


_OPEN_IMAGES_HEAD = (
    *("ImageID", "Source", "LabelName", "Confidence", "XMin", "XMax", "YMin", "YMax"),
    *("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"),
)


def write_open_images(splits: Sequence[RawSplit], out: Path, place: Place) -> list[str]:
    """Writes tables of boxes, of pictures and of classes, and the pictures."""
    naming, notes = Naming.of(splits), Counter[str]()
    for split in splits:
        title = split.split or "annotations-bbox"
        folder = out / ("images" if naming.is_shared else title)
        rows = []
        for image in split.images:
            place(image, folder / naming.file_name(image))
            size_wh = seen_size(image.file, image.size_wh)
            for each in image.objects:
                notes["outlines left out"] += "segmentation" in each.extra
                notes["marks of difficulty lost"] += each.is_difficult
                rows.append(_open_images_row(naming.names[image.file], each, size_wh))
        table = f"{title}-annotations-bbox.csv" if split.split else f"{title}.csv"
        write_text(out / table, _table([_OPEN_IMAGES_HEAD, *rows]))
        ids = [[naming.names[image.file]] for image in split.images]
        write_text(out / f"{title}-images.csv", _table([["ImageID"], *ids]))
        verified = [
            [naming.names[image.file], "verification", name, "1"]
            for image in split.images
            for name in image.verified or ()
        ]
        if verified:
            head = ["ImageID", "Source", "LabelName", "Confidence"]
            write_text(out / f"{title}-annotations-human-imagelabels-boxable.csv", _table([head, *verified]))
    names = [["LabelName", "DisplayName"], *([name, name] for name in classes_of(splits))]
    write_text(out / "class-descriptions-boxable.csv", _table(names))
    return [f"{what}: {count:,}" for what, count in notes.items() if count]


def _open_images_row(name: str, each: RawObject, size_wh: tuple[int, int]) -> list[str]:
    x1, y1, x2, y2 = (value / size for value, size in zip(each.box, size_wh * 2, strict=True))
    said = {
        "ImageID": name,
        "LabelName": each.name,
        "Confidence": "1",
        "XMin": f"{x1:.{_DIGITS}f}",
        "XMax": f"{x2:.{_DIGITS}f}",
        "YMin": f"{y1:.{_DIGITS}f}",
        "YMax": f"{y2:.{_DIGITS}f}",
        "IsGroupOf": str(int(each.is_crowd)),
    }
    return [said.get(column) or str(each.extra.get(column, "")) for column in _OPEN_IMAGES_HEAD]


def _table(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
