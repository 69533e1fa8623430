"""The report of an evaluation: scores of every model, made from result files alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saccade.data import Dataset
from saccade.evaluation.metrics import ONE_PASS_SCORES, Dialect, OnePassScores, score_one_pass
from saccade.evaluation.results import DatasetResults, ModelResults, write_text

COLUMNS = {
    "auc": "AUC %",
    "precision": "prec. %",
    "norm_precision": "norm. prec. %",
    "op50": "OP50 %",
    "op75": "OP75 %",
    "fps": "fps",
}


def one_pass_report(
    dataset: Dataset, results: DatasetResults, models: Sequence[str], rules: Dialect
) -> dict[str, Any]:
    """Scores the results of models on a data set.

    Scores are in percent: of a model the mean over its sequences, each of the same weight. `fps` is frames by
    seconds of tracking, the first frame included and reading left out. A model that failed on sequences names
    them under `failed`, and its scores are those of the others.

    Raises:
        DatasetError: when a result is missing or does not fit its sequence.
    """
    return {
        "dataset": dataset.name,
        "protocol": rules.name,
        "models": {name: _model(dataset, results.of(name), rules) for name in models},
    }


def write_report(report: dict[str, Any], out: Path) -> None:
    """Writes `report.json` and `report.md`.

    Raises:
        OutputError: when they cannot be written.
    """
    write_text(out / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    write_text(out / "report.md", to_markdown(report))


def summary_table(report: dict[str, Any]) -> list[list[str]]:
    """A heading and one row a model, as words."""
    head = ["model", *COLUMNS.values(), "frames", "sequences"]
    rows = [
        [name, *(_number(scores[key]) for key in COLUMNS), f"{scores['frames']}", _count(scores)]
        for name, scores in report["models"].items()
    ]
    return [head, *rows]


def failures(report: dict[str, Any]) -> list[str]:
    """One sentence for each sequence on which a model failed."""
    return [
        f"{name} failed on {sequence}: {message}"
        for name, scores in report["models"].items()
        for sequence, message in scores.get("failed", {}).items()
    ]


def to_markdown(report: dict[str, Any]) -> str:
    """The report as tables: one row a model, and the AUC of every model on every sequence."""
    models: dict[str, dict[str, Any]] = {name: m["sequences"] for name, m in report["models"].items()}
    names = dict.fromkeys(sequence for rows in models.values() for sequence in rows)
    by_sequence = [
        [name, *(_number(rows.get(name, {}).get("auc")) for rows in models.values())] for name in names
    ]
    parts = [
        f"# {report['dataset']}, protocol {report['protocol']}",
        _table(summary_table(report)),
        "## AUC % by sequence",
        _table([["sequence", *models], *by_sequence]),
    ]
    if failures(report):
        parts += ["## Left out of the means", "\n".join(f"- {line}" for line in failures(report))]
    return "\n\n".join(parts) + "\n"


def _model(dataset: Dataset, results: ModelResults, rules: Dialect) -> dict[str, Any]:
    scores: list[OnePassScores] = []
    rows: dict[str, dict[str, float]] = {}
    failed: dict[str, str] = {}
    frames, seconds = 0, 0.0
    for sequence in dataset.sequences:
        failure = None if results.is_finished(sequence.name) else results.failure(sequence.name)
        if failure is not None:
            failed[sequence.name] = failure
            continue
        track = results.read(sequence)
        score = score_one_pass(track.boxes, sequence.truth.boxes, sequence.truth.is_present, rules)
        spent = float(track.seconds.sum())
        rows[sequence.name] = score.percentages() | {
            "fps": _rate(len(sequence), spent),
            "frames": len(sequence),
        }
        scores.append(score)
        frames, seconds = frames + len(sequence), seconds + spent
    mean = OnePassScores.mean(scores).percentages() if scores else dict.fromkeys(ONE_PASS_SCORES)
    summary: dict[str, Any] = mean | {"fps": _rate(frames, seconds), "frames": frames, "sequences": rows}
    return summary | ({"failed": failed} if failed else {})


def _rate(frames: int, seconds: float) -> float:
    """Frames a second; 0 where nothing was measured."""
    return frames / seconds if seconds > 0 else 0.0


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _count(scores: dict[str, Any]) -> str:
    done, failed = len(scores["sequences"]), len(scores.get("failed", {}))
    return f"{done} of {done + failed}" if failed else f"{done}"


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
