"""COCO's average precision and recall of poses, whose overlap is the object key point similarity (OKS)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from saccade.evaluation.pictures.coco import CocoScores, load_engine
from saccade.evaluation.pose.tables import People, Poses

SIZES = ("all", "medium", "large")
"""of people: 32² to 96² square pixels, and above; COCO marks no joints of smaller ones"""
MAX_DETECTIONS = (20,)
"""how many people count in a picture, the surest"""
_CATEGORY = 1


def score_oks(
    people: People, poses: Poses, image_ids: Sequence[int], sigmas: Float64[np.ndarray, " K"]
) -> CocoScores:
    """Scores poses as COCO does: crowds and people of whom no joint is known are ignored.

    A pose is as large as the smallest upright box that holds all its key points, as in COCO's results, which
    have no boxes.

    Args:
        image_ids: the number of each picture; of poses of equal score, those of the lowest come first.
        sigmas: of the annotators, relative to the square root of a person's area.

    Raises:
        MissingExtraError: without the package faster-coco-eval.
    """
    engine = load_engine()
    known = engine.COCO(
        {
            "images": [{"id": number} for number in image_ids],
            "categories": [{"id": _CATEGORY, "name": "person"}],
            "annotations": _truths(people, image_ids),
        }
    )
    found = [
        {"image_id": image_ids[image], "category_id": _CATEGORY, "keypoints": points, "score": score}
        for image, points, score in zip(
            poses.images.tolist(), _triples(poses.keypoints), poses.scores.tolist(), strict=True
        )
    ]
    run = engine.COCOeval_faster(known, known.loadRes(found), "keypoints", kpt_oks_sigmas=sigmas.tolist())
    return CocoScores.of(run, SIZES, MAX_DETECTIONS)


def _truths(people: People, image_ids: Sequence[int]) -> list[dict[str, Any]]:
    # without the rounding errors of x + w - x, these are the very numbers of a COCO file
    sizes = (people.boxes[:, 2:] - people.boxes[:, :2]).round(9)
    boxes = np.concatenate([people.boxes[:, :2], sizes], axis=1).tolist()
    return [
        {
            "id": number + 1,
            "image_id": image_ids[image],
            "category_id": _CATEGORY,
            "keypoints": points,
            "num_keypoints": int(people.is_labelled[number].sum()),
            "bbox": boxes[number],
            "area": float(people.areas[number]),
            "iscrowd": int(people.is_crowd[number]),
        }
        for number, (image, points) in enumerate(
            zip(people.images.tolist(), _triples(people.keypoints, people.is_labelled), strict=True)
        )
    ]


def _triples(keypoints: Float64[np.ndarray, "N K 2"], known: np.ndarray | None = None) -> list[list[float]]:
    flags = np.ones(keypoints.shape[:2]) if known is None else known.astype(np.float64)
    triples = np.concatenate([keypoints, flags[..., None]], axis=2)
    return triples.reshape(len(triples), 3 * triples.shape[1]).tolist()
