"""`saccade eval` that is killed, or fails on sequences: nothing is repeated, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

SEQUENCES, FRAMES = 6, 8

TRACKER = r'''
"""A tracker that takes its time, writes down each frame that it sees, and fails where it is told to."""

import os
import time
from pathlib import Path

import numpy as np

from saccade.core import Instances


class Slow:
    name, config = "slow", {}

    def start(self, *, seed=0):
        return Run()


class Run:
    def step(self, frame, targets=None, *, color="rgb"):
        if targets is not None:
            self.box = np.array(targets.boxes[0], dtype=float)
        with Path(os.environ["SLOW_LOG"]).open("a") as log:
            log.write(f"{self.box[0]:.0f} {frame.index}\n")
        time.sleep(float(os.environ.get("SLOW_SECONDS", 0)))
        if f"{self.box[0]:.0f}" in os.environ.get("SLOW_FAILS", "").split() and frame.index == 2:
            raise RuntimeError("lost for words")
        box = self.box + frame.index
        return Instances(boxes=np.array([[*box[:2], *(box[:2] + box[2:])]]), scores=np.array([0.5]))


PRESET = None


def build(name, config, *, weights, device, precision):
    return Slow()
'''

COMMAND = """
import sys

from saccade.zoo.catalog import CATALOG, Entry

CATALOG["slow"] = Entry(
    name="slow", task="track", method="slow_tracker", preset="PRESET", summary="slow", cpu_only=True
)

if __name__ == "__main__":
    from saccade.__main__ import main

    sys.exit(main())
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Sequences whose targets are told apart by where they begin."""
    root = tmp_path / "sequences"
    for number in range(SEQUENCES):
        folder = root / f"s{number}"
        (folder / "img").mkdir(parents=True)
        for index in range(FRAMES):
            cv2.imwrite(str(folder / "img" / f"{index:04d}.png"), np.full((40, 60, 3), 90, dtype=np.uint8))
        (folder / "groundtruth_rect.txt").write_text(f"{number + 1},10,9,9\n" * FRAMES)
    (tmp_path / "slow_tracker.py").write_text(TRACKER)
    (tmp_path / "command.py").write_text(COMMAND)
    return root


class Evaluation:
    """`saccade eval slow` in a process of its own."""

    def __init__(self, root: Path, out: Path, *more: str, **environment: str) -> None:
        self.out, self.log = out, root.parent / "log"
        words = [
            "eval",
            "slow",
            "--dataset",
            "folder",
            "--root",
            str(root),
            "--out",
            str(out),
            "--json",
            *more,
        ]
        self.process = subprocess.Popen(
            [sys.executable, str(root.parent / "command.py"), *words],
            env={**os.environ, "SLOW_LOG": str(self.log), "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def results(self) -> Path:
        return self.out / "results" / "folder" / "slow"

    def finished(self) -> set[str]:
        return {path.stem for path in self.results.glob("s?.txt")}

    def end(self) -> tuple[int, dict, str]:
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, json.loads(out), err


def steps(log: Path) -> Counter[str]:
    """How often each frame of each sequence was run."""
    return Counter(log.read_text().splitlines()) if log.is_file() else Counter()


def scores(report: dict) -> dict:
    """A report without what differs from run to run."""
    model = report["models"]["slow"]
    rows = {name: {k: v for k, v in row.items() if k != "fps"} for name, row in model["sequences"].items()}
    return {k: v for k, v in model.items() if k != "fps"} | {"sequences": rows}


@pytest.mark.parametrize(
    "crew",
    [
        pytest.param([], id="alone"),
        pytest.param(["--workers", "2"], marks=pytest.mark.slow, id="two workers"),
    ],
)
def test_killed_and_started_again_nothing_is_repeated_and_nothing_is_lost(
    root: Path, tmp_path: Path, crew: list[str]
) -> None:
    whole = Evaluation(root, tmp_path / "whole")
    code, expected, _ = whole.end()
    assert (code, set(steps(whole.log).values())) == (0, {1})
    whole.log.unlink()

    killed = Evaluation(root, tmp_path / "out", *crew, SLOW_SECONDS="0.05")
    while len(killed.finished()) < 2:
        assert killed.process.poll() is None
        time.sleep(0.01)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.communicate()
    done, kept = killed.finished(), {p.name: p.read_bytes() for p in killed.results.iterdir()}
    assert len(done) < SEQUENCES
    # processes without anybody to work for end by themselves
    before = None
    while before != (now := steps(killed.log)):
        before = now
        time.sleep(0.5)

    again = Evaluation(root, tmp_path / "out", *crew)
    code, report, err = again.end()
    # what takes half a minute, as it may on a crowded machine, says how far it is
    assert (code, [line for line in err.splitlines() if not line.startswith("evaluating: ")]) == (0, [])
    assert scores(report) == scores(expected)
    assert {name: (again.results / name).read_bytes() for name in kept if "part" not in name} == {
        name: content for name, content in kept.items() if "part" not in name
    }
    after = steps(again.log)
    for number in range(SEQUENCES):
        counts = {after[f"{number + 1} {frame}"] for frame in range(FRAMES)}
        assert counts == {1} if f"s{number}" in done else counts <= {1, 2}
    for path in whole.results.glob("s?.txt"):
        assert (again.results / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_a_failing_sequence_does_not_stop_the_rest(root: Path, tmp_path: Path) -> None:
    code, report, err = Evaluation(root, tmp_path / "out", "--workers", "2", SLOW_FAILS="2 4").end()
    assert code == 1
    assert set(report["models"]["slow"]["failed"]) == {"s1", "s3"}
    assert set(report["models"]["slow"]["sequences"]) == {"s0", "s2", "s4", "s5"}
    assert "2 of 6 runs failed: slow on s" in err.splitlines()[-1]
    account = (tmp_path / "out" / "results" / "folder" / "slow" / "s1_failure.txt").read_text()
    assert account.startswith("RuntimeError: lost for words\n")
    assert "slow_tracker.py" in account
