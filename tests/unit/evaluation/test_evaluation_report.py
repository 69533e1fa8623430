"""The report: its fields, its means, and what it says of failures."""

import json
from pathlib import Path

import numpy as np
import pytest

from saccade.data import Dataset
from saccade.evaluation import (
    Contender,
    DatasetResults,
    failures,
    one_pass_report,
    run_one_pass,
    to_markdown,
    write_report,
)
from saccade.evaluation.metrics import dialect
from tests.unit.evaluation.conftest import ScriptedModel, follows


def stays(index: int, first: np.ndarray) -> np.ndarray:
    """The first box, always."""
    return first


def fails_late(index: int, first: np.ndarray) -> np.ndarray:
    """Right, until frame 3."""
    if index == 3:
        raise RuntimeError("out of | ideas")
    return follows(index, first)


def report_of(answers: dict, dataset: Dataset, out: Path) -> dict:
    contenders = [Contender(name, ScriptedModel(answer)) for name, answer in answers.items()]
    list(run_one_pass(contenders, dataset, out))
    return one_pass_report(dataset, DatasetResults.find(out), list(answers), dialect("pytracking"))


def test_fields_are_those_of_the_design(dataset: Dataset, tmp_path: Path) -> None:
    report = report_of({"perfect": follows, "stays": stays}, dataset, tmp_path)
    assert list(report) == ["dataset", "protocol", "models"]
    assert (report["dataset"], report["protocol"]) == ("folder", "pytracking")
    assert list(report["models"]) == ["perfect", "stays"]
    scores = ["auc", "precision", "norm_precision", "op50", "op75", "fps", "frames"]
    for model in report["models"].values():
        assert list(model) == [*scores, "sequences"]
        assert [list(row) for row in model["sequences"].values()] == [scores] * 2
    write_report(report, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text()) == report


def test_scores_are_percent_and_means_over_sequences(dataset: Dataset, tmp_path: Path) -> None:
    models = report_of({"perfect": follows, "stays": stays}, dataset, tmp_path)["models"]
    assert models["perfect"]["auc"] == pytest.approx(100 * 20 / 21)
    assert models["perfect"]["norm_precision"] == 100
    assert models["perfect"]["frames"] == 7
    assert models["perfect"]["fps"] > 0
    # overlaps 1, 14/18, 12/20, 10/22 in car; the first three in dog
    assert models["stays"]["sequences"]["car"]["op50"] == 75
    assert models["stays"]["sequences"]["dog"]["op75"] == pytest.approx(200 / 3)
    assert models["stays"]["op75"] == pytest.approx((50 + 200 / 3) / 2)


def test_a_failed_sequence_is_left_out_and_named(dataset: Dataset, tmp_path: Path) -> None:
    report = report_of({"late": fails_late}, dataset, tmp_path)
    late = report["models"]["late"]
    assert late["failed"] == {"car": "RuntimeError: out of | ideas"}
    assert list(late["sequences"]) == ["dog"]
    assert late["auc"] == pytest.approx(100 * 20 / 21)
    assert late["frames"] == 3
    assert failures(report) == ["late failed on car: RuntimeError: out of | ideas"]
    assert "late failed on car: RuntimeError" in to_markdown(report)
    assert "1 of 2" in to_markdown(report)


def test_a_model_that_only_fails_has_no_scores(dataset: Dataset, tmp_path: Path) -> None:
    def fails(index: int, first: np.ndarray) -> np.ndarray:
        raise RuntimeError("no")

    model = report_of({"fails": fails}, dataset, tmp_path)["models"]["fails"]
    assert (model["auc"], model["frames"], model["fps"], model["sequences"]) == (None, 0, 0, {})


def test_tables_have_a_row_a_model_and_a_row_a_sequence(dataset: Dataset, tmp_path: Path) -> None:
    lines = to_markdown(report_of({"perfect": follows, "stays": stays}, dataset, tmp_path)).splitlines()
    assert lines[0] == "# folder, protocol pytracking"
    assert lines[2].startswith("| model | AUC % | prec. % |")
    assert lines[4].startswith("| perfect | 95.2 | 100.0 | 100.0 | 100.0 | 100.0 |")
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| car", "| dog"))] == [
        "| car",
        "| dog",
    ]
