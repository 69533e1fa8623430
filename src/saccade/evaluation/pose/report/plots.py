"""Plots of a report on a pose model, for papers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from saccade.draw.charts import curve_plot, dot_plot, histogram, stacked_bars
from saccade.evaluation.pictures.numbers import shown
from saccade.evaluation.pose.joints import FATES, Fate
from saccade.evaluation.pose.pck import THRESHOLDS
from saccade.evaluation.pose.scores import PoseScores
from saccade.evaluation.pose.summary import BINS, SIMILARITIES, both_sides, oks_histogram

if TYPE_CHECKING:
    from saccade.evaluation.pose.report import Judged

CURVES = 10
"""kinds of joints that are drawn, those that are labelled most often"""
COLORS = {
    Fate.RIGHT: "#2E9E5B",
    Fate.JITTER: "#A5D46A",
    Fate.INVERTED: "#F2A93B",
    Fate.SWAPPED: "#A66BD8",
    Fate.MISSED: "#E5533D",
    Fate.NOT_FOUND: "#8A95A1",
}


def plots_of(judged: "Judged") -> Iterator[tuple[str, Figure]]:
    """All plots by the names of their files; one that would be empty is left out."""
    scores = judged.scores
    if scores.pck.num_joints():
        yield "pck", _curves(judged)
        yield "pck_by_joint", _curves_by_joint(scores)
        yield "joints", _joints(judged)
    if scores.joints.num_labelled():
        yield "fates", _fates(scores)
        yield "precision_recall", _precision_recall(scores)
    if scores.num_found:
        yield (
            "oks_histogram",
            histogram(
                BINS,
                np.array(oks_histogram(scores)),
                x_label="similarity to the truth (OKS)",
                y_label="people who were found",
            ),
        )


def axis(scores: PoseScores) -> str:
    """What distances are measured in."""
    return f"distance [{scores.pck.rule.length}]"


def _curves(judged: "Judged") -> Figure:
    rule = judged.scores.pck.rule
    return curve_plot(
        THRESHOLDS,
        {name: 100 * scores.pck.curve() for name, scores in judged.contenders.items()},
        x_label=axis(judged.scores),
        y_label="joints at most so far away [%]",
        scores={name: shown(scores.pck.rate(rule.threshold)) for name, scores in judged.contenders.items()},
        title=f"{rule.name}@{rule.threshold:g}",
    )


def _curves_by_joint(scores: PoseScores) -> Figure:
    pck, kinds = scores.pck, both_sides(scores.skeleton)
    most = sorted(kinds, key=lambda name: -pck.num_joints(kinds[name]))[:CURVES]
    drawn = [name for name in kinds if name in most and pck.num_joints(kinds[name])]
    return curve_plot(
        THRESHOLDS,
        {name: 100 * pck.curve(kinds[name]) for name in drawn},
        x_label=axis(scores),
        y_label="joints at most so far away [%]",
        scores={name: shown(pck.rate(pck.rule.threshold, kinds[name])) for name in drawn},
        title=f"{pck.rule.name}@{pck.rule.threshold:g}",
    )


def _joints(judged: "Judged") -> Figure:
    rule = judged.scores.pck.rule
    rows = {
        point: {
            name: 100 * rate
            for name, scores in judged.contenders.items()
            if not np.isnan(rate := scores.pck.rate(rule.threshold, [place]))
        }
        for place, point in enumerate(judged.scores.skeleton.points)
    }
    label = f"{rule.name}@{rule.threshold:g} [%]"
    return dot_plot(rows, x_label=label, names=list(judged.contenders))


def _fates(scores: PoseScores) -> Figure:
    rows = {}
    for place, point in enumerate(scores.skeleton.points):
        counts = scores.joints.counts([place])
        whole = max(sum(counts.values()), 1)
        rows[point] = {fate.word: 100 * counts[fate] / whole for fate in FATES}
    colors = {fate.word: COLORS[fate] for fate in FATES}
    return stacked_bars(rows, x_label="labelled joints [%]", colors=colors)


def _precision_recall(scores: PoseScores) -> Figure:
    similarities = {f"OKS {value:.2f}": value for value in SIMILARITIES}
    return curve_plot(
        100 * scores.oks.recalls,
        {name: 100 * scores.oks.precision_at(value) for name, value in similarities.items()},
        x_label="recall [%]",
        y_label="precision [%]",
        scores={name: shown(scores.oks.average_precision(value)) for name, value in similarities.items()},
        title="AP",
    )
