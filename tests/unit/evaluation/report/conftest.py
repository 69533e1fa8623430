"""Boards of the tiny data set, made of scripted answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.data import Dataset
from saccade.evaluation import Board, Contender, DatasetResults, board_of, plan, run_here
from saccade.evaluation.report.board import Row
from tests.unit.evaluation.conftest import ScriptedModel

Answers = dict[str, Callable[[int, np.ndarray], Any]]


def evaluate(answers: Answers, dataset: Dataset, out: Path, *, repeats: int = 1) -> DatasetResults:
    """The results of models that answer so."""
    contenders = [Contender.of(name, ScriptedModel(answer)) for name, answer in answers.items()]
    list(run_here(plan(contenders, dataset, out, repeats=repeats)))
    return DatasetResults.find(out)


@pytest.fixture
def board(dataset: Dataset, tmp_path: Path) -> Callable[..., Board]:
    """Makes the board of models that answer so."""

    def make(answers: Answers, *, repeats: int = 1, **options: Any) -> Board:
        results = evaluate(answers, dataset, tmp_path / "out", repeats=repeats)
        return board_of(dataset, results, **{"dialect": "pytracking"} | options)

    return make


def stays(index: int, first: np.ndarray) -> np.ndarray:
    """The first box, always."""
    return first


def fails_late(index: int, first: np.ndarray) -> np.ndarray:
    """Right, until frame 3."""
    if index == 3:
        raise RuntimeError("out of | ideas")
    return first + np.array([2 * index, 0, 0, 0])


def row_of(dataset: Dataset, results: DatasetResults) -> Row:
    """The scores of the one model that has results."""
    (row,) = board_of(dataset, results, dialect="pytracking").rows
    return row


def results_of_others(tmp_path: Path, protocol: str) -> DatasetResults:
    """A folder of results, as `saccade eval` would have begun it."""
    folder = tmp_path / "out" / "results" / f"folder-{protocol}"
    (folder / "osvos").mkdir(parents=True)
    facts = {"format": 1, "name": "folder", "root": str(tmp_path / "data"), "protocol": protocol}
    (folder / "dataset.json").write_text(json.dumps(facts))
    (folder / "osvos" / "run.json").write_text("{}")
    return DatasetResults.find(tmp_path / "out")
