"""Detections as COCO results: a JSON list with a row a box."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import DatasetError, Instances
from saccade.data.detection.annotations import DetectionDataset

_KEYS = ("image_id", "category_id", "bbox", "score")
_SHOWN = 8


def category_ids(dataset: DetectionDataset) -> tuple[int, ...]:
    """The number of each class in COCO files: its own where the data set has them, else counted from 1."""
    if dataset.category_ids is not None:
        return dataset.category_ids
    return tuple(range(1, len(dataset.classes) + 1))


def image_ids(dataset: DetectionDataset) -> tuple[int, ...]:
    """The number of each picture in COCO files: its own in one of COCO's, else counted from 1.

    So count `saccade data convert` and others that write such files.
    """
    return tuple(
        image.id if dataset.name == "coco" else place for place, image in enumerate(dataset.images, 1)
    )


def to_coco_results(dataset: DetectionDataset, found: Iterable[Instances]) -> list[dict[str, Any]]:
    """A row a box, with ids of the data set's pictures and categories.

    Args:
        found: of each picture; labels are the data set's.
    """
    numbers = category_ids(dataset)
    return [
        row | {"category_id": numbers[row["category_id"]]}
        for image_id, each in zip(image_ids(dataset), found, strict=True)
        for row in each.to_coco(image_id)
    ]


def read_coco_results(file: Path, dataset: DetectionDataset) -> list[Instances]:
    """What a results file says of each picture of a data set; pictures may also be called by their names.

    Raises:
        DatasetError: when it cannot be read, or a row is of another picture or category, or is no box, naming
            the row.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{file}: cannot be read as COCO results ({reason})") from None
    if isinstance(rows, Mapping):
        # some programs wrap them as they do truth
        rows = rows.get("annotations")
    if not isinstance(rows, list):
        raise DatasetError(f"{file}: no list of detections; expected [{{{', '.join(_KEYS)}}}, …]")
    pictures, labels = _pictures(dataset), _labels(dataset)
    found: list[list[tuple[list[float], float, int]]] = [[] for _ in dataset.images]
    for number, row in enumerate(rows, start=1):
        try:
            picture, parsed = _parse(row, pictures, labels)
        except ValueError as error:
            raise DatasetError(f"{file}, detection {number}: {error}") from None
        found[picture].append(parsed)
    return [_instances(rows, index) for index, rows in enumerate(found)]


def _parse(
    row: Any, pictures: Mapping[Any, int], labels: Mapping[Any, int]
) -> tuple[int, tuple[list[float], float, int]]:
    missing = [key for key in _KEYS if not isinstance(row, dict) or key not in row]
    if missing:
        raise ValueError(f"has no {missing[0]}; expected {', '.join(_KEYS)}")
    image, category, box = row["image_id"], row["category_id"], row["bbox"]
    if not isinstance(image, int | str) or image not in pictures:
        raise ValueError(
            f"image_id {image!r} is none of the data set's pictures; take the split that the file is of"
        )
    if not isinstance(category, int) or category not in labels:
        known = ", ".join(map(str, list(labels)[:_SHOWN])) + (" …" if len(labels) > _SHOWN else "")
        raise ValueError(f"category_id {category!r} is none of the data set's; there are: {known}")
    try:
        x, y, w, h = (float(value) for value in box)
        score = float(row["score"])
    except (TypeError, ValueError):
        raise ValueError(
            f"bbox {box!r} with score {row['score']!r}; expected x, y, w, h and a number"
        ) from None
    if not np.isfinite([x, y, w, h, score]).all() or min(w, h) < 0:
        raise ValueError(f"bbox {box} with score {score}: not finite, or of negative size")
    return pictures[image], ([x, y, x + w, y + h], score, labels[category])


def _pictures(dataset: DetectionDataset) -> dict[Any, int]:
    """Places of pictures by their names, and by their ids, which come first."""
    places: dict[Any, int] = {}
    for place, image in enumerate(dataset.images):
        places |= {image.file.stem: place, image.file.name: place, image.name: place}
    return places | {image_id: place for place, image_id in enumerate(image_ids(dataset))}


def _labels(dataset: DetectionDataset) -> dict[Any, int]:
    return {number: label for label, number in enumerate(category_ids(dataset))}


def _instances(rows: Sequence[tuple[list[float], float, int]], frame: int) -> Instances:
    if not rows:
        return Instances.empty(frame=frame)
    boxes, scores, labels = zip(*rows, strict=True)
    return Instances(
        boxes=np.array(boxes, np.float64),
        scores=np.array(scores, np.float64),
        labels=np.array(labels, np.int64),
        frame=frame,
    )
