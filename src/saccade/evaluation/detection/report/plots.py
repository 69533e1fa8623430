"""Plots of a report on a detector, for papers: each as SVG and as PNG."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from saccade.draw.charts import curve_plot, dot_plot, histogram, matrix_plot
from saccade.evaluation.detection.scores import IOU, DetectionScores
from saccade.evaluation.detection.summary import BACKGROUND, BINS, iou_histogram, thresholds
from saccade.evaluation.pictures.numbers import shown

CURVES = 10
"""classes that are drawn, those with the most truths"""
DOTS = 60
"""classes that there is room for, those with the most truths"""


def plots_of(scores: DetectionScores) -> Iterator[tuple[str, Figure]]:
    """All plots by the names of their files; one that would be empty is left out."""
    coco = scores.coco
    known = [label for label in common_classes(scores) if scores.num_truths(label=label)]
    if known:
        ious = {f"IoU {iou:.2f}": iou for iou in (0.5, 0.75, 0.9)}
        curves = {name: 100 * coco.precision_at(iou) for name, iou in ious.items()}
        areas = {name: shown(coco.average_precision(iou)) for name, iou in ious.items()}
        yield "precision_recall", _precision_recall(scores, curves, areas, "mAP")
        curves = {scores.classes[label]: 100 * coco.precision_at(IOU, label) for label in known[:CURVES]}
        areas = {
            scores.classes[label]: shown(coco.average_precision(IOU, label=label)) for label in known[:CURVES]
        }
        yield "precision_recall_by_class", _precision_recall(scores, curves, areas, "AP50")
        yield "classes", _classes(scores, sorted(known[:DOTS]))
    if len(scores.sweep.scores):
        yield "thresholds", _thresholds(scores)
        yield (
            "iou_histogram",
            histogram(
                BINS,
                np.array(iou_histogram(scores)),
                x_label="overlap with the truth (IoU)",
                y_label="right detections",
            ),
        )
    if scores.mistakes.confusion.any():
        yield (
            "confusion",
            matrix_plot(
                scores.mistakes.confusion,
                [*scores.classes, BACKGROUND],
                x_label="found as",
                y_label="annotated as",
            ),
        )


def common_classes(scores: DetectionScores) -> list[int]:
    """Labels, those with the most truths first."""
    return sorted(range(len(scores.classes)), key=lambda label: -scores.num_truths(label=label))


def _precision_recall(
    scores: DetectionScores, curves: dict[str, np.ndarray], areas: dict[str, str], title: str
) -> Figure:
    return curve_plot(
        100 * scores.coco.recalls,
        curves,
        x_label="recall [%]",
        y_label="precision [%]",
        scores=areas,
        title=title,
    )


def _thresholds(scores: DetectionScores) -> Figure:
    at = [scores.sweep.at(float(threshold)) for threshold in thresholds(scores)]
    rates = {"F1": "f1", "precision": "precision", "recall": "recall"}
    return curve_plot(
        thresholds(scores),
        {name: np.array([100 * getattr(each, key) for each in at]) for name, key in rates.items()},
        x_label="threshold on scores",
        y_label="rate [%]",
        scores={name: shown(getattr(scores.operation, key)) for name, key in rates.items()},
        title=f"at {shown(scores.threshold)}",
    )


def _classes(scores: DetectionScores, labels: list[int]) -> Figure:
    coco = scores.coco
    rows = {
        scores.classes[label]: {
            "mAP": 100 * coco.average_precision(label=label),
            "AP50": 100 * coco.average_precision(IOU, label=label),
        }
        for label in labels
    }
    return dot_plot(rows, x_label="average precision [%]", names=["mAP", "AP50"])
