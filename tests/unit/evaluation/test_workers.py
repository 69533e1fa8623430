"""Evaluation in several processes: the same results, devices shared out, and what happens when one dies."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from saccade.core import ModelError
from saccade.core.processes import share_of_threads
from saccade.data import Dataset
from saccade.evaluation import Contender, DatasetResults, plan, run_here, run_in_processes
from tests.unit.evaluation.conftest import ScriptedModel, follows


def dies_on_car(index: int, first: np.ndarray) -> np.ndarray:
    """What a crash in native code, or a machine short of memory, does."""
    # the car's sequence is the longer one
    if index == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return follows(index, first)


def says_where_it_is(*, device: str) -> ScriptedModel:
    raise ModelError(f"on {device} with {torch.get_num_threads()} threads")


def test_two_processes_leave_the_files_of_one(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    contenders, seen = [Contender.of(name, perfect) for name in ("one", "two")], []
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    list(run_here(plan(contenders, dataset, alone)))
    trials = plan(contenders, dataset, shared)
    outcomes = list(run_in_processes(trials, 2, seen.append))
    assert {(o.contender, o.run, o.failure) for o in outcomes} == {
        (name, run, None) for name in ("one", "two") for run in ("car", "dog")
    }
    assert sum(seen) == sum(trial.frames for trial in trials) == 14
    files = sorted(path.relative_to(alone) for path in alone.rglob("*.*"))
    assert files == sorted(path.relative_to(shared) for path in shared.rglob("*.*"))
    for file in files:
        if not file.name.endswith("_time.txt"):
            assert (alone / file).read_bytes() == (shared / file).read_bytes()
    assert plan(contenders, dataset, shared) == []
    assert list(run_in_processes([], 2)) == []


def test_devices_and_threads_are_shared_out(dataset: Dataset, tmp_path: Path) -> None:
    contender = Contender("where", says_where_it_is, {}, ("cuda:0", "cuda:1"))
    outcomes = run_in_processes(plan([contender], dataset, tmp_path), 2)
    threads = share_of_threads(2)
    assert {outcome.failure for outcome in outcomes} == {
        f"ModelError: on cuda:{number} with {threads} threads" for number in (0, 1)
    }
    assert share_of_threads(10_000) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_that_dies_takes_one_sequence_with_it(
    dataset: Dataset, tmp_path: Path, workers: int
) -> None:
    trials = plan([Contender.of("mortal", ScriptedModel(dies_on_car))], dataset, tmp_path)
    outcomes = {o.run: o.failure for o in run_in_processes(trials, workers)}
    assert outcomes == {"car": "the process died (SIGKILL; out of memory?)", "dog": None}
    assert DatasetResults.find(tmp_path).of("mortal").failure("car") == outcomes["car"]
