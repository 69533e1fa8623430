"""Detections as COCO results: a JSON list with a row a box."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import Instances
from saccade.data.detection.annotations import DetectionDataset
from saccade.evaluation.pictures.coco_rows import parse_box, picture_of, places_of, read_rows

_KEYS = ("image_id", "category_id", "bbox", "score")
_SHOWN = 8

_Row = tuple[list[float], float, int]
"""corners, score and label"""


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
    pictures, labels = places_of(dataset.images, image_ids(dataset)), _labels(dataset)
    found: list[list[_Row]] = [[] for _ in dataset.images]
    for picture, row in read_rows(file, _KEYS, partial(_parse, pictures=pictures, labels=labels)):
        found[picture].append(row)
    return [_instances(rows, index) for index, rows in enumerate(found)]


def _parse(
    row: Mapping[str, Any], pictures: Mapping[Any, int], labels: Mapping[Any, int]
) -> tuple[int, _Row]:
    picture, category = picture_of(row, pictures), row["category_id"]
    if not isinstance(category, int) or category not in labels:
        known = ", ".join(map(str, list(labels)[:_SHOWN])) + (" …" if len(labels) > _SHOWN else "")
        raise ValueError(f"category_id {category!r} is none of the data set's; there are: {known}")
    corners, score = parse_box(row)
    return picture, (corners, score, labels[category])


def _labels(dataset: DetectionDataset) -> dict[Any, int]:
    return {number: label for label, number in enumerate(category_ids(dataset))}


def _instances(rows: Sequence[_Row], frame: int) -> Instances:
    if not rows:
        return Instances.empty(frame=frame)
    boxes, scores, labels = zip(*rows, strict=True)
    return Instances(
        boxes=np.array(boxes, np.float64),
        scores=np.array(scores, np.float64),
        labels=np.array(labels, np.int64),
        frame=frame,
    )
