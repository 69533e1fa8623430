"""Result files that were tampered with, and folders without any."""

from pathlib import Path

import pytest

from saccade.core import DatasetError
from saccade.data import Dataset
from saccade.evaluation import Contender, DatasetResults, run_one_pass
from tests.unit.evaluation.conftest import ScriptedModel


@pytest.fixture
def out(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> Path:
    """Finished results."""
    list(run_one_pass([Contender("perfect", perfect)], dataset, tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("car.txt", "1,2,3,4\n", r"car.txt has 1 lines, but sequence 'car' has 4 frames; delete it"),
        ("car_time.txt", "0.1\n", r"car_time.txt has 1 lines, but sequence 'car' has 4 frames"),
        ("car.txt", "", r"car.txt has 0 lines"),
        ("car.txt", "1,2,3,4\n" * 3 + "NaN,NaN,NaN,NaN\n", r"car.txt, line 4: no box"),
        ("car.txt", "1,2,3,4\n" * 3 + "1,2,-3,4\n", r"car.txt, line 4: no box"),
        ("car.txt", "1;2;3;4\n" * 4, r"car.txt, line 1"),
        ("car.txt", None, r"car.txt: no result yet"),
        ("car_time.txt", None, r"car_time.txt: cannot be read"),
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


def test_results_know_their_data_set_and_models(out: Path, dataset: Dataset) -> None:
    results = DatasetResults.find(out)
    assert results.models() == ["perfect"]
    assert [s.name for s in results.dataset().sequences] == ["car", "dog"]
    moved = dataset.root.rename(out / "moved")
    assert len(results.dataset(moved).sequences) == 2
    with pytest.raises(DatasetError, match="no such folder"):
        results.dataset()


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
