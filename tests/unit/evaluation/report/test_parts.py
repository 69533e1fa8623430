"""Scores of each protocol, from result files to numbers that others have published."""

import shutil
from collections import abc
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.data import Dataset, Presence, open_dataset
from saccade.data.readers import BoxReader
from saccade.evaluation import DatasetResults, board_of, plan, run_here
from saccade.evaluation.metrics.vot_resets import (
    ResetRun,
    expected_average_overlap,
    expected_overlap_curve,
)
from saccade.evaluation.protocols import PROTOCOLS
from saccade.evaluation.report.board import Row
from saccade.evaluation.report.measure import examine, parts_of
from saccade.evaluation.report.parts import Column, Performance, Summary
from saccade.evaluation.report.playback import Limits
from saccade.evaluation.report.regions import Resets
from saccade.evaluation.runner import Contender
from saccade.evaluation.tracks import Track, track_files
from tests.unit.evaluation.conftest import ScriptedModel, follows
from tests.unit.evaluation.report.conftest import results_of_others, row_of, stays


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
        ("first-mask", "youtubevos2019", "overall"),
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


def test_got10k_asks_for_the_cover_and_not_for_the_flag(dataset: Dataset, tmp_path: Path) -> None:
    """Frame 2 of `car` is flagged as absent, though half of the target shows; frame 3 shows nothing."""
    results = run_one_pass(dataset, tmp_path)
    truth = dataset.sequences[0].truth
    truth.presence[2] = Presence.ABSENT
    covered = replace(truth, visibility=np.array([1, 1, 0.5, 0]))
    car = replace(dataset.sequences[0], source=covered)
    data = Dataset("got10k", dataset.root, (car, dataset.sequences[1]))
    row = row_of(data, results)
    assert row.sequences["car"].values["ao"] == pytest.approx(100 * (14 / 18 + 12 / 20) / 2)
    # where nobody has said how much shows, the flag is all there is
    unsaid = replace(car, source=replace(truth, visibility=np.full(4, np.nan)))
    row = row_of(Dataset("got10k", dataset.root, (unsaid,)), results)
    assert row.sequences["car"].values["ao"] == pytest.approx(100 * (14 / 18 + 10 / 22) / 2)


def test_a_sequence_without_a_frame_to_score_leaves_the_others_their_scores(
    dataset: Dataset, tmp_path: Path
) -> None:
    results = run_one_pass(dataset, tmp_path)
    dataset.sequences[0].truth.presence[1:] = Presence.ABSENT
    row = row_of(Dataset("got10k", dataset.root, dataset.sequences), results)
    assert row.summary.values["ao"] == pytest.approx(100 * (14 / 18 + 12 / 20) / 2)
    assert row.sequences["car"].values["ao"] is None
    alone = row_of(Dataset("got10k", dataset.root, dataset.sequences[:1]), results)
    assert alone.summary.values["ao"] is None
    assert alone.summary.values["auc"] is not None


@dataclass(frozen=True)
class Picky:
    """Counts frames, but refuses to look at dogs."""

    columns = (Column(key="frames", title="Frames", meaning="how many", unit=""),)
    charts = ()

    def measure(self, performance: Performance) -> int:
        if performance.sequence.name == "dog":
            raise ValueError("a dog has no score")
        return len(performance.sequence)

    def summarise(self, measures: abc.Sequence[int]) -> Summary:
        return Summary({"frames": float(sum(measures))})


def test_what_cannot_be_scored_is_left_out_with_its_reason(dataset: Dataset, tmp_path: Path) -> None:
    results = run_one_pass(dataset, tmp_path)
    car, dog = examine(dataset, results, ["model"], (Picky(),), Limits.of(0, 2))
    assert car.models["model"].measures == (4,)
    assert (dog.models, dog.failed) == ({}, {"model": "cannot be scored: a dog has no score"})


LASOT = {
    # x, y, w, h, flagged as fully occluded, and as out of view
    "present": ("10,12,16,16", 0, 0),
    "no area, not flagged": ("12,12,16,0", 0, 0),
    "flagged": ("14,12,16,16", 0, 1),
    "no area, flagged": ("0,0,0,0", 1, 0),
}


@pytest.mark.parametrize(
    ("dialect", "frames", "hits"),
    [
        # what counts as right, of 4, in success, precision and normalised precision
        ("lasot", "present, no area but not flagged", (1, 2, 2)),
        ("pytracking", "present, and normalised no area but not flagged", (1, 1, 2)),
        ("stark", "the same", (1, 1, 2)),
        ("otb", "all that is not compared", (1, 4, 4)),
    ],
)
def test_flags_of_lasot_are_told_from_boxes_without_area(
    dialect: str, frames: str, hits: tuple[int, int, int], dataset: Dataset, tmp_path: Path
) -> None:
    results = run_one_pass(dataset, tmp_path)
    boxes, occluded, outside = zip(*LASOT.values(), strict=True)
    files = {"groundtruth.txt": "\n".join(boxes)}
    for name, flags in (("full_occlusion", occluded), ("out_of_view", outside)):
        files[f"{name}.txt"] = ",".join(map(str, flags))
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")
    car = dataset.sequences[0]
    flags = {name: tmp_path / f"{name}.txt" for name in ("full_occlusion", "out_of_view")}
    reader = BoxReader(file=tmp_path / "groundtruth.txt", images=car.images, absent=flags)
    data = Dataset("lasot", dataset.root, (replace(car, source=reader),))
    (row,) = board_of(data, results, dialect=dialect).rows
    found = [row.summary.values[key] for key in ("op50", "precision", "norm_precision")]
    assert found == [25 * hit for hit in hits], frames


def run_one_pass(dataset: Dataset, tmp_path: Path) -> DatasetResults:
    list(run_here(plan([Contender.of("model", ScriptedModel(stays))], dataset, tmp_path / "out")))
    return DatasetResults.find(tmp_path / "out")


def test_the_expected_overlap_is_also_that_of_pysot(tmp_path: Path) -> None:
    """A run that never fails is one piece, in both ways; one that fails weighs differently."""
    steady = np.full(120, 0.5)
    steady[0] = np.nan
    failing = steady.copy()
    failing[60:66] = np.nan
    part = Resets((20, 100))
    once = ResetRun(steady, np.array([0]), np.zeros(0, dtype=int))
    twice = ResetRun(failing, np.array([0, 65]), np.array([60]))
    values = part.summarise([once]).values
    assert values["eao"] == values["eao_pysot"] == pytest.approx(0.5)
    values = part.summarise([twice]).values
    expected = expected_average_overlap(expected_overlap_curve([[twice]], "pysot"), (20, 100), "pysot")
    assert values["eao_pysot"] == expected
    assert values["eao"] != pytest.approx(expected, abs=1e-3)
    assert (
        part.summarise([ResetRun(steady[:9], np.array([0]), np.zeros(0, dtype=int))]).values["eao_pysot"]
        is None
    )


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
