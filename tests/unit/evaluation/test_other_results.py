"""Results that other trackers' tools have left: each layout, and what does not fit."""

import json
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError
from saccade.data import Dataset, open_dataset
from saccade.evaluation import Contender, DatasetResults, bring_results, plan
from saccade.evaluation.metrics import dialect, score_one_pass
from tests.unit.evaluation.conftest import ScriptedModel

ROWS = {"car": 4, "dog": 3}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


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
    assert bring_results("them", folder, dataset, tmp_path) == ["them"]
    results = DatasetResults.find(tmp_path)
    assert results.models() == ["them"]
    for sequence in dataset.sequences:
        track = results.of("them").read(sequence)
        np.testing.assert_array_equal(track.boxes, sequence.truth.boxes)
        assert np.isnan(track.scores).all()
        assert (track.seconds == 0.5).all() == any("time" in name for name in LAYOUTS[layout])
    # once more changes nothing
    assert bring_results("them", folder, dataset, tmp_path) == ["them"]


def test_repetitions_are_brought_each_by_itself(dataset: Dataset, tmp_path: Path) -> None:
    files = {f"{n}/{n}_{k + 1:03d}.txt": t for k in range(2) for n, t in lines(",", shift=k).items()}
    times = {f"{n}/{n}_time.txt": "0.5,0.25\n" * count for n, count in ROWS.items()}
    assert bring_results("them", write(tmp_path / "theirs", files | times), dataset, tmp_path) == [
        "them",
        "them@1",
    ]
    track = DatasetResults.find(tmp_path).of("them@1").read(dataset.sequences[0])
    assert track.boxes[0].tolist() == [11, 12, 16, 16]
    assert (track.seconds == 0.25).all()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("car.txt", "1,2,3,4\n" * 3, r"car.txt has 3 lines, but sequence 'car' has 4 frames"),
        ("car.txt", "1,2,3,4\n" * 5, r"car.txt has 5 lines, but sequence 'car' has 4 frames"),
        ("car.txt", "", r"car.txt has 0 lines"),
        ("car.txt", "1,2,3,4\n" * 3 + "1,2,-3,4\n", r"car.txt, line 4: no box x,y,w,h"),
        ("car.txt", "1,2,3,4\nnan,nan,nan,nan\n" * 2, r"car.txt, line 2: no box"),
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
        bring_results("them", folder, dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_folders_and_protocols_are_checked(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    folder = write(
        tmp_path / "theirs", LAYOUTS["PyTracking"] | {"dog/dog_001.txt": "", "dog/dog_002.txt": ""}
    )
    with pytest.raises(DatasetError, match="nowhere: no such folder; it should hold the results of them"):
        bring_results("them", tmp_path / "nowhere", dataset, tmp_path)
    with pytest.raises(DatasetError, match="read for one-pass and resets, not for anchors"):
        bring_results("them", folder, dataset, tmp_path, protocol="anchors")
    plan([Contender.of("ours", perfect)], dataset, tmp_path)
    with pytest.raises(ConfigError, match="ours holds results with another"):
        bring_results("ours", folder, dataset, tmp_path)
    (folder / "dog.txt").unlink()
    with pytest.raises(DatasetError, match="2 results of 'dog', but 1 of 'car'; give as many of each"):
        bring_results("them", folder, dataset, tmp_path)


def test_results_with_resets_have_vots_codes(dataset: Dataset, tmp_path: Path) -> None:
    files = {"car/car_001.txt": "1\n12,12,16,16\n2\n0\n", "dog/dog_001.txt": "1\n1,1,9,9\n1,1,9,9\n"}
    folder = write(tmp_path / "theirs", files)
    assert bring_results("them", folder, dataset, tmp_path, protocol="resets") == ["them"]
    file = tmp_path / "results" / "folder-resets" / "them" / "car.txt"
    assert file.read_text() == "1\n12.0000,12.0000,16.0000,16.0000\n2\n0\n"
    with pytest.raises(DatasetError, match="has no codes 0, 1 and 2; is resets the protocol"):
        bring_results(
            "plain", write(tmp_path / "plain", LAYOUTS["GOT-10k"]), dataset, tmp_path, protocol="resets"
        )


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
    bring_results(tracker, theirs / tracker, dataset, tmp_path)
    results = DatasetResults.find(tmp_path).of(tracker)
    for sequence in dataset.sequences:
        truth, expected = sequence.truth, published[sequence.name][tracker]
        scores = score_one_pass(results.read(sequence).boxes, truth.boxes, truth.is_present, dialect("otb"))
        assert scores.auc == pytest.approx(expected["recomputed_success_auc_21_thresholds_gt"])
        assert scores.precision == pytest.approx(expected["recomputed_precision_20px"])
