"""The board: every model's scores on a data set, how sure they are, and what was left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from math import isclose
from statistics import fmean, stdev
from typing import Any

import numpy as np

from saccade.evaluation.metrics import (
    Comparison,
    Interval,
    bootstrap_intervals,
    by_attribute,
    compare_paired,
    resampled_intervals,
)
from saccade.evaluation.report.measure import Examined, Measured
from saccade.evaluation.report.parts import Chart, Column, Part, Summary
from saccade.evaluation.report.success import Success
from saccade.evaluation.results import split_repetition

ALL_PAIRS_UP_TO = 5
"""with so many models, at most, each is compared with each; with more, the best with each"""

Values = dict[str, float | None]
Measures = Mapping[str, tuple[Any, ...]]
"""by sequence, what was measured of each part"""


@dataclass(slots=True, kw_only=True)
class Row:
    """A model's scores.

    Attributes:
        summary: over all sequences on which it has a result; empty when there is none.
        sequences: of each of them.
        frames: how many it was run on.
        fps: frames by seconds of its steps; None where nobody has taken the time.
        speeds: the same of each sequence.
        lengths: frames it was run on, of each sequence.
        failed: sequences without result, and why.
        intervals: where each score lies, at 95 %; none with fewer than two sequences.
        attributes: scores over the sequences that have an attribute.
        dialects: scores in each dialect of success and precision.
    """

    name: str
    summary: Summary
    sequences: dict[str, Summary]
    frames: int
    fps: float | None
    speeds: dict[str, float | None]
    lengths: dict[str, int]
    failed: dict[str, str]
    intervals: dict[str, Interval] = field(default_factory=dict)
    attributes: dict[str, Values] = field(default_factory=dict)
    dialects: dict[str, dict[str, float]] = field(default_factory=dict)

    def to_json(self, columns: Iterable[Column]) -> dict[str, Any]:
        """What `report.json` says of the model."""
        keys = [column.key for column in columns]
        sequences = {
            name: {key: summary.values.get(key) for key in keys}
            | {"fps": self.speeds[name], "frames": self.lengths[name]}
            for name, summary in self.sequences.items()
        }
        value: dict[str, Any] = {key: self.summary.values.get(key) for key in keys}
        value |= {"fps": self.fps, "frames": self.frames, "sequences": sequences}
        parts: dict[str, Any] = {
            "intervals": {key: [i.low, i.high] for key, i in self.intervals.items()},
            "attributes": self.attributes,
            "dialects": self.dialects,
            "failed": self.failed,
        }
        return value | {name: part for name, part in parts.items() if part}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The repetitions of a model with different seeds.

    Attributes:
        results: the names of their results.
        mean: of each score.
        deviation: its standard deviation over repetitions.
    """

    results: tuple[str, ...]
    mean: dict[str, float]
    deviation: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that a report says, before it takes any shape.

    Attributes:
        dataset: label of the data set.
        protocol: by which models were run.
        dialect: in which success and precision are scored; None where they are not.
        columns: the scores, the main one first.
        charts: the curves.
        rows: the models, the best first.
        attributes: what the letters mean, of those that a sequence has.
        comparisons: of pairs of models by the mean of the main score over the sequences that both have.
        repetitions: by the name of a model that was run with several seeds.
        sequences: what was found on each.
        left_out: what is missing from this report, and why; a sentence each.
    """

    dataset: str
    protocol: str
    dialect: str | None
    columns: tuple[Column, ...]
    charts: tuple[Chart, ...]
    rows: tuple[Row, ...]
    attributes: Mapping[str, str]
    comparisons: dict[tuple[str, str], Comparison]
    repetitions: dict[str, Repeated]
    sequences: tuple[Examined, ...]
    left_out: tuple[str, ...]

    def __repr__(self) -> str:
        """A line: all that it holds, pictures among them, would fill many screens of a notebook."""
        key, decimals = self.main.key, self.main.decimals
        scores = ((row.name, row.summary.values.get(key)) for row in self.rows)
        said = ", ".join(f"{name} none" if x is None else f"{name} {x:.{decimals}f}" for name, x in scores)
        title = f"{self.main.title} {self.main.unit}".rstrip()
        return f"Board({self.dataset}, {self.dialect or self.protocol}; {title}: {said})"

    @property
    def main(self) -> Column:
        """The score by which models are ranked and compared."""
        return self.columns[0]

    def to_json(self) -> dict[str, Any]:
        """What `report.json` says."""
        one_pass = self.protocol == "one-pass" and self.dialect is not None
        value: dict[str, Any] = {
            "dataset": self.dataset,
            "protocol": self.dialect if one_pass else self.protocol,
            "models": {row.name: row.to_json(self.columns) for row in self.rows},
        }
        parts: dict[str, Any] = {
            "dialect": None if one_pass else self.dialect,
            "attributes": dict(self.attributes),
            "comparisons": [
                {
                    "first": first,
                    "second": second,
                    "score": self.main.key,
                    "difference": found.difference,
                    "interval": [found.interval.low, found.interval.high],
                    "p_value": found.p_value,
                    "sequences": found.sequences,
                }
                for (first, second), found in self.comparisons.items()
            ],
            "repetitions": {
                name: {"results": list(r.results), "mean": r.mean, "deviation": r.deviation}
                for name, r in self.repetitions.items()
            },
            "left_out": list(self.left_out),
        }
        return value | {name: part for name, part in parts.items() if part}


def make_board(
    examined: Sequence[Examined],
    models: Sequence[str],
    parts: tuple[Part, ...],
    *,
    dataset: str,
    protocol: str,
    meanings: Mapping[str, str],
    strays: Mapping[str, Sequence[str]],
) -> Board:
    """Sums up what was measured.

    Args:
        dataset: label of the data set.
        meanings: what the letters of attributes mean.
        strays: by model, results of sequences that the data set lacks.
    """
    rows = [_row(name, examined, parts) for name in models]
    columns = _columns(rows, parts)
    rows.sort(key=lambda row: (_place(row, columns[0]), row.name))
    _add_intervals(rows, columns)
    for row in rows:
        _add_pooled_intervals(row, examined, parts, columns)
    success = next((part for part in parts if isinstance(part, Success)), None)
    return Board(
        dataset=dataset,
        protocol=protocol,
        dialect=None if success is None else success.name,
        columns=columns,
        charts=tuple(chart for part in parts for chart in part.charts),
        rows=tuple(rows),
        attributes=_attributes(examined, meanings),
        comparisons=_compared(rows, columns[0]),
        repetitions=_repetitions(rows, columns),
        sequences=tuple(examined),
        left_out=tuple(_left_out(examined, strays)),
    )


def _measures(name: str, examined: Iterable[Examined]) -> dict[str, tuple[Any, ...]]:
    """What was measured of a model, by sequence."""
    return {one.name: one.models[name].measures for one in examined if one.is_scored and name in one.models}


def _summarise(parts: Sequence[Part], rows: Sequence[tuple[Any, ...]]) -> Summary:
    summary = Summary()
    for part, column in zip(parts, zip(*rows, strict=True), strict=True):
        summary |= part.summarise(column)
    return summary


def _row(name: str, examined: Sequence[Examined], parts: tuple[Part, ...]) -> Row:
    found = {one.name: one.models[name] for one in examined if name in one.models}
    measures = _measures(name, examined)
    attributes = {one.name: one.attributes for one in examined}
    summarise = partial(_summarise, parts)
    row = Row(
        name=name,
        summary=summarise(list(measures.values())) if measures else Summary(),
        sequences={sequence: summarise([rows]) for sequence, rows in measures.items()},
        frames=sum(one.frames for one in found.values()),
        fps=_rate(found.values()),
        speeds={sequence: _rate([one]) for sequence, one in found.items()},
        lengths={sequence: one.frames for sequence, one in found.items()},
        failed={one.name: one.failed[name] for one in examined if name in one.failed},
        attributes=by_attribute(measures, attributes, lambda rows: summarise(rows).values),
    )
    for place, part in enumerate(parts):
        if isinstance(part, Success) and measures:
            row.dialects = part.in_all_dialects([rows[place] for rows in measures.values()])
    return row


def _columns(rows: Sequence[Row], parts: Iterable[Part]) -> tuple[Column, ...]:
    """The scores that a model has, e.g. none over classes that sequences lack; all where there is none."""
    every = tuple(column for part in parts for column in part.columns)
    known = {key for row in rows for key, value in row.summary.values.items() if value is not None}
    return tuple(column for column in every if column.key in known) or every


def _rate(found: Iterable[Measured]) -> float | None:
    """Frames a second; None where nobody has taken the time."""
    found = list(found)
    seconds = sum(one.seconds for one in found)
    return sum(one.timed for one in found) / seconds if seconds > 0 else None


def _place(row: Row, main: Column) -> float:
    """By which rows are sorted, the best first; those without score are last."""
    value = row.summary.values.get(main.key)
    if value is None:
        return np.inf
    return -value if main.best == "high" else value


def _known(row: Row, key: str) -> dict[str, float]:
    """A score of each sequence of which it has one."""
    values = {name: summary.values.get(key) for name, summary in row.sequences.items()}
    return {name: value for name, value in values.items() if value is not None}


def _add_intervals(rows: Iterable[Row], columns: Iterable[Column]) -> None:
    """Draws sequences for all scores and models with results on the same sequences at once.

    That can be done for means over sequences.
    """
    groups: dict[tuple[str, ...], list[tuple[Row, str, list[float]]]] = {}
    for row in rows:
        for column in columns:
            known = _known(row, column.key)
            score = row.summary.values.get(column.key)
            is_mean = (
                score is not None and len(known) > 1 and isclose(fmean(known.values()), score, abs_tol=1e-9)
            )
            if is_mean:
                groups.setdefault(tuple(known), []).append((row, column.key, list(known.values())))
    for members in groups.values():
        table = np.array([values for _, _, values in members]).T
        for (row, key, _), interval in zip(members, bootstrap_intervals(table), strict=True):
            row.intervals[key] = interval


def _add_pooled_intervals(
    row: Row, examined: Iterable[Examined], parts: Sequence[Part], columns: Iterable[Column]
) -> None:
    """Scores draws of sequences as a whole, for scores of all frames or counts together."""
    wanted = {c.key for c in columns if row.summary.values.get(c.key) is not None} - set(row.intervals)
    pooled = [n for n, part in enumerate(parts) if wanted & {column.key for column in part.columns}]
    measures = list(_measures(row.name, examined).values())
    if not pooled or len(measures) < 2:
        return

    def score(choice: list[int]) -> Values:
        drawn = [tuple(measures[i][n] for n in pooled) for i in choice]
        return _summarise([parts[n] for n in pooled], drawn).values

    intervals = resampled_intervals(score, len(measures))
    row.intervals |= {key: interval for key, interval in intervals.items() if key in wanted}


def _compared(rows: Sequence[Row], main: Column) -> dict[tuple[str, str], Comparison]:
    scored = [row for row in rows if row.sequences]
    pairs = list(combinations(scored, 2))
    if len(scored) > ALL_PAIRS_UP_TO:
        pairs = pairs[: len(scored) - 1]
    compared = {}
    for first, second in pairs:
        a, b = _known(first, main.key), _known(second, main.key)
        common = [name for name in a if name in b]
        if len(common) > 1:
            values = (np.array([scores[name] for name in common]) for scores in (a, b))
            compared[first.name, second.name] = compare_paired(*values)
    return compared


def _repetitions(rows: Iterable[Row], columns: Iterable[Column]) -> dict[str, Repeated]:
    """Results called `<name>@<seed>` beside `<name>`, together."""
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.name):
        groups.setdefault(split_repetition(row.name)[0], []).append(row)
    repeated = {}
    for name, group in groups.items():
        if len(group) < 2:
            continue
        values = {c.key: [row.summary.values.get(c.key) for row in group] for c in columns}
        known = {k: [v for v in rows if v is not None] for k, rows in values.items()}
        known = {key: rows for key, rows in known.items() if len(rows) == len(group)}
        repeated[name] = Repeated(
            results=tuple(row.name for row in group),
            mean={key: fmean(rows) for key, rows in known.items()},
            deviation={key: stdev(rows) for key, rows in known.items()},
        )
    return repeated


def _attributes(examined: Iterable[Examined], meanings: Mapping[str, str]) -> dict[str, str]:
    letters = sorted({letter for one in examined for letter in one.attributes})
    return {letter: meanings.get(letter, letter.replace("_", " ")) for letter in letters}


def _left_out(examined: Sequence[Examined], strays: Mapping[str, Sequence[str]]) -> Iterable[str]:
    for one in examined:
        for model, reason in one.failed.items():
            yield f"{model} on {one.name}: {reason}"
    hidden = [one.name for one in examined if not one.is_scored]
    if hidden:
        yield f"no scores of {_named(hidden)}: the truth is not published"
    for model, names in strays.items():
        yield f"results of {model} on {_named(names)}: the data set has no such sequence"
    for one in examined:
        if one.unplayed:
            yield f"pictures of {one.name}: {one.unplayed}"
        elif one.playback is None:
            yield f"playback of {one.name}: no model has a result"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
