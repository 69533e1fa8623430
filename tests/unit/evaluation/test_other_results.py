"""Results that other trackers' tools have left: each layout, and what does not fit."""

import json
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError
from saccade.data import (
    BoxAnnotation,
    Dataset,
    GroundTruth,
    LabelAnnotation,
    Presence,
    Sequence,
    open_dataset,
)
from saccade.evaluation import PROTOCOLS, Contender, DatasetResults, board_of, bring_results, plan
from saccade.evaluation.metrics import dialect, score_one_pass
from saccade.ops.masks import write_palette_png
from tests.unit.evaluation.conftest import ScriptedModel, read_track

ROWS = {"car": 4, "dog": 3}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def bring(name: str, folder: Path, dataset: Dataset, out: Path, protocol: str = "one-pass") -> list[str]:
    return bring_results(name, folder, dataset, DatasetResults.begin(out, dataset, protocol))


def lines(separator: str = ",", shift: float = 0, start: int = 0) -> dict[str, str]:
    rows = {name: [(10 + 2 * i + shift, 12, 16, 16) for i in range(n)] for name, n in ROWS.items()}
    return {
        name: "".join(separator.join(map(str, row)) + "\n" for row in value) for name, value in rows.items()
    }


SECONDS = {name: "0.5\n" * count for name, count in ROWS.items()}

LAYOUTS = {
    "PyTracking": {f"{n}.txt": t for n, t in lines("\t").items()}
    | {f"{n}_time.txt": t for n, t in SECONDS.items()},
    "got10k on OTB": {f"{n}.txt": t for n, t in lines(",").items()}
    | {f"times/{n}_time.txt": t for n, t in SECONDS.items()},
    "GOT-10k": {f"{n}/{n}_001.txt": t for n, t in lines(",").items()}
    | {f"{n}/{n}_time.txt": t for n, t in SECONDS.items()},
    "OTB, Windows": {f"{n}.txt": t.replace("\n", "\r\n") for n, t in lines(" ").items()},
    "published with OTB": {
        f"{n}.json": json.dumps(
            [{"resType": "rect", "res": [[*map(float, row.split(","))] for row in t.split()]}]
        )
        for n, t in lines(",").items()
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(dataset: Dataset, tmp_path: Path, layout: str) -> None:
    folder = write(tmp_path / "theirs", LAYOUTS[layout])
    assert bring("them", folder, dataset, tmp_path) == ["them"]
    results = DatasetResults.find(tmp_path)
    assert results.models() == ["them"]
    for sequence in dataset.sequences:
        track = read_track(results.of("them"), sequence)
        np.testing.assert_array_equal(track.boxes, sequence.truth.boxes)
        assert np.isnan(track.scores).all()
        assert (track.seconds == 0.5).all() == any("time" in name for name in LAYOUTS[layout])
    # once more changes nothing
    assert bring("them", folder, dataset, tmp_path) == ["them"]


def test_repetitions_are_brought_each_by_itself(dataset: Dataset, tmp_path: Path) -> None:
    files = {f"{n}/{n}_{k + 1:03d}.txt": t for k in range(2) for n, t in lines(",", shift=k).items()}
    times = {f"{n}/{n}_time.txt": "0.5,0.25\n" * count for n, count in ROWS.items()}
    assert bring("them", write(tmp_path / "theirs", files | times), dataset, tmp_path) == [
        "them",
        "them@1",
    ]
    results = DatasetResults.find(tmp_path)
    track = read_track(results.of("them@1"), dataset.sequences[0])
    assert track.boxes[0].tolist() == [11, 12, 16, 16]
    assert (track.seconds == 0.25).all()
    # a repetition that is there no more is not kept, but what has another source is
    DatasetResults.find(tmp_path).of("them@7").begin({"source": "elsewhere"}, {})
    for name in ROWS:
        (tmp_path / "theirs" / name / f"{name}_002.txt").unlink()
    assert bring("them", tmp_path / "theirs", dataset, tmp_path) == ["them"]
    assert results.models() == ["them", "them@7"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("car.txt", "1,2,3,4\n" * 3, r"car.txt has 3 lines, but sequence 'car' has 4 frames"),
        ("car.txt", "1,2,3,4\n" * 5, r"car.txt has 5 lines, but sequence 'car' has 4 frames"),
        ("car.txt", "", r"car.txt has 0 lines"),
        ("car.txt", "1,2,3,4\n" * 3 + "1,2,-3,4\n", r"car.txt, line 4: no box x,y,w,h"),
        (
            "car.txt",
            "1,2,3,4\nnan,nan,nan,nan\n" * 2,
            r"car.txt, line 2: no box .* lost, repeat the last one",
        ),
        ("car.txt", "1,2,3,4\ninf,1,2,3\n" * 2, r"car.txt, line 2: .* infinite .* lost, repeat the last one"),
        ("car.txt", "1,2,3,4\n\n1,2,3,4\n" * 2, r"car.txt, line 2: blank line .* lost, repeat the last one"),
        ("car.txt", "1,2,3,4\n" * 3 + "1,2,3\n", r"car.txt, line 4: got 3 numbers"),
        ("car.txt", "1;2;3;4\n" * 4, r"car.txt, line 1: .*is not all numbers"),
        ("car.txt", "1\n" + "1,2,3,4\n" * 3, r"car.txt has codes instead of boxes; is one-pass the protocol"),
        ("car.txt", None, r"theirs: no result of 'car'; looked for <sequence>.txt"),
        ("car_time.txt", "0.5\n" * 3, r"car_time.txt: expected 4 lines, one a frame"),
        ("car_time.txt", "fast\n" * 4, r"car_time.txt: expected 4 lines, one a frame"),
        ("car.json", '{"res": [[1, 2, 3]]}', r"car.json: expected \[\{.*resType"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_brought(
    dataset: Dataset, tmp_path: Path, file: str, text: str | None, message: str
) -> None:
    folder = write(tmp_path / "theirs", LAYOUTS["PyTracking"])
    if text is None or file.endswith("json"):
        (folder / "car.txt").unlink()
    if text is not None:
        (folder / file).write_text(text)
    with pytest.raises(DatasetError, match=message):
        bring("them", folder, dataset, tmp_path / "out")
    assert DatasetResults.find(tmp_path / "out").models() == []


def test_names_folders_and_protocols_are_checked(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    folder = write(
        tmp_path / "theirs", LAYOUTS["PyTracking"] | {"dog/dog_001.txt": "", "dog/dog_002.txt": ""}
    )
    with pytest.raises(DatasetError, match="nowhere: no such folder; it should hold the results of them"):
        bring("them", tmp_path / "nowhere", dataset, tmp_path)
    with pytest.raises(DatasetError, match="read for one-pass, resets, first-mask, mot, not for anchors"):
        bring("them", folder, dataset, tmp_path, protocol="anchors")
    plan([Contender.of("ours", perfect)], dataset, tmp_path)
    with pytest.raises(ConfigError, match="ours holds results with another"):
        bring("ours", folder, dataset, tmp_path)
    (folder / "dog.txt").unlink()
    with pytest.raises(DatasetError, match="2 results of 'dog', but 1 of 'car'; give as many of each"):
        bring("them", folder, dataset, tmp_path)


def test_results_with_resets_have_vots_codes(dataset: Dataset, tmp_path: Path) -> None:
    files = {"car/car_001.txt": "1\n12,12,16,16\n2\n0\n", "dog/dog_001.txt": "1\n1,1,9,9\n1,1,9,9\n"}
    folder = write(tmp_path / "theirs", files)
    assert bring("them", folder, dataset, tmp_path, protocol="resets") == ["them"]
    file = tmp_path / "results" / "folder-resets" / "them" / "car.txt"
    assert file.read_text() == "1\n12.0000,12.0000,16.0000,16.0000\n2\n0\n"
    with pytest.raises(DatasetError, match="has no codes 0, 1 and 2; is resets the protocol"):
        bring("plain", write(tmp_path / "plain", LAYOUTS["GOT-10k"]), dataset, tmp_path, protocol="resets")


def test_several_targets_have_a_file_each(dataset: Dataset, tmp_path: Path) -> None:
    car = dataset.sequences[0]
    late = GroundTruth(car.truth.boxes, np.array([Presence.ABSENT] * 2 + [Presence.PRESENT] * 2, np.int8))
    both = Sequence("car", car.images, BoxAnnotation({1: car.truth, 2: late}))
    pair = Dataset("folder", dataset.root, (both,))
    rows = LAYOUTS["GOT-10k"]["car/car_001.txt"].splitlines(keepends=True)
    files = {
        "car@1.txt": "".join(rows),
        "car@2.txt": "nan,nan,nan,nan\n" * 2 + "".join(rows[2:]),
        "car_time.txt": SECONDS["car"],
    }
    folder = write(tmp_path / "theirs", files)
    assert bring("them", folder, pair, tmp_path) == ["them"]
    (job,) = PROTOCOLS["one-pass"].jobs(both)
    tracks = DatasetResults.find(tmp_path).of("them").read_job(job)
    np.testing.assert_array_equal(tracks[1].boxes, car.truth.boxes)
    np.testing.assert_array_equal(tracks[2].boxes[2:], car.truth.boxes[2:])
    assert (tracks[1].seconds == 0.5).all()
    (folder / "car@2.txt").rename(folder / "car.txt")
    with pytest.raises(DatasetError, match="theirs: no result of 'car@2'; looked for"):
        bring("them", folder, pair, tmp_path)


def test_tracks_of_the_mot_challenge_are_brought_and_scored(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackers", reason="needs the extra [mot]")
    campus = shared_data / "mot" / "TUD-Campus"
    (tmp_path / "sequences").mkdir()
    (tmp_path / "sequences" / "TUD-Campus").symlink_to(campus)
    dataset = open_dataset("folder", tmp_path / "sequences")
    text = (campus / "results" / "motmetrics_test.txt").read_text()
    folder = write(tmp_path / "theirs", {"TUD-Campus.txt": text, "TUD-Campus_time.txt": "0.5\n" * 71})
    assert bring("them", folder, dataset, tmp_path, "mot") == ["them"]
    board = board_of(dataset, DatasetResults.find(tmp_path), dialect="pytracking", frames=0)
    published = json.loads((campus / "results" / "reference_trackeval.json").read_text())["metrics"]
    (row,) = board.rows
    for name in ("HOTA", "MOTA", "IDF1"):
        assert row.summary.values[name.lower()] == pytest.approx(100 * published[name])
    assert row.fps == pytest.approx(2)
    write(folder, {"TUD-Campus.txt": text + "72,1,1,1,9,9,1,-1,-1,-1\n"})
    with pytest.raises(DatasetError, match=r"TUD-Campus.txt, line \d+: the video has only 71 frames"):
        bring("them", folder, dataset, tmp_path, "mot")


def test_label_pictures_are_brought(dataset: Dataset, tmp_path: Path) -> None:
    car = dataset.sequences[0]
    labels = np.zeros((48, 64), dtype=np.uint8)
    labels[10:20, 10:20] = 1
    theirs = tmp_path / "theirs" / "car"
    theirs.mkdir(parents=True)
    for image in car.images:
        write_palette_png(theirs / f"{image.stem}.png", labels)
    files = tuple(theirs / f"{image.stem}.png" for image in car.images)
    masked = Sequence("car", car.images, LabelAnnotation(car.images, files, {1: 0}))
    masks = Dataset("folder", dataset.root, (masked,))
    assert bring("them", theirs.parent, masks, tmp_path, "first-mask") == ["them"]
    board = board_of(masks, DatasetResults.find(tmp_path), dialect="pytracking", frames=0)
    assert board.rows[0].summary.values["jf"] == pytest.approx(100)
    write_palette_png(theirs / "0002.png", labels[:-1])
    with pytest.raises(DatasetError, match=r"0002.png: is 64x47 pixels large, but its frame"):
        bring("them", theirs.parent, masks, tmp_path, "first-mask")


@pytest.mark.parametrize("tracker", ["MEEM", "MUSTer"])
def test_published_results_have_their_published_scores(
    shared_data: Path, tmp_path: Path, tracker: str
) -> None:
    theirs = shared_data / "sot" / "results_otb"
    published = json.loads((theirs / "published_scores.json").read_text())
    root = tmp_path / "otb"
    root.mkdir()
    for name in ("Crossing", "Football1"):
        (root / name).symlink_to(shared_data / "sot" / f"OTB_{name}")
    dataset = open_dataset("folder", root)
    bring(tracker, theirs / tracker, dataset, tmp_path)
    results = DatasetResults.find(tmp_path).of(tracker)
    for sequence in dataset.sequences:
        truth, expected = sequence.truth, published[sequence.name][tracker]
        boxes = read_track(results, sequence).boxes
        scores = score_one_pass(boxes, truth.boxes, truth.is_present, dialect("otb"))
        assert scores.auc == pytest.approx(expected["recomputed_success_auc_21_thresholds_gt"])
        assert scores.precision == pytest.approx(expected["recomputed_precision_20px"])
