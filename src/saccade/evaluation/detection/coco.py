"""COCO's average precision and recall, computed by the package faster-coco-eval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from saccade.core import MissingExtraError
from saccade.evaluation.detection.tables import Detections, Truths

if TYPE_CHECKING:
    from faster_coco_eval import COCOeval_faster

SIZES = ("all", "small", "medium", "large")
"""of objects: below 32² square pixels, below 96², and above"""
MAX_DETECTIONS = (1, 10, 100)
"""how many detections of a class count in a picture, the surest"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CocoScores:
    """Average precision and recall over thresholds of overlap, by class and by size.

    Attributes:
        engine: what computed them, with its version.
        ious: thresholds of overlap.
        recalls: at which precision is read off.
        precision: highest at a recall of at least so much, with 100 detections; NaN for classes without
            truths of that size.
        recall: highest, by how many detections count.
    """

    engine: str
    ious: Float64[np.ndarray, " I"]
    recalls: Float64[np.ndarray, " R"]
    precision: Float64[np.ndarray, "I R C A"]
    recall: Float64[np.ndarray, "I C A M"]

    def average_precision(
        self, iou: float | None = None, *, size: str = "all", label: int | None = None
    ) -> float:
        """Mean over recalls, classes and overlaps, in [0, 1]; NaN when there are no truths.

        Args:
            iou: at one threshold of overlap; over all, 0.5 to 0.95, when not given.
            label: of one class; over all that have truths when not given.
        """
        return _mean(self.precision[self._at(iou), :, _one(label), SIZES.index(size)])

    def average_recall(
        self, max_detections: int = MAX_DETECTIONS[-1], *, size: str = "all", label: int | None = None
    ) -> float:
        """Mean over classes and overlaps, in [0, 1]; NaN when there are no truths."""
        place = MAX_DETECTIONS.index(max_detections)
        return _mean(self.recall[:, _one(label), SIZES.index(size), place])

    def precision_at(self, iou: float, label: int | None = None) -> Float64[np.ndarray, " R"]:
        """Precision by recall, of one class, or the mean of all; NaN where there are no truths."""
        curves = self.precision[self._at(iou), :, _one(label), 0]
        return np.array([_mean(curves[:, recall]) for recall in range(len(self.recalls))])

    def _at(self, iou: float | None) -> slice:
        return _one(None if iou is None else int(np.abs(self.ious - iou).argmin()))


def score_coco(
    truths: Truths, detections: Detections, image_ids: Sequence[int], num_classes: int
) -> CocoScores:
    """Scores detections as COCO does: crowds are ignored, difficult objects are objects like others.

    Args:
        image_ids: the number of each picture; of detections of equal score, those of the lowest come first.

    Raises:
        MissingExtraError: without the package faster-coco-eval.
    """
    try:
        import faster_coco_eval as engine
    except ImportError:
        raise MissingExtraError.of("faster-coco-eval", "coco") from None
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
    run: COCOeval_faster = engine.COCOeval_faster(known, known.loadRes(found), "bbox")
    run.params.maxDets = list(MAX_DETECTIONS)
    run.evaluate()
    run.accumulate()
    precision, recall = (np.asarray(run.eval[key], np.float64) for key in ("precision", "recall"))
    return CocoScores(
        engine=f"faster-coco-eval {engine.__version__}",
        ious=np.asarray(run.params.iouThrs, np.float64),
        recalls=np.asarray(run.params.recThrs, np.float64),
        # it says -1 where there is nothing to be found
        precision=np.where(precision < 0, np.nan, precision)[..., -1],
        recall=np.where(recall < 0, np.nan, recall),
    )


def _rows(table: Truths | Detections, image_ids: Sequence[int]) -> list[dict[str, Any]]:
    # without the rounding errors of x + w - x, these are the very numbers of a COCO file
    sizes = (table.boxes[:, 2:] - table.boxes[:, :2]).round(9)
    xywh = np.concatenate([table.boxes[:, :2], sizes], axis=1)
    places = zip(table.images.tolist(), table.labels.tolist(), xywh.tolist(), strict=True)
    return [{"image_id": image_ids[image], "category_id": label, "bbox": box} for image, label, box in places]


def _one(place: int | None) -> slice:
    return slice(None) if place is None else slice(place, place + 1)


def _mean(values: np.ndarray) -> float:
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float("nan")
