"""COCO's average precision and recall, computed by the package faster-coco-eval."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from saccade.evaluation.detection.tables import Detections, Truths
from saccade.evaluation.pictures.coco import CocoScores, load_engine

SIZES = ("all", "small", "medium", "large")
"""of objects: below 32² square pixels, below 96², and above"""
MAX_DETECTIONS = (1, 10, 100)
"""how many detections of a class count in a picture, the surest"""


def score_coco(
    truths: Truths, detections: Detections, image_ids: Sequence[int], num_classes: int
) -> CocoScores:
    """Scores detections as COCO does: crowds are ignored, difficult objects are objects like others.

    Args:
        image_ids: the number of each picture; of detections of equal score, those of the lowest come first.

    Raises:
        MissingExtraError: without the package faster-coco-eval.
    """
    engine = load_engine()
    known = engine.COCO(
        {
            "images": [{"id": number} for number in image_ids],
            "categories": [{"id": label, "name": str(label)} for label in range(num_classes)],
            "annotations": [
                row | {"id": number + 1, "area": area, "iscrowd": int(crowd)}
                for number, (row, area, crowd) in enumerate(
                    zip(_rows(truths, image_ids), truths.areas.tolist(), truths.is_crowd, strict=True)
                )
            ],
        }
    )
    found = [
        row | {"score": score}
        for row, score in zip(_rows(detections, image_ids), detections.scores.tolist(), strict=True)
    ]
    run = engine.COCOeval_faster(known, known.loadRes(found), "bbox")
    return CocoScores.of(run, SIZES, MAX_DETECTIONS)


def _rows(table: Truths | Detections, image_ids: Sequence[int]) -> list[dict[str, Any]]:
    # without the rounding errors of x + w - x, these are the very numbers of a COCO file
    sizes = (table.boxes[:, 2:] - table.boxes[:, :2]).round(9)
    xywh = np.concatenate([table.boxes[:, :2], sizes], axis=1)
    places = zip(table.images.tolist(), table.labels.tolist(), xywh.tolist(), strict=True)
    return [{"image_id": image_ids[image], "category_id": label, "bbox": box} for image, label, box in places]
