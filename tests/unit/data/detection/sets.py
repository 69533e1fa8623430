"""Tiny detection sets, good and bad, from pictures that all differ."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE_WH = (64, 48)
Box = tuple[str, float, float, float, float]
"""class and (xmin, ymin, xmax, ymax) as they are written"""

OBJECT = """<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin>\
<xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"""


def picture(path: Path, seed: int | str = 0, size_wh: tuple[int, int] = SIZE_WH, **saving: Any) -> Path:
    """A picture of coarse noise, of which no two seeds look alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng([ord(letter) for letter in str(seed)])
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3)).astype(np.uint8))
    coarse.resize(size_wh, Image.Resampling.NEAREST).save(path, **saving)
    return path


def voc_xml(
    boxes: Iterable[Sequence[Any]],
    name: str = "a.jpg",
    size_wh: tuple[int, int] | None = SIZE_WH,
    difficult: int = 0,
) -> str:
    """An annotation; its classes and numbers stand there as they are given."""
    size = ""
    if size_wh is not None:
        size = f"<size><width>{size_wh[0]}</width><height>{size_wh[1]}</height><depth>3</depth></size>"
    objects = "".join(OBJECT.format(name, difficult, *box) for name, *box in boxes)
    return f"<annotation><filename>{name}</filename>{size}{objects}</annotation>"


def voc(
    root: Path,
    images: Mapping[str, Iterable[Sequence[Any]]],
    lists: Mapping[str, Iterable[str]] | None = None,
) -> Path:
    """VOC as the devkit lays it out, with a picture for each name."""
    (root / "Annotations").mkdir(parents=True, exist_ok=True)
    for name, boxes in images.items():
        picture(root / "JPEGImages" / f"{name}.jpg", name)
        (root / "Annotations" / f"{name}.xml").write_text(voc_xml(boxes, f"{name}.jpg"))
    for split, names in (lists or {}).items():
        file = root / "ImageSets" / "Main" / f"{split}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{name}\n" for name in names))
    return root


def coco(root: Path, names: Sequence[str], rows: Sequence[Mapping[str, Any]], **changes: Any) -> Path:
    """COCO with a picture for each name, ids from 1; rows as they are given."""
    for name in names:
        picture(root / "images" / name, name)
    width, height = SIZE_WH
    content = {
        "images": [
            {"id": number, "file_name": name, "width": width, "height": height}
            for number, name in enumerate(names, start=1)
        ],
        "annotations": rows,
        "categories": [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}],
    }
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations" / "instances_default.json").write_text(json.dumps(content | changes))
    return root


def coco_row(number: int, image: int = 1, category: int = 1, box: Any = (2, 3, 20, 10), **more: Any) -> Any:
    """An object of COCO's."""
    row = {"id": number, "image_id": image, "category_id": category, "bbox": box, "iscrowd": 0}
    return row | more


def yolo(root: Path, labels: Mapping[str, str | None], names: str = "cat\ndog\n") -> Path:
    """YOLO without a YAML file; None for a picture without labels."""
    (root / "labels").mkdir(parents=True)
    for name, text in labels.items():
        picture(root / "images" / f"{name}.jpg", name)
        if text is not None:
            (root / "labels" / f"{name}.txt").write_text(text)
    (root / "classes.txt").write_text(names)
    return root


def metrics_set(shared_data: Path, form: str, root: Path) -> Path:
    """One of the seven forms of the same 100 pictures, with these laid beside it."""
    source = shared_data / "det" / "review_object_detection_metrics" / "data" / "database"
    inside = "Annotations" if form == "pascalvoc_format" else ""
    shutil.copytree(source / "gts" / form, root / inside)
    place = root / ("obj_train_data" if form == "yolo_format" else "images")
    place.mkdir(exist_ok=True)
    for file in (source / "images").iterdir():
        (place / file.name).symlink_to(file)
    return root
