"""Scores of VOT's short-term challenges, of masks, and of all tracks of a video."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain

from saccade.core import DatasetError, SaccadeError
from saccade.data import LabelAnnotation, Tracks
from saccade.data.formats.tracks import read_tracks
from saccade.evaluation.metrics import davis, mot, vot_anchors, vot_resets
from saccade.evaluation.metrics.youtube_vos import SeenUnseenScores, score_seen_unseen
from saccade.evaluation.protocols import PROTOCOLS, anchor_run, reset_run
from saccade.evaluation.protocols.job import Job
from saccade.evaluation.protocols.segmentation import Labels, answered_labels, true_labels
from saccade.evaluation.report.parts import Chart, Column, Curve, Performance, Summary, percent, plain
from saccade.evaluation.results import ModelResults
from saccade.ops.masks import VOID

_EAO_CHART = Chart(
    key="expected_overlap",
    title="Expected average overlap",
    x_label="length of a sequence [frames]",
    y_label="expected average overlap [%]",
    x=None,
    score="eao",
)
_EAO = Column(key="eao", title="EAO", meaning="expected average overlap", unit="", decimals=3)
_EAO_PYSOT = Column(
    key="eao_pysot",
    title="EAO (pysot)",
    meaning="expected average overlap of pysot's pieces of runs, which most papers on VOT2018 quote",
    unit="",
    decimals=3,
)
_ACCURACY = Column(key="accuracy", title="Acc.", meaning="mean overlap while following", unit="", decimals=3)


@dataclass(frozen=True)
class Resets:
    """VOT's scores with resets, 2013 to 2019.

    Attributes:
        interval: first and last length that count in the expected average overlap; None where no challenge
            has said.
    """

    interval: tuple[int, int] | None

    charts = (_EAO_CHART,)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The expected average overlap comes first where there is one."""
        rest = (
            _ACCURACY,
            Column(
                key="failures",
                title="Failures",
                meaning="failures a sequence",
                unit="",
                best="low",
                decimals=2,
            ),
            Column(
                key="failures_per_hundred",
                title="Fail. /100",
                meaning="failures in a hundred frames: what papers on VOT2018 call robustness",
                unit="",
                best="low",
                decimals=3,
            ),
            Column(
                key="reliability",
                title="Reliab.",
                meaning="probability of 30 frames without failure",
                unit="",
                decimals=3,
            ),
        )
        return rest if self.interval is None else (_EAO, *rest, _EAO_PYSOT)

    def measure(self, performance: Performance) -> vot_resets.ResetRun:
        """Overlaps, starts and failures; see `Part`."""
        ((job, tracks),) = zip(performance.jobs, performance.tracks, strict=True)
        (track,) = tracks.values()
        try:
            return reset_run(track, job)
        except ValueError as error:
            file = performance.results.folder / f"{job.stem}.txt"
            raise DatasetError(f"{file}: {error}; delete it and evaluate again") from None

    def summarise(self, measures: Sequence[vot_resets.ResetRun]) -> Summary:
        """See `Part`."""
        scores = vot_resets.score_resets([vot_resets.score_reset_sequence([run]) for run in measures])
        names = ("accuracy", "failures", "failures_per_hundred", "reliability")
        values = {name: plain(getattr(scores, name)) for name in names}
        runs = [[run] for run in measures]
        curve = vot_resets.expected_overlap_curve(runs)
        if self.interval is not None:
            values["eao"] = _expected_overlap(curve, self.interval, "toolkit")
            theirs = vot_resets.expected_overlap_curve(runs, "pysot")
            values["eao_pysot"] = _expected_overlap(theirs, self.interval, "pysot")
        return Summary(values, {_EAO_CHART.key: 100 * curve})


def _expected_overlap(
    curve: Curve, interval: tuple[int, int], dialect: vot_resets.EAODialect
) -> float | None:
    """None where the curve ends before the interval begins."""
    reaches = len(curve) > interval[0]
    return vot_resets.expected_average_overlap(curve, interval, dialect) if reaches else None


@dataclass(frozen=True)
class Anchors:
    """VOT's scores of runs from anchors, 2020 to 2022."""

    columns = (
        _EAO,
        _ACCURACY,
        Column(key="robustness", title="Rob.", meaning="share of frames followed", unit="", decimals=3),
    )
    charts = (_EAO_CHART,)

    def measure(self, performance: Performance) -> tuple[list[vot_anchors.AnchorRun], int]:
        """The overlaps of each run, and the length of the sequence; see `Part`."""
        runs = [
            anchor_run(track, job)
            for job, tracks in zip(performance.jobs, performance.tracks, strict=True)
            for track in tracks.values()
        ]
        return runs, len(performance.sequence)

    def summarise(self, measures: Sequence[tuple[list[vot_anchors.AnchorRun], int]]) -> Summary:
        """See `Part`."""
        scores = vot_anchors.score_anchors(
            [vot_anchors.score_anchor_sequence(runs, frames) for runs, frames in measures]
        )
        every = [runs for runs, _ in measures]
        eao = vot_anchors.anchor_expected_average_overlap(every)
        longest = max(len(run.overlaps) for run in chain.from_iterable(every))
        curve = vot_anchors.anchor_overlap_curve(every, longest)
        values = {"eao": eao, "accuracy": scores.accuracy, "robustness": scores.robustness}
        return Summary({k: plain(v) for k, v in values.items()}, {_EAO_CHART.key: 100 * curve})


_J_AND_F = (
    Column(key="jf", title="J&F", meaning="mean of region similarity and boundary accuracy"),
    Column(key="j", title="J", meaning="region similarity, mean over frames"),
    Column(key="j_recall", title="J recall", meaning="frames with a region similarity above 0.5"),
    Column(key="j_decay", title="J decay", meaning="what J loses from first to last quarter", best="low"),
    Column(key="f", title="F", meaning="boundary accuracy, mean over frames"),
    Column(key="f_recall", title="F recall", meaning="frames with a boundary accuracy above 0.5"),
    Column(key="f_decay", title="F decay", meaning="what F loses from first to last quarter", best="low"),
)
_OVERALL = Column(key="overall", title="G", meaning="mean of J and F of seen and unseen categories")
_SEEN_AND_UNSEEN = (
    Column(key="j_seen", title="J seen", meaning="J of objects of categories in the training set"),
    Column(key="f_seen", title="F seen", meaning="F of objects of categories in the training set"),
    Column(key="j_unseen", title="J unseen", meaning="J of objects of other categories"),
    Column(key="f_unseen", title="F unseen", meaning="F of objects of other categories"),
)


@dataclass(frozen=True)
class Masks:
    """DAVIS' scores of masks: the mean over objects; and YouTube-VOS' of seen and unseen categories.

    Attributes:
        counts_last: whether the last frame counts, as in YouTube-VOS, but not in DAVIS.
        seen: the categories of the training set, where the data set tells seen from unseen ones.
    """

    counts_last: bool = False
    seen: frozenset[str] = frozenset()

    charts = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The overall score comes first where there is one."""
        return (_OVERALL, *_J_AND_F, *_SEEN_AND_UNSEEN) if self.seen else _J_AND_F

    def measure(self, performance: Performance) -> list[tuple[davis.ObjectScores, str | None]]:
        """J and F of each object, and its category; see `Part`."""
        (job,) = performance.jobs
        pairs = (
            (predicted, truth)
            for predicted, truth in label_pairs(performance.results, job)
            if truth is not None
        )
        try:
            scores = davis.score_objects(pairs, counts_last=self.counts_last)
        # a picture that cannot be used is named already, and may be one of the truth
        except SaccadeError:
            raise
        except ValueError as error:
            raise DatasetError(
                f"{performance.results.folder / job.stem}: {error}; delete the folder and evaluate again"
            ) from None
        annotation = job.sequence.annotation
        categories = annotation.categories if isinstance(annotation, LabelAnnotation) else {}
        return [(found, categories.get(name)) for name, found in scores.items()]

    def summarise(self, measures: Sequence[list[tuple[davis.ObjectScores, str | None]]]) -> Summary:
        """See `Part`. Objects that never get a frame that counts have no score."""
        objects = list(chain.from_iterable(measures))
        values: dict[str, float | None] = dict.fromkeys(column.key for column in self.columns)
        if not objects:
            return Summary(values)
        scores = davis.summarise_objects([found for found, _ in objects])
        values |= {f.name: percent(getattr(scores, f.name)) for f in fields(davis.MaskScores)}
        values["jf"] = percent(scores.jf)
        named = [(found, category in self.seen) for found, category in objects if category is not None]
        if self.seen and named:
            parted = score_seen_unseen(named)
            values |= {f.name: percent(getattr(parted, f.name)) for f in fields(SeenUnseenScores)}
            values["overall"] = percent(parted.overall)
        return Summary(values)


def label_pairs(results: ModelResults, job: Job) -> Iterator[tuple[Labels, Labels | None]]:
    """Predicted and true object ids of every frame of a job; None where the truth is not annotated.

    What the truth leaves open is background: DAVIS passes over it in another task only.

    Raises:
        DatasetError: when a picture is missing or broken, or of another size than its frame.
    """
    for index, name in enumerate(PROTOCOLS["first-mask"].files(job), start=job.first):
        truth = true_labels(job, index)
        if truth is not None:
            truth[truth == VOID] = 0
        yield answered_labels(results.folder / name, job, index), truth


_PREPARATIONS = {
    "mot16": "mot16",
    "mot17": "mot17",
    "mot20": "mot20",
    "dancetrack": "mot17",
    # rows without a class count as pedestrians, so that it does for MOT15, too
    "mot": "mot17",
}


@dataclass(frozen=True)
class AllTracks:
    """HOTA, CLEAR and identity scores: counts of all sequences together.

    Attributes:
        dataset: its name, which decides what is scored at all.
    """

    dataset: str

    columns = (
        Column(key="hota", title="HOTA", meaning="higher order tracking accuracy"),
        Column(key="deta", title="DetA", meaning="detection accuracy"),
        Column(key="assa", title="AssA", meaning="association accuracy"),
        Column(key="loca", title="LocA", meaning="localisation accuracy"),
        Column(key="mota", title="MOTA", meaning="CLEAR: multi-object tracking accuracy"),
        Column(key="motp", title="MOTP", meaning="CLEAR: mean overlap of matches"),
        Column(key="idf1", title="IDF1", meaning="identity F1"),
        Column(key="idsw", title="IDSW", meaning="CLEAR: identity switches", unit="", best="low", decimals=0),
        Column(key="precision", title="Prec.", meaning="CLEAR: share of the boxes that are right"),
        Column(key="recall", title="Recall", meaning="CLEAR: share of the true boxes that are found"),
        Column(key="f1", title="F1", meaning="CLEAR: harmonic mean of precision and recall"),
    )
    charts = ()

    def measure(self, performance: Performance) -> mot.TrackingScores:
        """Counts of a sequence; see `Part`."""
        (job,) = performance.jobs
        annotation = job.sequence.annotation
        assert isinstance(annotation, Tracks)
        predicted = read_tracks(performance.results.folder / f"{job.stem}.txt", len(job.frames))
        return mot.score_tracks(predicted, annotation, _PREPARATIONS.get(self.dataset, "mot15"))

    def summarise(self, measures: Sequence[mot.TrackingScores]) -> Summary:
        """See `Part`."""
        scores = mot.combine_tracks(measures).summary()
        switches = scores.pop("IDSW")
        values = {name.lower(): percent(value) for name, value in scores.items()}
        return Summary(values | {"idsw": switches})
