"""Result files that were tampered with, and folders without any."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import Dataset, open_dataset
from saccade.evaluation import Contender, DatasetResults, plan, run_here
from tests.unit.evaluation.conftest import ScriptedModel


@pytest.fixture
def out(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> Path:
    """Finished results."""
    list(run_here(plan([Contender.of("perfect", perfect)], dataset, tmp_path)))
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("car.txt", "1,2,3,4\n", r"car.txt has 1 lines, but 'car' has 4 frames; delete it"),
        ("car_time.txt", "0.1\n", r"car_time.txt has 1 lines, but 'car' has 4 frames"),
        ("car.txt", "", r"car.txt has 0 lines"),
        ("car.txt", "1,2,3,4\n" * 3 + "NaN,NaN,NaN,NaN\n", r"car.txt, line 4: no box"),
        ("car.txt", "1,2,3,4\n" * 3 + "1,2,-3,4\n", r"car.txt, line 4: no box"),
        ("car.txt", "1;2;3;4\n" * 4, r"car.txt, line 1"),
        ("car.txt", None, r"car.txt: no result yet"),
        ("car_score.txt", "1,0\n", r"car_score.txt has 1 lines, but 'car' has 4 frames"),
        ("car_score.txt", "1\n" * 4, r"car_score.txt: expected two numbers score,lost a line"),
        ("car.txt", "1,2,3,4\n" * 3 + "1\n", r"car.txt, line 4: no box"),
        ("car.txt", "1,2,3,4\n" * 3 + "7\n", r"car.txt, line 4: got 1 numbers"),
    ],
)
def test_a_result_that_does_not_fit_is_refused(
    out: Path, dataset: Dataset, file: str, content: str | None, message: str
) -> None:
    path = out / "results" / "folder" / "perfect" / file
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(DatasetError, match=message):
        DatasetResults.find(out).of("perfect").read(dataset.sequences[0])


def test_what_nobody_wrote_down_is_nan(out: Path, dataset: Dataset) -> None:
    results = DatasetResults.find(out).of("perfect")
    for name in ("car_time.txt", "car_score.txt"):
        (results.folder / name).unlink()
    track = results.read(dataset.sequences[0])
    assert np.isnan(track.seconds).all()
    assert np.isnan(track.scores).all()
    assert not track.is_lost.any()


@pytest.mark.parametrize("file", ["dataset.json", "perfect/run.json"])
def test_results_of_a_newer_version_are_left_alone(
    out: Path, dataset: Dataset, perfect: ScriptedModel, file: str
) -> None:
    path = out / "results" / "folder" / file
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(DatasetError, match=r"json: written by a newer saccade \(format 2; .*pip install -U"):
        plan([Contender.of("perfect", perfect)], dataset, out)


def test_results_of_the_first_version_are_added_to(
    out: Path, dataset: Dataset, perfect: ScriptedModel
) -> None:
    for file in ("dataset.json", "perfect/run.json"):
        path = out / "results" / "folder" / file
        path.write_text(path.read_text().replace('  "format": 1,\n', ""))
    assert plan([Contender.of("perfect", perfect)], dataset, out) == []


def test_results_know_their_data_set_and_models(out: Path, dataset: Dataset) -> None:
    results = DatasetResults.find(out)
    assert results.models() == ["perfect"]
    assert [s.name for s in results.dataset().sequences] == ["car", "dog"]
    moved = dataset.root.rename(out / "moved")
    assert len(results.dataset(moved).sequences) == 2
    with pytest.raises(DatasetError, match="no such folder"):
        results.dataset()


def test_results_know_their_split(tmp_path: Path) -> None:
    train = open_dataset("lasot", tmp_path, "train", lazy=True)
    results = DatasetResults.begin(tmp_path / "out", train)
    assert results.folder.name == "lasot-train"
    DatasetResults.begin(tmp_path / "out", open_dataset("lasot", tmp_path, lazy=True))
    with pytest.raises(DatasetError, match="1120 of 1120 sequences of lasot are missing"):
        DatasetResults.find(tmp_path / "out", "lasot-train").dataset()
    with pytest.raises(DatasetError, match="280 of 280 sequences of lasot are missing"):
        DatasetResults.find(tmp_path / "out", "lasot").dataset()


def test_finding_results_says_what_is_missing(out: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere: no results in it; saccade eval makes them"):
        DatasetResults.find(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no results on lasot"):
        DatasetResults.find(out, "lasot")
    (out / "results" / "other").mkdir()
    (out / "results" / "other" / "dataset.json").write_text('{"name": "folder"}')
    with pytest.raises(DatasetError, match="several data sets; choose one with --dataset: folder, other"):
        DatasetResults.find(out)
    with pytest.raises(DatasetError, match="names no root; give it with --root"):
        DatasetResults.find(out, "other").dataset()


def test_a_broken_record_is_named(out: Path, dataset: Dataset) -> None:
    (out / "results" / "folder" / "dataset.json").write_text("{")
    with pytest.raises(DatasetError, match=r"dataset.json: cannot be read .*delete it"):
        DatasetResults.begin(out, dataset)
