"""The bench: eco beside OpenCV's CSRT and KCF, and several targets beside one. It measures, and judges not.

    python -m tests.bench [--models eco,csrt,kcf] [--only NAME,…] [--starts 3] [--part restarts] [--out FILE]

Every tracker sees the same decoded frames, on as many threads; the clock runs for the update alone.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from saccade.data import Sequence, open_dataset
from saccade.evaluation.metrics import dialect, score_one_pass
from tests.bench.contestants import OPENCV_TRACKERS, REPOSITORY, Contestant, contestant
from tests.bench.runs import Run, runs
from tests.bench.targets import time_targets


def main() -> None:
    """Measures what is asked for, prints the tables, and writes the numbers where `--out` says."""
    options = _options()
    # a table that is piped into a file is not folded to the width of a terminal
    console = Console(width=max(Console().width, 110))
    numbers: dict[str, Any] = {"threads": options.threads, "cores": os.cpu_count()}
    if options.part != "targets":
        rows = numbers["runs"] = list(_measure(options))
        numbers["one-pass"] = _summary([row for row in rows if row["one_pass"]], options.models)
        console.print(_score_table("the sequences as they are, one pass", numbers["one-pass"]))
    if options.part in ("all", "restarts"):
        numbers["restarts"] = _summary(rows, options.models)
        console.print(_score_table(f"from {options.starts} starts, both ways", numbers["restarts"]))
    if options.part in ("all", "targets"):
        ours = [name for name in options.models if name not in OPENCV_TRACKERS]
        numbers["targets"] = {name: time_targets(name, options.threads) for name in ours}
        console.print(_target_table(numbers["targets"]))
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(numbers, indent=2) + "\n")


def _options() -> argparse.Namespace:
    data = Path(os.environ.get("SACCADE_TEST_DATA", REPOSITORY / "../shared/data"))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", type=_names, default=["eco", "csrt", "kcf"], help="of saccade, or csrt, kcf"
    )
    parser.add_argument(
        "--only", type=_names, default=[""], help="sequences whose name contains one of these"
    )
    parser.add_argument("--starts", type=int, default=3, help="starts of a sequence, each way")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", choices=["all", "one-pass", "restarts", "targets"], default="all")
    parser.add_argument(
        "--root", type=Path, default=data / "sot", help="folder of sequences in the OTB layout"
    )
    parser.add_argument("--out", type=Path, help="a JSON file for the numbers")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


def _measure(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Plays every run with every contestant, sequence by sequence, so that one clip is decoded at a time."""
    contestants = {name: contestant(name, options.threads) for name in options.models}
    sequences = [
        sequence
        for sequence in open_dataset("folder", options.root).sequences
        if any(part in sequence.name for part in options.only)
    ]
    if not sequences:
        raise SystemExit(f"no sequence in {options.root} is called anything like {', '.join(options.only)}")
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.npy"
        for sequence in track(sequences, "playing", console=Console(stderr=True), transient=True):
            np.save(clip, np.stack([frame.image for frame in sequence]))
            for run in runs(sequence, options.starts):
                if run.is_one_pass or options.part != "one-pass":
                    yield from (_play(name, c, clip, sequence, run) for name, c in contestants.items())


def _play(name: str, model: Contestant, clip: Path, sequence: Sequence, run: Run) -> dict[str, Any]:
    truth = sequence.truth.boxes[run.order]
    played = model.play(clip, run.order.tolist(), truth[0].tolist())
    is_present = sequence.truth.is_present[run.order]
    scores = score_one_pass(played.boxes, truth, is_present, dialect("pytracking"))
    return {
        "model": name,
        "sequence": run.sequence,
        "way": run.way,
        "start": run.start,
        "one_pass": run.is_one_pass,
        "auc": 100 * scores.auc,
        "precision": 100 * scores.precision,
        "milliseconds": (1e3 * played.seconds).round(3).tolist(),
    }


def _summary(rows: list[dict[str, Any]], models: list[str]) -> dict[str, dict[str, float]]:
    """Mean scores over runs, and the time of an update over all frames."""
    summary = {}
    for model in models:
        own = [row for row in rows if row["model"] == model]
        spent = np.concatenate([row["milliseconds"] for row in own])
        summary[model] = {
            "runs": len(own),
            "auc": float(np.mean([row["auc"] for row in own])),
            "precision": float(np.mean([row["precision"] for row in own])),
            "fps": float(1e3 / spent.mean()),
            "median_ms": float(np.median(spent)),
            "mean_ms": float(spent.mean()),
        }
    return summary


def _score_table(title: str, summary: dict[str, dict[str, float]]) -> Table:
    table = Table(title=title)
    table.add_column("model")
    columns = ("runs", "AUC %", "prec.@20 %", "frames/s", "median ms", "mean ms", "AUC - csrt", "AUC / csrt")
    for column in (*columns, "speed / csrt"):
        table.add_column(column, justify="right")
    yardstick = summary.get("csrt")
    for model, row in summary.items():
        cells = [f"{row['runs']}", f"{row['auc']:.1f}", f"{row['precision']:.1f}", f"{row['fps']:.0f}"]
        cells += [f"{row['median_ms']:.2f}", f"{row['mean_ms']:.2f}"]
        if yardstick:
            cells += [f"{row['auc'] - yardstick['auc']:+.1f}", f"{row['auc'] / yardstick['auc']:.2f}"]
            cells += [f"{row['fps'] / yardstick['fps']:.2f}"]
        table.add_row(model, *cells)
    return table


def _target_table(measured: dict[str, dict[int, float]]) -> Table:
    table = Table(title="several targets, frames of 640x360")
    for column in ("model", "targets", "median ms", "frames/s", "time / one target"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for model, spent in measured.items():
        for count, ms in spent.items():
            table.add_row(model, f"{count}", f"{ms:.2f}", f"{1e3 / ms:.0f}", f"{ms / spent[1]:.2f}")
    return table


if __name__ == "__main__":
    main()
