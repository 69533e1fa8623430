"""Scores of boxes: success and precision in every dialect, and what single benchmarks quote beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64

from saccade.data import GroundTruth, Presence
from saccade.evaluation.metrics import DIALECTS, Dialect, OnePassScores, dialect, overlap, score_one_pass
from saccade.evaluation.metrics.got10k import GOT10kScores, got10k_overlaps, mean_over_classes, score_got10k
from saccade.evaluation.metrics.oxuva import IOU_THRESHOLDS, PresenceCounts, count_presence
from saccade.evaluation.metrics.vot_long_term import LongTermRun, pooled_f, score_long_term
from saccade.evaluation.report.parts import Chart, Column, Performance, Summary, percent

Frames = Bool[np.ndarray, " F"]
Passes = list[tuple[Float64[np.ndarray, "_ 4"], Float64[np.ndarray, "_ 4"], Bool[np.ndarray, " _"]]]


@dataclass(frozen=True)
class Success:
    """Success, precision and normalised precision, in the dialect of the report and in all others.

    A sequence's is the mean over its runs and targets, a data set's the mean over its sequences.

    Attributes:
        name: of the dialect.
        dataset: its name, for dialects that make exceptions.
        skips_unknown: whether frames without any annotation do not count, where only some are annotated.

    Raises:
        ConfigError: when there is no such dialect.
    """

    name: str
    dataset: str
    skips_unknown: bool = False

    columns = (
        Column(key="auc", title="AUC", meaning="success: area under the curve of overlaps"),
        Column(key="precision", title="Prec.", meaning="precision: frames whose centre is near the true one"),
        Column(
            key="norm_precision",
            title="Norm. prec.",
            meaning="normalised precision: the same, in sizes of the target",
        ),
        Column(key="op50", title="OP50", meaning="frames with an overlap above 0.5"),
        Column(key="op75", title="OP75", meaning="frames with an overlap above 0.75"),
    )

    def __post_init__(self) -> None:
        dialect(self.name)

    @cached_property
    def rules(self) -> dict[str, Dialect]:
        """Every dialect by name."""
        return {name: dialect(name, self.dataset) for name in DIALECTS}

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Three curves over their thresholds."""
        rules = self.rules[self.name]
        return (
            Chart(
                key="success",
                title="Success",
                x_label="overlap threshold",
                y_label="frames above it [%]",
                x=rules.overlap_thresholds,
                score="auc",
            ),
            Chart(
                key="precision",
                title="Precision",
                x_label="centre error threshold [px]",
                y_label="frames within it [%]",
                x=rules.centre_thresholds,
                score="precision",
            ),
            Chart(
                key="norm_precision",
                title="Normalised precision",
                x_label="centre error threshold [target sizes]",
                y_label="frames within it [%]",
                x=rules.normalised_thresholds,
                score="norm_precision",
            ),
        )

    def measure(self, performance: Performance) -> dict[str, OnePassScores]:
        """Scores a sequence in every dialect; see `Part`."""
        passes = self._passes(performance)
        measured: dict[str, OnePassScores] = {}
        scored: list[tuple[Dialect, OnePassScores]] = []
        for name, rules in self.rules.items():
            verdicts = not all(rules.is_compared(truth, is_shown).all() for _, truth, is_shown in passes)
            known = next((scores for other, scores in scored if _same(rules, other, verdicts)), None)
            measured[name] = known or OnePassScores.mean([score_one_pass(*one, rules) for one in passes])
            scored.append((rules, measured[name]))
        return measured

    def summarise(self, measures: Sequence[dict[str, OnePassScores]]) -> Summary:
        """The mean over sequences, in the dialect of the report; see `Part`."""
        mean = OnePassScores.mean([measure[self.name] for measure in measures])
        curves = {
            "success": 100 * mean.success_curve,
            "precision": 100 * mean.precision_curve,
            "norm_precision": 100 * mean.norm_precision_curve,
        }
        return Summary(dict(mean.percentages()), curves)

    def in_all_dialects(self, measures: Sequence[dict[str, OnePassScores]]) -> dict[str, dict[str, float]]:
        """The scores of the same sequences in each dialect, in percent."""
        return {
            name: OnePassScores.mean([measure[name] for measure in measures]).percentages()
            for name in self.rules
        }

    def _passes(self, performance: Performance) -> Passes:
        passes = []
        for job, track, truth, part in performance.followed():
            frames = np.asarray(job.frames)[part]
            counts = np.ones(len(frames), dtype=bool)
            if self.skips_unknown:
                counts = truth.presence[frames] != Presence.UNKNOWN
            rows = frames[counts]
            passes.append((track.boxes[part][counts], truth.boxes[rows], _is_shown(truth)[rows]))
        return passes


def _is_shown(truth: GroundTruth) -> Frames:
    """In which frames nothing but the box may say that the target is absent."""
    hidden = ~truth.is_present & (truth.boxes[:, 2:] > 0).all(axis=1)
    return ~hidden if truth.is_flagged is None else ~(hidden | truth.is_flagged)


def _same(first: Dialect, second: Dialect, verdicts: bool) -> bool:
    """Whether two dialects differ in their names alone.

    Args:
        verdicts: whether it matters how frames count that are not compared.
    """
    left_out = {"name"} if verdicts else {"name", "absent", "invalid"}
    names = (f.name for f in fields(Dialect) if f.name not in left_out)
    return all(getattr(first, name) is getattr(second, name) for name in names)


@dataclass(frozen=True)
class GOT10k:
    """GOT-10k's own scores: over all frames together as in its package, and by class as on its server."""

    columns = (
        Column(key="ao", title="AO", meaning="average overlap, over all frames together"),
        Column(key="sr50", title="SR50", meaning="frames with an overlap above 0.5, all together"),
        Column(key="sr75", title="SR75", meaning="frames with an overlap above 0.75, all together"),
        Column(key="mao", title="mAO", meaning="average overlap: mean over the classes of targets"),
        Column(key="msr50", title="mSR50", meaning="SR50: mean over the classes of targets"),
        Column(key="msr75", title="mSR75", meaning="SR75: mean over the classes of targets"),
    )
    charts = ()

    def measure(self, performance: Performance) -> tuple[str, str | None, Float64[np.ndarray, " _V"]]:
        """The overlaps of a sequence, with its name and class; see `Part`."""
        sequence = performance.sequence
        overlaps = [
            got10k_overlaps(
                track.boxes[part],
                truth.boxes[job.frames][part],
                _is_visible(truth)[job.frames][part],
                sequence.size_wh,
            )
            for job, track, truth, part in performance.followed()
        ]
        return sequence.name, sequence.category, np.concatenate(overlaps)

    def summarise(self, measures: Sequence[tuple[str, str | None, Float64[np.ndarray, " _V"]]]) -> Summary:
        """See `Part`. Sequences without a frame to score do not count; without classes, they have no mean."""
        scored = [(name, category, overlaps) for name, category, overlaps in measures if len(overlaps)]
        values: dict[str, float | None] = dict.fromkeys(column.key for column in self.columns)
        if not scored:
            return Summary(values)
        values |= _percentages(score_got10k(np.concatenate([overlaps for _, _, overlaps in scored])), "")
        classes = {name: category for name, category, _ in scored if category is not None}
        if len(classes) == len(scored):
            scores = {name: score_got10k(overlaps) for name, _, overlaps in scored}
            values |= _percentages(mean_over_classes(scores, classes), "m")
        return Summary(values)


def _is_visible(truth: GroundTruth) -> Frames:
    """In which frames something of the target shows, as the data set says; where it does not, is present.

    GOT-10k's package asks for the cover alone, whatever the flag of absence says.
    """
    if truth.visibility is None:
        return truth.is_present
    return np.where(np.isnan(truth.visibility), truth.is_present, truth.visibility > 0)


def _percentages(scores: GOT10kScores, prefix: str) -> dict[str, float | None]:
    return {f"{prefix}{key}": percent(getattr(scores, key)) for key in ("ao", "sr50", "sr75")}


@dataclass(frozen=True)
class LongTerm:
    """VOT's scores of tracks whose target comes and goes, and the F of all frames together.

    A tracker that writes no confidence down counts as sure of every box.
    """

    columns = (
        Column(key="f", title="F", meaning="harmonic mean of tracking precision and recall, the highest"),
        Column(key="pr", title="Pr", meaning="tracking precision where F is the highest"),
        Column(key="re", title="Re", meaning="tracking recall where F is the highest"),
        Column(
            key="pooled_f", title="pooled F", meaning="the highest F of all frames of all sequences together"
        ),
    )
    charts = (
        Chart(
            key="long_term_f",
            title="F over confidence",
            x_label="threshold of the confidence, from strict to lenient",
            y_label="F [%]",
            x=None,
            score="f",
        ),
    )

    def measure(self, performance: Performance) -> list[LongTermRun]:
        """What VOT's metrics want of each track; see `Part`."""
        runs = []
        for job, track, truth, part in performance.followed():
            frames = np.asarray(job.frames)[part]
            known = truth.presence[frames] != Presence.UNKNOWN
            rows, boxes = frames[known], track.boxes[part][known]
            is_visible = truth.is_present[rows]
            sure = np.where(np.isnan(track.scores), 1.0, track.scores)[part][known]
            overlaps = np.zeros(len(rows))
            overlaps[is_visible] = overlap(boxes[is_visible], truth.boxes[rows[is_visible]])
            runs.append(LongTermRun(overlaps, sure, is_visible))
        return runs

    def summarise(self, measures: Sequence[list[LongTermRun]]) -> Summary:
        """See `Part`."""
        runs = [run for measure in measures for run in measure]
        scores = score_long_term(runs)
        values = {"f": scores.f, "pr": scores.precision, "re": scores.recall, "pooled_f": pooled_f(runs)}
        curves = {"long_term_f": 100 * scores.f_curve}
        return Summary({key: percent(value) for key, value in values.items()}, curves)


@dataclass(frozen=True)
class OxUvA:
    """OxUvA's scores: counts of all labelled frames together."""

    columns = (
        Column(key="max_gm", title="MaxGM", meaning="highest geometric mean of TPR and TNR"),
        Column(key="tpr", title="TPR", meaning="true positive rate, at an overlap of 0.5"),
        Column(key="tnr", title="TNR", meaning="true negative rate"),
        Column(key="gm", title="GM", meaning="geometric mean of TPR and TNR"),
        *(
            Column(
                key=f"tpr{100 * t:.0f}", title=f"TPR {t}", meaning=f"true positive rate, at an overlap of {t}"
            )
            for t in IOU_THRESHOLDS
            if t != 0.5
        ),
    )
    charts = ()

    def measure(self, performance: Performance) -> dict[float, PresenceCounts]:
        """Counts of the labelled frames but the first, at each overlap; see `Part`."""
        job, track, truth, part = next(performance.followed())
        frames = np.asarray(job.frames)[part][1:]
        labelled = truth.presence[frames] != Presence.UNKNOWN
        rows = frames[labelled]
        boxes, predicts = track.boxes[part][1:][labelled], ~track.is_lost[part][1:][labelled]
        is_present = truth.is_present[rows]
        overlaps = np.zeros(len(rows))
        overlaps[is_present] = overlap(boxes[is_present], truth.boxes[rows[is_present]])
        return {t: count_presence(overlaps, predicts, is_present, t) for t in IOU_THRESHOLDS}

    def summarise(self, measures: Sequence[dict[float, PresenceCounts]]) -> Summary:
        """See `Part`."""
        counts = {t: sum((m[t] for m in measures), PresenceCounts(0, 0, 0, 0)) for t in IOU_THRESHOLDS}
        quoted = counts[0.5]
        values = {"max_gm": quoted.max_gm, "tpr": quoted.tpr, "tnr": quoted.tnr, "gm": quoted.gm}
        values |= {f"tpr{100 * t:.0f}": counts[t].tpr for t in IOU_THRESHOLDS if t != 0.5}
        return Summary({key: percent(value) for key, value in values.items()})
