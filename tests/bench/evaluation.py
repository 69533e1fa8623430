"""What an evaluation costs beside the tracking itself: the runner, two processes, scoring a large benchmark.

    python -m tests.bench.evaluation [--part runner|scoring] [--sequences 280] [--models 10] [--frames 2500]

The runner's baseline is a bare loop of `step` over the same frames, read from the same files.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import saccade
from saccade.cli.eval_trackers import HEAVY
from saccade.core.processes import START, load_ahead
from saccade.data import open_dataset
from saccade.evaluation import (
    Contender,
    DatasetResults,
    board_of,
    plan,
    run_here,
    run_in_processes,
)
from tests.bench.contestants import REPOSITORY

DATA = Path(os.environ.get("SACCADE_TEST_DATA", REPOSITORY / "../shared/data")) / "sot"
ROUNDS = 3
TRACKERS = ("eco", "still")


def main() -> None:
    """Measures what is asked for and prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.evaluation")
    parser.add_argument("--part", choices=("all", "runner", "scoring", *HOW), default="all")
    parser.add_argument("--out", type=Path, help="where the ways of --part that track leave results")
    parser.add_argument("--sequences", type=int, default=280)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--frames", type=int, default=2500)
    options = parser.parse_args()
    if options.part in HOW:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        print(HOW[options.part](options.out))
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.part in ("all", "runner"):
            _time_the_runner(Path(folder))
        if options.part in ("all", "scoring"):
            _time_scoring(Path(folder), options.sequences, options.models, options.frames)


def _track_bare(out: Path) -> float:
    """Seconds of tracking, with nothing around it; leaves nothing."""
    dataset = open_dataset("folder", DATA)
    began = time.perf_counter()
    for name in TRACKERS:
        model = saccade.load(name)
        for sequence in dataset.sequences:
            run = model.start(seed=0)
            targets: saccade.Targets | None = saccade.Targets(boxes=[tuple(sequence.truth.boxes[0])])
            for frame in sequence:
                run.step(frame, targets)
                targets = None
    return time.perf_counter() - began


def _evaluate(out: Path, workers: int) -> float:
    """Seconds of tracking the same in an evaluation, with the files of its results, without the report."""
    if workers > 1:
        # the command does this while it loads its packages
        load_ahead(HEAVY)
        first = multiprocessing.get_context(START).Process(target=int)
        first.start()
        first.join()
    contenders = [Contender(name, partial(saccade.load, name), {"model": name}) for name in TRACKERS]
    trials = plan(contenders, open_dataset("folder", DATA), out)
    began = time.perf_counter()
    outcomes = list(run_here(trials) if workers == 1 else run_in_processes(trials, workers))
    assert all(outcome.failure is None for outcome in outcomes)
    return time.perf_counter() - began


HOW: dict[str, Callable[[Path], float]] = {
    "bare": _track_bare,
    "alone": partial(_evaluate, workers=1),
    "together": partial(_evaluate, workers=2),
}
"""each in a process of its own"""


def _time_the_runner(folder: Path) -> None:
    """Bare tracking, an evaluation, and one in two processes, each on one thread, taking turns."""
    seconds: dict[str, list[float]] = {how: [] for how in HOW}
    for attempt in range(ROUNDS):
        for how, times in seconds.items():
            command = [
                sys.executable,
                "-m",
                __spec__.name,
                "--part",
                how,
                "--out",
                f"{folder / how}{attempt}",
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
            times.append(float(done.stdout))
    boxes = [
        {path.name: path.read_bytes() for path in folder.glob(f"{how}0/results/*/*/*.txt")}
        for how in ("alone", "together")
    ]
    boxes = [{name: text for name, text in each.items() if "_time" not in name} for each in boxes]
    bare, alone, together = (float(np.median(times)) for times in seconds.values())
    table = Table(title=f"{', '.join(TRACKERS)} on {DATA.name}, median of {ROUNDS} rounds")
    for column in ("on one thread a process", "seconds", "beside"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    table.add_row("a bare loop", f"{bare:.2f}", "")
    table.add_row("saccade eval", f"{alone:.2f}", f"{100 * (alone / bare - 1):+.1f} % over the loop")
    ratio = f"{alone / together:.2f} times as fast, {'the same' if boxes[0] == boxes[1] else 'OTHER'} boxes"
    table.add_row("--workers 2", f"{together:.2f}", ratio)
    Console(width=110).print(table)


def _time_scoring(folder: Path, sequences: int, models: int, frames: int) -> None:
    root, out = folder / "sequences", folder / "out"
    _synthesise(root, out, sequences, models, frames)
    console = Console(width=110)
    began = time.perf_counter()
    dataset = open_dataset("folder", root)
    opened = time.perf_counter()
    board = board_of(dataset, DatasetResults.find(out), dialect="pytracking", frames=0)
    scored = time.perf_counter()
    console.print(f"{sequences} sequences x {models} models x {frames} frames, {len(board.rows)} rows:")
    console.print(f"opened in {opened - began:.1f} s, scored in all dialects in {scored - opened:.1f} s")


def _synthesise(root: Path, out: Path, sequences: int, models: int, frames: int) -> None:
    """Sequences that share the files of their frames, and results that wander about the truth."""
    rng = np.random.default_rng(0)
    images = root.parent / "frames"
    images.mkdir()
    first = images / "00000001.jpg"
    cv2.imwrite(str(first), np.zeros((72, 128, 3), np.uint8))
    for number in range(2, frames + 1):
        os.link(first, images / f"{number:08d}.jpg")
    steps = rng.normal(0, 2, (frames, 4)).cumsum(axis=0)
    truth = np.abs(steps) + np.array([100, 80, 60, 40])
    wanders = [_text(truth + rng.normal(0, 3 + place, truth.shape)) for place in range(models)]
    for number in range(sequences):
        home = root / f"sequence-{number:04d}"
        home.mkdir(parents=True)
        (home / "img").symlink_to(images)
        (home / "groundtruth_rect.txt").write_text(_text(truth))
    results = DatasetResults.begin(out, open_dataset("folder", root), "one-pass")
    for place, wander in enumerate(wanders):
        model = results.of(f"model-{place}")
        model.begin({"model": place}, {})
        for number in range(sequences):
            (model.folder / f"sequence-{number:04d}.txt").write_text(wander)


def _text(boxes: np.ndarray) -> str:
    return "".join(f"{x:.2f},{y:.2f},{w:.2f},{h:.2f}\n" for x, y, w, h in np.maximum(boxes, 1))


if __name__ == "__main__":
    main()
