"""Result files that were tampered with, and folders without any."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import Dataset, open_dataset
from saccade.evaluation import Contender, DatasetResults, Track, board_of, plan, run_here
from saccade.evaluation.results import check_choice, repetition_name, split_repetition
from saccade.evaluation.tracks import track_files
from tests.unit.evaluation.conftest import ScriptedModel, read_track


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
        read_track(DatasetResults.find(out).of("perfect"), dataset.sequences[0])


def test_what_nobody_wrote_down_is_nan(out: Path, dataset: Dataset) -> None:
    results = DatasetResults.find(out).of("perfect")
    for name in ("car_time.txt", "car_score.txt"):
        (results.folder / name).unlink()
    track = read_track(results, dataset.sequences[0])
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
    with pytest.raises(DatasetError, match=r"json: written by a newer saccade \(format 2; .*pip install -U"):
        board_of(dataset, DatasetResults(out / "results" / "folder"), dialect="otb")


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
    with pytest.raises(DatasetError, match="no results on lasot in it; there are: folder"):
        DatasetResults.find(out, "lasot")
    (out / "results" / "other").mkdir()
    (out / "results" / "other" / "dataset.json").write_text('{"name": "folder"}')
    # where nothing has run yet is passed over
    assert DatasetResults.find(out).folder.name == "folder"
    DatasetResults(out / "results" / "other").of("still").begin({}, {})
    assert DatasetResults.find(out).folder.name == "folder"
    (out / "results" / "other" / "still" / "car.txt").write_text("1,2,3,4\n")
    with pytest.raises(DatasetError, match="several data sets; choose one with --dataset: folder, other"):
        DatasetResults.find(out)
    with pytest.raises(DatasetError, match="names no root; give it with --root"):
        DatasetResults.find(out, "other").dataset()


def test_results_on_several_data_sets_are_found_in_a_folder_for_each(
    out: Path, dataset: Dataset, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    for name in ("a", "b"):
        (base / name / "results" / name).mkdir(parents=True)
        (base / name / "results" / name / "dataset.json").write_text('{"name": "folder"}')
    assert DatasetResults.find(base, "b").out == base / "b"
    assert [results.folder.name for results in DatasetResults.find_all(base)] == ["a", "b"]
    with pytest.raises(DatasetError, match="several data sets; choose one with --dataset: a, b"):
        DatasetResults.find(base)
    (base / "b" / "results" / "b").rename(base / "b" / "results" / "a")
    with pytest.raises(DatasetError, match=r"name one of these folders instead: .*a, .*b"):
        DatasetResults.find(base)


def test_results_of_several_protocols_are_told_apart(out: Path, dataset: Dataset) -> None:
    DatasetResults.begin(out, dataset, "sre").of("still").save("car@1", {"car@1.txt": b"1,2,3,4\n"})
    DatasetResults.begin(out, dataset, "sre").of("still").begin({}, {})
    found = DatasetResults.find_all(out)
    assert [(results.label, results.protocol) for results in found] == [
        ("folder", "one-pass"),
        ("folder", "sre"),
    ]
    with pytest.raises(
        DatasetError, match=r"folder by several protocols; choose .* --dataset: folder, folder-sre"
    ):
        check_choice(out, found)
    with pytest.raises(DatasetError, match="by several protocols; choose one with --protocol: one-pass, sre"):
        check_choice(out, found, by_protocol=True)
    # the name of a folder comes before that of a data set
    for name, protocol, label in (
        ("folder", None, ""),
        ("folder", "sre", "-sre"),
        ("folder-sre", None, "-sre"),
    ):
        (one,) = DatasetResults.find_all(out, name, protocol)
        assert one.folder.name == f"folder{label}"
    with pytest.raises(
        DatasetError, match="on folder of protocol tre in it; there are those of protocol one-pass, sre"
    ):
        DatasetResults.find_all(out, "folder", "tre")


def test_a_folder_in_which_nobody_has_begun_is_taken_over(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "car").symlink_to(dataset.root / "car")
    other = open_dataset("folder", tmp_path / "other")
    DatasetResults.begin(tmp_path, other)
    plan([Contender.of("perfect", perfect)], dataset, tmp_path)
    assert DatasetResults.find(tmp_path).dataset().root == dataset.root
    with pytest.raises(DatasetError, match=r"holds results on .*sequences, not on .*other; choose another"):
        DatasetResults.begin(tmp_path, other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"dataset.json: cannot be read .*delete it"),
        ("[]", r"dataset.json: no object of JSON; delete it"),
        ('{"name": 3}', r"dataset.json: name is 3, not a text; delete it"),
        ('{"name": "folder", "root": ["a"]}', r"dataset.json: root is \['a'\], not a text"),
        ('{"name": "folder", "root": "a", "split": {}}', r"dataset.json: split is \{\}, not a text"),
        ('{"name": "folder", "protocol": "tree"}', r"dataset.json: no protocol 'tree'; did you mean 'tre'"),
    ],
)
def test_a_broken_record_is_named(out: Path, dataset: Dataset, text: str, message: str) -> None:
    (out / "results" / "folder" / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=message):
        DatasetResults.begin(out, dataset)
    with pytest.raises(DatasetError, match=message):
        DatasetResults.find(out).dataset()
    with pytest.raises(DatasetError, match=message):
        DatasetResults.find_all(out, protocol="one-pass")


def test_settings_that_are_none_are_named(out: Path) -> None:
    results = DatasetResults.find(out).of("perfect")
    (results.folder / "run.json").write_text('{"settings": [1]}')
    with pytest.raises(DatasetError, match=r"run.json: settings are \[1\], not an object of JSON; delete it"):
        results.begin({}, {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [("eco", ("eco", None)), ("eco@3", ("eco", 3)), ("a@b", ("a@b", None)), ("a@b@1", ("a@b", 1))],
)
def test_repetitions_are_told_by_their_names(name: str, expected: tuple[str, int | None]) -> None:
    assert split_repetition(name) == expected
    assert repetition_name(expected[0], expected[1] or 0) == name


def test_a_target_that_is_lost_is_told_without_any_score(dataset: Dataset, tmp_path: Path) -> None:
    track = Track.blank(4)
    track.boxes[:] = dataset.sequences[0].truth.boxes
    assert "car_score.txt" not in track_files({"car": track}, "car")
    track.is_lost[2] = True
    results = DatasetResults.begin(tmp_path, dataset).of("model")
    results.save("car", track_files({"car": track}, "car"))
    found = read_track(results, dataset.sequences[0])
    assert found.is_lost.tolist() == [False, False, True, False]
    assert np.isnan(found.scores).all()
