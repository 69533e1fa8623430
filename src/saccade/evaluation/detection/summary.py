"""Scores as `report.json` has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from saccade.evaluation.detection.coco import MAX_DETECTIONS, SIZES
from saccade.evaluation.detection.confusion import Fault
from saccade.evaluation.detection.scores import IOU, DetectionScores
from saccade.evaluation.detection.sweep import Operation
from saccade.evaluation.pictures.numbers import number, rounded

BACKGROUND = "background"
GRID = 101
"""thresholds at which curves are given"""
BINS = np.linspace(IOU, 1.0, 11)


def to_json(scores: DetectionScores) -> dict[str, Any]:
    """Everything that was scored; None where a score has no meaning."""
    coco = scores.coco
    best = scores.operation
    return {
        "map": number(scores.map),
        "map50": number(scores.map50),
        "map75": number(scores.map75),
        **{f"ar{count}": number(coco.average_recall(count)) for count in MAX_DETECTIONS},
        "voc_map": number(scores.voc_map),
        "voc_map_2007": number(scores.voc_map_2007),
        "threshold": number(best.threshold),
        **_rates(best),
        "classes": {name: _of_class(scores, label) for label, name in enumerate(scores.classes)},
        "sizes": {size: _of_size(scores, size) for size in SIZES[1:]},
        "confusion": {
            "classes": [*scores.classes, BACKGROUND],
            "rows_are": "truths",
            "counts": scores.mistakes.confusion.tolist(),
        },
        "false_positives": {fault.value: count for fault, count in fault_counts(scores).items()},
        "iou_histogram": {"edges": BINS.round(6).tolist(), "counts": iou_histogram(scores)},
        "curves": _curves(scores),
        "how": rules(scores),
    }


def rules(scores: DetectionScores) -> dict[str, Any]:
    """By which rules, with which program and on how much."""
    truths = scores.truths
    return {
        "engine": scores.coco.engine,
        "ious": scores.coco.ious.round(6).tolist(),
        "max_detections": list(MAX_DETECTIONS),
        "score_floor": number(scores.score_floor),
        "iou": IOU,
        "images": scores.num_images,
        "images_without_boxes": scores.num_empty,
        "detections": len(scores.detections),
        "detections_of_unverified_classes": scores.num_unverified,
        "truths": len(truths),
        "crowd": int(truths.is_crowd.sum()),
        "difficult": int(truths.is_difficult.sum()),
        "ignored_truths": {
            "coco": int(truths.is_crowd.sum()),
            "voc": int((~truths.is_counted).sum()),
            "precision, recall, f1": int((~truths.is_counted).sum()),
        },
    }


def sentences(scores: DetectionScores) -> list[str]:
    """The same for people."""
    how = rules(scores)
    ious, floor = how["ious"], how["score_floor"]
    left_out = scores.num_unverified
    return [
        f"mAP and AR: COCO's, by {how['engine']}; overlaps {ious[0]:.2f} to {ious[-1]:.2f} in steps of "
        f"{ious[1] - ious[0]:.2f}, at most {how['max_detections'][-1]} detections of a class in a picture, "
        f"crowds ignored ({how['crowd']}), difficult objects counted ({how['difficult']})",
        f"VOC mAP: the area under the monotone curve (since 2010), and at 11 recalls (2007); overlap {IOU}, "
        f"difficult objects and crowds ignored ({how['ignored_truths']['voc']})",
        f"precision, recall, F1: of all classes at one threshold, where F1 is highest; overlap {IOU}, "
        f"difficult objects and crowds ignored ({how['ignored_truths']['voc']})",
        f"{how['images']} pictures, {how['images_without_boxes']} of them without boxes; {how['truths']} "
        f"true boxes; {how['detections']} detections, score floor {'–' if floor is None else f'{floor:.3g}'}"
        + (f"; {left_out} of classes that nobody has looked for are left out" if left_out else ""),
    ]


def fault_counts(scores: DetectionScores) -> dict[Fault, int]:
    """How many detections are wrong from the threshold on, by why."""
    faults = [alarm.fault for alarm in scores.mistakes.false_alarms]
    return {fault: faults.count(fault) for fault in Fault}


def iou_histogram(scores: DetectionScores) -> list[int]:
    """How many right detections overlap their truth by how much, in `BINS`."""
    return [int(count) for count in np.histogram(scores.overlaps, BINS)[0]]


def _of_class(scores: DetectionScores, label: int) -> dict[str, Any]:
    best = scores.sweeps[label].best()
    return {
        "map": number(scores.coco.average_precision(label=label)),
        "map50": number(scores.coco.average_precision(0.5, label=label)),
        "map75": number(scores.coco.average_precision(0.75, label=label)),
        "ar100": number(scores.coco.average_recall(label=label)),
        "voc_ap": number(scores.voc[label]),
        "voc_ap_2007": number(scores.voc_2007[label]),
        **_rates(scores.of_class(label)),
        "best_f1": number(best.f1),
        "best_threshold": number(best.threshold),
        "truths": scores.num_truths(label=label),
        "ignored_truths": scores.num_ignored(label),
        "detections": int((scores.detections.labels == label).sum()),
    }


def _of_size(scores: DetectionScores, size: str) -> dict[str, Any]:
    return {
        "map": number(scores.coco.average_precision(size=size)),
        "map50": number(scores.coco.average_precision(0.5, size=size)),
        "ar100": number(scores.coco.average_recall(size=size)),
        **_rates(scores.of_size(size)),
        "truths": scores.num_truths(size),
    }


def _rates(operation: Operation) -> dict[str, float | None]:
    return {key: number(getattr(operation, key)) for key in ("precision", "recall", "f1")}


def thresholds(scores: DetectionScores) -> np.ndarray:
    """At which curves over thresholds have values."""
    return np.linspace(0.0, max(1.0, float(scores.detections.scores.max(initial=0.0))), GRID)


def _curves(scores: DetectionScores) -> Mapping[str, Any]:
    at = [scores.sweep.at(float(threshold)) for threshold in thresholds(scores)]
    return {
        "recall": scores.coco.recalls.round(6).tolist(),
        "precision": {"0.5": curve(scores, 0.5), "0.75": curve(scores, 0.75)},
        "precision_by_class": {name: curve(scores, IOU, label) for label, name in enumerate(scores.classes)},
        "threshold": thresholds(scores).round(6).tolist(),
        "by_threshold": {
            key: [rounded(getattr(operation, key)) for operation in at]
            for key in ("precision", "recall", "f1")
        },
    }


def curve(scores: DetectionScores, iou: float, label: int | None = None) -> list[float | None]:
    """Precision by recall, rounded; see `CocoScores.precision_at`."""
    return [rounded(value) for value in scores.coco.precision_at(iou, label)]
