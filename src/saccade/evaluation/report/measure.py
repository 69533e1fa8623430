"""Measures what models have left behind, sequence by sequence, on all cores when there is much of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from saccade.core import SaccadeError
from saccade.data import BoxAnnotation, Dataset, LabelAnnotation, Presence
from saccade.data import Sequence as Video
from saccade.data.splits import read_text_list
from saccade.evaluation.metrics import vot_resets
from saccade.evaluation.protocols import PROTOCOLS, Protocol
from saccade.evaluation.report.parts import Part, Performance
from saccade.evaluation.report.playback import Limits, Playback, record
from saccade.evaluation.report.regions import AllTracks, Anchors, Masks, Resets
from saccade.evaluation.report.spread import spread
from saccade.evaluation.report.success import GOT10k, LongTerm, OxUvA, Success
from saccade.evaluation.results import DatasetResults, ModelResults
from saccade.evaluation.tracks import read_seconds

MUCH = 1_000_000
"""frames of results from which on processes are worth their start"""
MISSING = "no result yet; saccade eval with the same --out makes what is missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a model left behind on a sequence, measured.

    Attributes:
        measures: one of each part; none where the truth is not known.
        frames: how many it was run on, all runs together.
        timed: of how many of these somebody has taken the time.
        seconds: how long these took.
    """

    measures: tuple[Any, ...]
    frames: int
    timed: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class Examined:
    """What all models left behind on a sequence.

    Attributes:
        frames: its length.
        attributes: letters of those that it has.
        is_scored: whether its truth is known.
        models: by name.
        failed: why others have no result.
        playback: of its first run; None where nobody has a result.
        unplayed: why there are no pictures to it; empty when there are, or none are wanted.
    """

    name: str
    frames: int
    attributes: tuple[str, ...]
    is_scored: bool
    models: dict[str, Measured] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    playback: Playback | None = None
    unplayed: str = ""


def parts_of(protocol: str, dialect: str, dataset: str) -> tuple[Part, ...]:
    """The families of scores that a benchmark quotes, the main one first.

    Args:
        protocol: by which models were run.
        dialect: in which success and precision are scored.
        dataset: its name.
    """
    masks = Masks()
    if dataset.startswith("youtubevos"):
        masks = Masks(counts_last=True, seen=frozenset(read_text_list("youtubevos_categories")))
    others: dict[str, Part] = {
        "resets": Resets(vot_resets.EAO_INTERVALS.get(dataset)),
        "anchors": Anchors(),
        "first-mask": masks,
        "mot": AllTracks(dataset),
    }
    if protocol in others:
        return (others[protocol],)
    # frames between labels say nothing, and there is no first box to be near to
    if dataset == "oxuva":
        return (OxUvA(),)
    success = Success(dialect, dataset, skips_unknown=dataset == "lagot")
    if protocol == "one-pass" and "got10k" in (dataset, dialect):
        return GOT10k(), success
    if protocol == "one-pass" and (dataset.endswith("_lt") or dataset == "lagot"):
        return LongTerm(), success
    return (success,)


def examine(
    dataset: Dataset,
    results: DatasetResults,
    models: Sequence[str],
    parts: tuple[Part, ...],
    limits: Limits,
    on_sequence: Callable[[], None] = lambda: None,
) -> Iterator[Examined]:
    """Measures every model on every sequence, in the order of the data set.

    Raises:
        DatasetError: when a result does not fit its sequence.
        OutputError: when a process that measures dies.
    """
    task = partial(_examine, PROTOCOLS[results.protocol], {m: results.of(m) for m in models}, parts, limits)
    frames = sum(len(sequence) for sequence in dataset.sequences) * len(models)
    for examined in spread(task, dataset.sequences, is_much=frames >= MUCH):
        yield examined
        on_sequence()


def stray_results(
    dataset: Dataset, results: DatasetResults, models: Sequence[str]
) -> Mapping[str, list[str]]:
    """By model, the runs of which there are results, although the data set has no such sequence."""
    protocol = PROTOCOLS[results.protocol]
    sequences = (*dataset.sequences, *dataset.unasked)
    files = {name for s in sequences for job in protocol.jobs(s) for name in _files(protocol, job)}
    strays = {}
    for model in models:
        found = [path for path in results.of(model).folder.iterdir() if path.name not in files]
        names = sorted(path.stem for path in found if path.is_dir() or _is_boxes(path.name))
        if names:
            strays[model] = names
    return strays


def _files(protocol: Protocol, job: Any) -> Iterator[str]:
    """What a job leaves in the folder of a model: files of boxes, or a folder of masks."""
    yield from {name.partition("/")[0] for name in protocol.files(job)}


def _is_boxes(name: str) -> bool:
    return name.endswith(".txt") and not name.endswith(("_time.txt", "_score.txt", "_failure.txt"))


def _examine(
    protocol: Protocol,
    models: Mapping[str, ModelResults],
    parts: tuple[Part, ...],
    limits: Limits,
    sequence: Video,
) -> Examined:
    jobs = tuple(protocol.jobs(sequence))
    found = Examined(
        name=sequence.name,
        frames=len(sequence),
        attributes=sequence.attributes,
        is_scored=_is_scored(sequence),
    )
    performances = {}
    for name, results in models.items():
        reason = _missing(protocol, results, jobs)
        if reason:
            found.failed[name] = reason
            continue
        performance = Performance(results, jobs)
        try:
            measures = tuple(part.measure(performance) for part in parts) if found.is_scored else ()
        # a result that does not fit its sequence is to be mended; one that only has no score is left out
        except SaccadeError:
            raise
        except ValueError as error:
            found.failed[name] = f"cannot be scored: {error}"
            continue
        performances[name] = performance
        seconds = _seconds(performance)
        timed = ~np.isnan(seconds)
        found.models[name] = Measured(
            measures=measures,
            frames=len(seconds),
            timed=int(timed.sum()),
            seconds=float(seconds[timed].sum()),
        )
    if performances:
        try:
            found.playback = record(performances, protocol.kind, limits)
        # scores need no pictures
        except SaccadeError as error:
            found.unplayed = str(error)
            found.playback = record(performances, protocol.kind, limits.without_pictures())
    return found


def _missing(protocol: Protocol, results: ModelResults, jobs: Sequence[Any]) -> str:
    """Why a model has no result on a sequence; empty when it has."""
    for job in jobs:
        if not results.has(protocol.files(job)):
            return results.failure(job.stem) or MISSING
    return ""


def _seconds(performance: Performance) -> np.ndarray:
    """What each frame of all runs took; NaN where nobody has taken the time."""
    if "tracks" in vars(performance):
        return np.concatenate([next(iter(tracks.values())).seconds for tracks in performance.tracks])
    folder = performance.results.folder
    return np.concatenate(
        [read_seconds(folder / f"{job.stem}_time.txt", len(job.frames)) for job in performance.jobs]
    )


def _is_scored(sequence: Video) -> bool:
    """Whether more is known of a sequence than what models are given; test sets keep their truth."""
    annotation = sequence.annotation
    if isinstance(annotation, LabelAnnotation):
        return sum(file is not None for file in annotation.files) > 1
    if isinstance(annotation, BoxAnnotation):
        known = (truth.presence != Presence.UNKNOWN for truth in annotation.objects.values())
        return len(sequence) == 1 or any(np.count_nonzero(frames) > 1 for frames in known)
    return bool(annotation.starts)
