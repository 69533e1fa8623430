"""Scores of each protocol, from result files to numbers that others have published."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.data import Dataset, Presence, open_dataset
from saccade.evaluation import DatasetResults, board_of, plan, run_here
from saccade.evaluation.protocols import PROTOCOLS
from saccade.evaluation.report.board import Row
from saccade.evaluation.report.measure import parts_of
from saccade.evaluation.runner import Contender
from saccade.evaluation.tracks import Track, track_files
from tests.unit.evaluation.conftest import ScriptedModel, follows
from tests.unit.evaluation.report.conftest import stays


def row_of(dataset: Dataset, results: DatasetResults) -> Row:
    (row,) = board_of(dataset, results, dialect="pytracking").rows
    return row


def run(protocol: str, dataset: Dataset, out: Path, answer: object = follows) -> Row:
    model = Contender.of("model", ScriptedModel(answer))
    list(run_here(plan([model], dataset, out, protocol=PROTOCOLS[protocol])))
    return row_of(dataset, DatasetResults.find(out))


@pytest.mark.parametrize(
    ("protocol", "dataset", "first"),
    [
        ("one-pass", "otb100", "auc"),
        ("one-pass", "got10k", "ao"),
        ("one-pass", "vot2019_lt", "f"),
        ("one-pass", "lagot", "f"),
        ("one-pass", "oxuva", "max_gm"),
        ("tre", "got10k", "auc"),
        ("resets", "vot2018", "eao"),
        ("resets", "otb100", "accuracy"),
        ("anchors", "vot2022", "eao"),
        ("first-mask", "davis2017", "jf"),
        ("mot", "mot17", "hota"),
    ],
)
def test_the_main_score_is_what_the_benchmark_quotes(protocol: str, dataset: str, first: str) -> None:
    parts = parts_of(protocol, "pytracking", dataset)
    assert parts[0].columns[0].key == first
    keys = [column.key for part in parts for column in part.columns]
    assert len(keys) == len(set(keys))
    assert {chart.score for part in parts for chart in part.charts} <= {*keys, "eao"}


def truth_of(dataset: Dataset) -> object:
    """Answers with the truth, wherever the run began and whatever it was given."""
    boxes = dataset.sequences[0].truth.boxes
    return lambda index, first: boxes[index]


def test_runs_of_a_sequence_are_averaged(dataset: Dataset, tmp_path: Path) -> None:
    row = run("sre", dataset, tmp_path / "out", answer=truth_of(dataset))
    # the first box is the one that was given, and all others are right
    assert row.summary.values["op75"] == 100
    assert row.lengths == {"car": 12 * 4, "dog": 12 * 3}


def test_resets_and_anchors(dataset: Dataset, tmp_path: Path) -> None:
    resets = run("resets", dataset, tmp_path / "resets", answer=lambda index, first: [0, 40, 4, 4])
    assert resets.summary.values["failures"] == 1
    assert resets.summary.values["failures_per_hundred"] == pytest.approx(200 / 7)
    anchors = run("anchors", dataset, tmp_path / "anchors", answer=truth_of(dataset))
    assert anchors.summary.values["robustness"] == 1
    # the frame of the anchor counts as overlap 0
    assert anchors.sequences["car"].values["accuracy"] == pytest.approx(3 / 4)


def test_long_term_scores_know_when_the_target_is_gone(tmp_path: Path, dataset: Dataset) -> None:
    """The last frame of each sequence is without target; the tracker is unsure there."""
    results = DatasetResults.begin(tmp_path / "out", dataset)
    results.of("model").begin({}, {})
    for sequence in dataset.sequences:
        truth = sequence.truth
        boxes = truth.boxes.copy()
        truth.presence[-1] = Presence.ABSENT
        scores = np.ones(len(boxes))
        scores[-1] = 0.1
        track = Track(boxes, np.full(len(boxes), 0.01), scores, scores < 0.5)
        results.of("model").save(sequence.name, track_files({sequence.name: track}, sequence.name))
    renamed = Dataset("vot2019_lt", dataset.root, dataset.sequences)
    values = row_of(renamed, results).summary.values
    # without the first frame, which has overlap 0: 2 of 3 in car, 1 of 2 in dog
    assert values["pr"] == values["re"] == values["f"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)
    values = row_of(Dataset("oxuva", dataset.root, dataset.sequences), results).summary.values
    assert (values["tpr"], values["tnr"], values["max_gm"]) == (100, 100, 100)
    assert "auc" not in values


def test_got10k_is_scored_as_its_package_and_as_its_server_do(dataset: Dataset, tmp_path: Path) -> None:
    results = run_one_pass(dataset, tmp_path)
    values = row_of(Dataset("got10k", dataset.root, dataset.sequences), results).summary.values
    # all frames but the first, together: 14/18, 12/20, 10/22 and 14/18, 12/20
    assert values["ao"] == pytest.approx(100 * (2 * 14 / 18 + 2 * 12 / 20 + 10 / 22) / 5)
    assert values["sr50"] == pytest.approx(80)
    # nobody has said what the targets are
    assert values["mao"] is None


def run_one_pass(dataset: Dataset, tmp_path: Path) -> DatasetResults:
    list(run_here(plan([Contender.of("model", ScriptedModel(stays))], dataset, tmp_path / "out")))
    return DatasetResults.find(tmp_path / "out")


def test_masks_are_scored_as_davis_does(shared_data: Path, tmp_path: Path) -> None:
    name, vos = "car-shadow", shared_data / "vos"
    for kind in ("JPEGImages", "Annotations"):
        shutil.copytree(vos / kind / name, tmp_path / "data" / kind / name)
    results = results_of_others(tmp_path, "first-mask")
    shutil.copytree(vos / "results_osvos" / name, results.of("osvos").folder / name)
    board = board_of(open_dataset("folder", tmp_path / "data"), results, dialect="pytracking")
    reference = json.loads((vos / "reference_davis_eval.json").read_text())["sequences"][name]
    values = board.rows[0].summary.values
    assert values["j"] == pytest.approx(100 * reference["J_mean_no_first_last"], abs=1e-6)
    assert values["f"] == pytest.approx(100 * reference["F_mean_no_first_last"], abs=1e-6)
    playback = board.sequences[0].playback
    assert playback is not None
    np.testing.assert_allclose(playback.scores["osvos"], reference["J_per_frame"], atol=1e-6)
    # outlines, not boxes
    assert all(len(shape) >= 6 for shapes in playback.models["osvos"] for shape in shapes)


def test_tracks_are_scored_as_trackeval_does(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackers")
    shutil.copytree(shared_data / "mot" / "TUD-Campus", tmp_path / "data" / "TUD-Campus")
    results = results_of_others(tmp_path, "mot")
    theirs = shared_data / "mot" / "TUD-Campus" / "results" / "motmetrics_test.txt"
    shutil.copy(theirs, results.of("osvos").folder / "TUD-Campus.txt")
    board = board_of(open_dataset("folder", tmp_path / "data"), results, dialect="pytracking")
    values = board.rows[0].summary.values
    published = {
        "hota": 39.1397,
        "deta": 41.8047,
        "assa": 36.9121,
        "mota": 52.6462,
        "idf1": 55.7659,
        "idsw": 7,
    }
    assert {key: round(values[key] or 0.0, 4) for key in published} == published
    playback = board.sequences[0].playback
    assert playback is not None
    # a box and its id
    assert {len(shape) for shapes in playback.models["osvos"] for shape in shapes} == {5}


def results_of_others(tmp_path: Path, protocol: str) -> DatasetResults:
    """A folder of results, as `saccade eval` would have begun it."""
    folder = tmp_path / "out" / "results" / f"folder-{protocol}"
    (folder / "osvos").mkdir(parents=True)
    facts = {"format": 1, "name": "folder", "root": str(tmp_path / "data"), "protocol": protocol}
    (folder / "dataset.json").write_text(json.dumps(facts))
    (folder / "osvos" / "run.json").write_text("{}")
    return DatasetResults.find(tmp_path / "out")


def test_several_targets_of_a_sequence_are_all_played(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "vot" / "pair"
    (folder / "color").mkdir(parents=True)
    for index in range(3):
        cv2.imwrite(str(folder / "color" / f"{index + 1:08d}.jpg"), np.full((48, 64, 3), 99, dtype=np.uint8))
    for target, x in (("a", 5), ("b", 30)):
        (folder / f"groundtruth_{target}.txt").write_text(f"{x},10,12,12\n" * 3)
    data = open_dataset("folder", tmp_path / "vot")
    results = DatasetResults.begin(tmp_path / "pair-out", data)
    results.of("model").begin({}, {})
    (job,) = PROTOCOLS["one-pass"].jobs(data.sequences[0])
    tracks = {}
    for target, stem in job.target_stems.items():
        tracks[stem] = Track.blank(3)
        tracks[stem].boxes[:] = data.sequences[0].objects[target].boxes
    results.of("model").save(job.stem, track_files(tracks, job.stem))
    board = board_of(data, results, dialect="pytracking")
    assert board.rows[0].summary.values["auc"] == pytest.approx(100 * 20 / 21)
    playback = board.sequences[0].playback
    assert playback is not None
    assert [shape[4] for shape in playback.models["model"][0]] == [0, 1]
