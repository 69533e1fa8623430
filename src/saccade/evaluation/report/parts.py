"""What a report is made of: scores that have names and units, curves, and how sequences add up to a data set.

A benchmark quotes one or several families of scores. Each is a `Part`: it measures a sequence, and sums up
any number of measurements, be it those of one sequence, of an attribute, or of the whole data set.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from saccade.data import Sequence as Video
from saccade.data.truth import GroundTruth, ObjectId
from saccade.evaluation.protocols.job import Job
from saccade.evaluation.results import ModelResults
from saccade.evaluation.tracks import Track

Curve = Float64[np.ndarray, " T"]
ChartKey = Literal["success", "precision", "norm_precision", "long_term_f", "expected_overlap"]
"""the name of a chart, also of its files"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A score.

    Attributes:
        key: its name in `report.json`.
        title: its name in tables.
        meaning: what it is, in a line.
        unit: "%" or nothing.
        best: which end of it is the better one.
        decimals: digits behind the point that are shown.
    """

    key: str
    title: str
    meaning: str
    unit: Literal["%", ""] = "%"
    best: Literal["high", "low"] = "high"
    decimals: int = 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Chart:
    """A family of curves, one a model.

    Attributes:
        title: what it shows.
        x_label: the axis of `x`, with its unit.
        y_label: the axis of the curves, with its unit.
        x: where the curves have values; counted from 0 with step 1 when None, as far as each reaches.
        score: key of the score that is read off the curve.
    """

    key: ChartKey
    title: str
    x_label: str
    y_label: str
    x: Curve | None
    score: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores by the keys of columns, in their units, and curves by the keys of charts, in percent.

    A score is None where it has no meaning, such as a robustness without failures to count.
    """

    values: dict[str, float | None] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)

    def __or__(self, other: "Summary") -> "Summary":
        return Summary(self.values | other.values, self.curves | other.curves)


@dataclass(frozen=True)
class Performance:
    """What a model left behind on a sequence: one run for each job, all of them finished."""

    results: ModelResults
    jobs: tuple[Job, ...]

    @property
    def sequence(self) -> Video:
        """The sequence."""
        return self.jobs[0].sequence

    @cached_property
    def tracks(self) -> tuple[Mapping[ObjectId, Track], ...]:
        """The boxes of each job.

        Raises:
            DatasetError: when a result does not fit its sequence.
        """
        return tuple(self.results.read_job(job) for job in self.jobs)

    def followed(self) -> Iterator[tuple[Job, Track, GroundTruth, slice]]:
        """Every target of every job, with its truth in frame order and the part of the job that it is in."""
        for job, tracks in zip(self.jobs, self.tracks, strict=True):
            truths = job.sequence.objects
            for target, track in tracks.items():
                joins = job.frames.index(job.starts[target])
                yield job, track, truths[target], slice(joins, None)


@runtime_checkable
class Part(Protocol):
    """A family of scores."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its scores, the most quoted first."""
        ...

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Its curves."""
        ...

    def measure(self, performance: Performance) -> Any:
        """Measures a sequence; what comes of it can be sent to another process.

        Raises:
            DatasetError: when a result does not fit its sequence.
        """
        ...

    def summarise(self, measures: Sequence[Any]) -> Summary:
        """Scores of sequences together, at least one; of one alone they are those of that sequence."""
        ...


def percent(value: float) -> float | None:
    """A share in percent; None for NaN, which stands for a score without meaning."""
    return None if np.isnan(value) else 100.0 * float(value)


def plain(value: float) -> float | None:
    """A number as it is; None for NaN."""
    return None if np.isnan(value) else float(value)
