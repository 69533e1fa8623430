"""The board: its fields, its means, how sure they are, and what it says is missing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError
from saccade.data import Dataset, Presence
from saccade.data.sequence import Facts
from saccade.evaluation import Board, DatasetResults, board_of, write_report
from saccade.evaluation.metrics import DIALECTS
from tests.unit.evaluation.conftest import follows
from tests.unit.evaluation.report.conftest import evaluate, fails_late, stays

SCORES = ["auc", "precision", "norm_precision", "op50", "op75", "fps", "frames"]


def test_fields_are_those_of_the_design(board: Callable[..., Board], tmp_path: Path) -> None:
    report = board({"stays": stays, "perfect": follows}).to_json()
    assert list(report) == ["dataset", "protocol", "models", "comparisons"]
    assert (report["dataset"], report["protocol"]) == ("folder", "pytracking")
    # the best first
    assert list(report["models"]) == ["perfect", "stays"]
    for model in report["models"].values():
        assert list(model) == [*SCORES, "sequences", "intervals", "dialects"]
        assert [list(row) for row in model["sequences"].values()] == [SCORES] * 2


def test_it_shows_itself_in_a_line(board: Callable[..., Board]) -> None:
    shown = repr(board({"stays": stays, "perfect": follows}))
    assert shown.startswith("Board(folder, pytracking; AUC %: perfect 95.2, stays ") and "\n" not in shown
    assert len(shown) < 90


def test_scores_are_percent_and_means_over_sequences(board: Callable[..., Board]) -> None:
    models = board({"perfect": follows, "stays": stays}).to_json()["models"]
    assert models["perfect"]["auc"] == pytest.approx(100 * 20 / 21)
    assert models["perfect"]["norm_precision"] == 100
    assert models["perfect"]["frames"] == 7
    assert models["perfect"]["fps"] > 0
    # overlaps 1, 14/18, 12/20, 10/22 in car; the first three in dog
    assert models["stays"]["sequences"]["car"]["op50"] == 75
    assert models["stays"]["sequences"]["dog"]["op75"] == pytest.approx(200 / 3)
    assert models["stays"]["op75"] == pytest.approx((50 + 200 / 3) / 2)


def test_intervals_hold_the_means_and_comparisons_are_paired(board: Callable[..., Board]) -> None:
    report = board({"stays": stays, "perfect": follows}).to_json()
    stayed = report["models"]["stays"]
    sequences = sorted(row["auc"] for row in stayed["sequences"].values())
    # with two sequences the draws are both of the one, both of the other, or one of each
    assert stayed["intervals"]["auc"] == pytest.approx(sequences)
    assert report["models"]["perfect"]["intervals"]["op50"] == [100, 100]
    (pair,) = report["comparisons"]
    assert (pair["first"], pair["second"], pair["score"]) == ("perfect", "stays", "auc")
    assert pair["difference"] == pytest.approx(report["models"]["perfect"]["auc"] - stayed["auc"])
    assert (pair["p_value"], pair["sequences"]) == (0.5, 2)


def test_many_models_are_compared_with_the_best_alone(board: Callable[..., Board]) -> None:
    answers = {
        f"model{i}": lambda index, first, i=i: first + np.array([i * index, 0, 0, 0]) for i in range(6)
    }
    pairs = board(answers).comparisons
    # the target moves 2 pixels a frame
    assert [first for first, _ in pairs] == ["model2"] * 5


def test_one_run_under_all_dialects(board: Callable[..., Board]) -> None:
    row = board({"stays": stays}).rows[0]
    assert list(row.dialects) == list(DIALECTS)
    assert row.dialects["pytracking"]["auc"] == row.summary.values["auc"]
    # areas by the trapezoidal rule, and thresholds that are reached
    assert row.dialects["trackingnet"]["auc"] > row.dialects["otb"]["auc"]
    assert row.dialects["stark"] == row.dialects["pytracking"]


def test_the_dialect_is_the_one_that_is_named(board: Callable[..., Board]) -> None:
    report = board({"stays": stays}, dialect="got10k").to_json()
    assert report["protocol"] == "got10k"
    assert report["models"]["stays"]["norm_precision"] == pytest.approx(
        report["models"]["stays"]["dialects"]["got10k"]["norm_precision"]
    )
    with pytest.raises(ConfigError, match="did you mean 'got10k'"):
        board({"stays": stays}, dialect="got10")


def test_exceptions_of_a_dialect_for_a_data_set_are_made(dataset: Dataset, tmp_path: Path) -> None:
    """A target out of view at the end: far away for PyTracking, on UAV123 a hit of its precision."""
    for sequence in dataset.sequences:
        truth = sequence.truth
        truth.boxes[-1], truth.presence[-1] = 0, Presence.ABSENT
    results = evaluate({"stays": stays}, dataset, tmp_path / "out")
    scores = {
        name: board_of(replace(dataset, name=name), results, dialect="pytracking").rows[0].summary.values
        for name in ("folder", "uav123")
    }
    assert scores["folder"]["precision"] == pytest.approx(100 * (3 / 4 + 2 / 3) / 2)
    assert scores["uav123"]["precision"] == 100


def test_repetitions_are_summed_up(board: Callable[..., Board]) -> None:
    report = board({"stays": stays}, repeats=3).to_json()
    repeated = report["repetitions"]["stays"]
    assert repeated["results"] == ["stays", "stays@1", "stays@2"]
    assert repeated["mean"]["auc"] == pytest.approx(report["models"]["stays@1"]["auc"])
    assert repeated["deviation"]["auc"] == pytest.approx(0)


def test_scores_by_attribute(dataset: Dataset, tmp_path: Path) -> None:
    car, dog = dataset.sequences
    both, one = Facts(attributes=("OCC", "FM")), Facts(attributes=("OCC",))
    marked = replace(dataset, sequences=(replace(car, description=both), replace(dog, description=one)))
    results = evaluate({"stays": stays}, dataset, tmp_path / "out")
    found = board_of(marked, results, dialect="pytracking")
    (row,) = found.rows
    assert list(found.attributes) == ["FM", "OCC"]
    assert row.attributes["FM"]["op50"] == 75
    assert row.attributes["OCC"]["auc"] == pytest.approx(row.summary.values["auc"])


def test_a_failed_sequence_is_left_out_and_named(board: Callable[..., Board]) -> None:
    found = board({"late": fails_late})
    late = found.to_json()["models"]["late"]
    assert late["failed"] == {"car": "RuntimeError: out of | ideas"}
    assert list(late["sequences"]) == ["dog"]
    assert late["auc"] == pytest.approx(100 * 20 / 21)
    assert late["frames"] == 3
    assert "intervals" not in late
    assert found.left_out == (
        "late on car: RuntimeError: out of | ideas",
        "playback of car: no model has a result",
    )


def test_a_model_that_only_fails_has_no_scores_and_is_last(board: Callable[..., Board]) -> None:
    def fails(index: int, first: np.ndarray) -> np.ndarray:
        raise RuntimeError("no")

    models = board({"fails": fails, "stays": stays}).to_json()["models"]
    assert list(models) == ["stays", "fails"]
    assert [models["fails"][key] for key in ("auc", "fps", "frames", "sequences")] == [None, None, 0, {}]


def test_a_sequence_that_was_not_run_yet_is_named(
    board: Callable[..., Board], dataset: Dataset, tmp_path: Path
) -> None:
    board({"stays": stays})
    results = DatasetResults.find(tmp_path / "out")
    (results.of("stays").folder / "dog.txt").unlink()
    found = board_of(dataset, results, dialect="pytracking")
    assert found.left_out[0].startswith("stays on dog: no result yet; saccade eval with the same --out")
    assert list(found.rows[0].sequences) == ["car"]


def test_results_of_a_sequence_that_the_data_set_lacks_are_named(
    board: Callable[..., Board], dataset: Dataset, tmp_path: Path
) -> None:
    before = board({"stays": stays})
    results = DatasetResults.find(tmp_path / "out")
    (results.of("stays").folder / "cat.txt").write_text("1,2,3,4\n")
    (results.of("stays").folder / "cat_time.txt").write_text("0.1\n")
    found = board_of(dataset, results, dialect="pytracking")
    assert found.left_out == ("results of stays on cat: the data set has no such sequence",)
    assert found.rows[0].summary.values == before.rows[0].summary.values


def test_a_sequence_whose_truth_is_not_published_has_no_scores(dataset: Dataset, tmp_path: Path) -> None:
    results = evaluate({"stays": stays}, dataset, tmp_path / "out")
    dataset.sequences[0].truth.presence[1:] = Presence.UNKNOWN
    found = board_of(dataset, results, dialect="pytracking")
    assert list(found.rows[0].sequences) == ["dog"]
    assert found.rows[0].frames == 7
    assert found.left_out == ("no scores of car: the truth is not published",)


def test_unreadable_frames_cost_pictures_but_no_scores(board: Callable[..., Board], dataset: Dataset) -> None:
    before = board({"stays": stays})
    broken = dataset.sequences[0].images[0]
    broken.write_bytes(broken.read_bytes()[:40])
    after = board({"stays": stays})
    assert after.rows[0].summary.values == before.rows[0].summary.values
    car, dog = (one.playback for one in after.sequences)
    assert car is not None and dog is not None
    assert (car.strips, len(dog.strips)) == ([], 1)
    (line,) = after.left_out
    assert line.startswith("pictures of car:")


def test_what_is_missing_altogether_is_an_error_with_its_remedy(
    board: Callable[..., Board], dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="no model has results in it; saccade eval makes them"):
        board({})
    with pytest.raises(DatasetError, match="no results of 'stay'; did you mean 'stays'"):
        board({"stays": stays}, models=["stay"])
    file = DatasetResults.find(tmp_path / "out").of("stays").folder / "car.txt"
    file.write_text("1,2,3,4\n")
    with pytest.raises(DatasetError, match=r"car\.txt has 1 lines, but 'car' has 4 frames; delete it"):
        board_of(dataset, DatasetResults.find(tmp_path / "out"), dialect="pytracking")


def test_all_files_of_a_report_are_written(board: Callable[..., Board], tmp_path: Path) -> None:
    report = write_report(board({"stays": stays, "perfect": follows}), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    files = {
        str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()
    }
    written = {file for file in files if not file.startswith("results/")}
    tables = {
        f"tables/{n}.{e}" for n in ("comparisons", "dialects", "scores", "sequences") for e in ("md", "tex")
    }
    plots = {
        f"plots/{n}.{e}" for n in ("norm_precision", "precision", "speed", "success") for e in ("png", "svg")
    }
    over_time = {f"plots/sequences/{name}.svg" for name in ("car", "dog")}
    assert written == {"report.html", "report.json", "report.md"} | tables | plots | over_time


def test_what_an_earlier_report_left_is_taken_away_and_nothing_else(
    board: Callable[..., Board], tmp_path: Path
) -> None:
    two, out = board({"stays": stays, "perfect": follows}), tmp_path / "out"
    kept = [out / name for name in ("tables/mine.md", "plots/mine.png", "plots/sequences/cat.svg")]
    write_report(two, out)
    for file in kept:
        file.write_text("mine")
    left = [f"plots/{name}" for name in ("expected_overlap.png", "long_term_f.svg", "attributes.png")]
    for name in left:
        (out / name).write_text("of an earlier report")
    bare = [replace(one, playback=None) for one in two.sequences]
    write_report(replace(two, charts=(), rows=two.rows[:1], comparisons={}, sequences=tuple(bare)), out)
    assert {file.name for file in (out / "plots").rglob("*") if file.is_file()} == {"mine.png", "cat.svg"}
    assert not (out / "tables" / "comparisons.md").exists()
    assert (out / "tables" / "scores.tex").is_file()
    assert all(file.read_text() == "mine" for file in kept)
    for file in kept:
        file.unlink()
    write_report(replace(two, charts=(), rows=two.rows[:1], comparisons={}, sequences=tuple(bare)), out)
    assert not (out / "plots").exists()
