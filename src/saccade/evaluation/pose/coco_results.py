"""Poses as COCO results: a JSON list with a row a person."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import DatasetError, Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import PoseDataset
from saccade.evaluation.pictures.coco_rows import parse_box, picture_of, places_of, read_rows
from saccade.evaluation.pose.scores import image_ids

PERSON = 1
"""the category of people in COCO's files"""
_KEYS = ("image_id", "category_id", "keypoints", "score")
_BOX = "box"
"""where boxes stand: COCO's results of poses have none, and its program would take their size by `bbox`"""

_Row = tuple[list[list[float]], float, list[float] | None]
"""key points with their scores, score of the person, and corners of the box"""


def to_coco_results(dataset: PoseDataset, found: Sequence[Instances]) -> list[dict[str, Any]]:
    """A row a person, with ids of the data set's pictures.

    Args:
        found: of each picture; key points are the data set's.
    """
    rows = []
    for image_id, each in zip(image_ids(dataset), found, strict=True):
        for row in each.to_coco(image_id):
            row[_BOX] = row.pop("bbox")
            rows.append(row | {"category_id": PERSON})
    return rows


def read_coco_results(file: Path, dataset: PoseDataset) -> list[Instances]:
    """What a results file says of each picture of a data set; pictures may also be called by their names.

    Boxes are what stands in `box` or `bbox`, else what holds all key points.

    Raises:
        DatasetError: when it cannot be read, or a row is of another picture, or of another number of key
            points, naming the row.
    """
    places, skeleton = places_of(dataset.images, image_ids(dataset)), dataset.skeleton
    found: list[list[_Row]] = [[] for _ in dataset.images]
    for picture, row in read_rows(file, _KEYS, partial(_parse, places=places, skeleton=skeleton)):
        found[picture].append(row)
    return [_instances(rows, skeleton, index) for index, rows in enumerate(found)]


def read_boxes(file: Path, dataset: PoseDataset) -> tuple[list[Instances], int]:
    """Where a detector has found people: the boxes of category 1 in COCO's results of detection.

    Returns:
        those in each picture, and how many boxes are in pictures that the data set does not have.

    Raises:
        DatasetError: when it cannot be read, a row is no box, or none is of a person in a picture of the data
            set.
    """
    places = places_of(dataset.images, image_ids(dataset))
    found: list[list[tuple[list[float], float]]] = [[] for _ in dataset.images]
    elsewhere = 0
    for image, category, box in read_rows(file, ("image_id", "category_id", "bbox", "score"), _parse_box):
        place = places.get(image)
        if category != PERSON:
            continue
        if place is None:
            elsewhere += 1
        else:
            found[place].append(box)
    if dataset.images and not any(found):
        raise DatasetError(
            f"{file}: has no box of a person (category_id {PERSON}) in any of the {len(dataset)} pictures; "
            f"take the split that the file is of"
        )
    return [_boxes(rows, index) for index, rows in enumerate(found)], elsewhere


def _parse_box(row: Mapping[str, Any]) -> tuple[int | str, Any, tuple[list[float], float]]:
    image = row["image_id"]
    if not isinstance(image, int | str):
        raise ValueError(f"image_id {image!r} is no number and no name")
    return image, row["category_id"], parse_box(row)


def _boxes(rows: Sequence[tuple[list[float], float]], frame: int) -> Instances:
    return Instances(
        boxes=np.array([box for box, _ in rows], np.float64).reshape(-1, 4),
        scores=np.array([score for _, score in rows], np.float64),
        frame=frame,
    )


def _parse(row: Mapping[str, Any], places: Mapping[Any, int], skeleton: Skeleton) -> tuple[int, _Row]:
    picture = picture_of(row, places)
    values = row["keypoints"]
    try:
        if not isinstance(values, list):
            raise TypeError
        triples = [float(value) for value in values]
        score = float(row["score"])
    except (OverflowError, TypeError, ValueError):
        raise ValueError(
            f"keypoints {values!r} with score {row['score']!r}; expected x, y, score of each point and a "
            f"number"
        ) from None
    if len(triples) != 3 * len(skeleton):
        raise ValueError(
            f"{len(triples)} numbers for key points; {skeleton.name} has {len(skeleton)} points, and each "
            f"has x, y and a score"
        )
    if not np.isfinite([*triples, score]).all():
        raise ValueError("a key point or its score is not finite")
    given = row.get(_BOX, row.get("bbox"))
    box = parse_box({"bbox": given, "score": score})[0] if given else None
    return picture, ([triples[place : place + 3] for place in range(0, len(triples), 3)], score, box)


def _instances(rows: Sequence[_Row], skeleton: Skeleton, frame: int) -> Instances:
    if not rows:
        return Instances.empty(frame=frame)
    triples = np.array([points for points, _, _ in rows], np.float64)
    points = triples[..., :2]
    around = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    boxes = [held.tolist() if row[2] is None else row[2] for held, row in zip(around, rows, strict=True)]
    return Instances(
        boxes=np.array(boxes, np.float64),
        scores=np.array([score for _, score, _ in rows], np.float64),
        keypoints=points,
        keypoint_scores=triples[..., 2],
        skeleton=skeleton,
        frame=frame,
    )
