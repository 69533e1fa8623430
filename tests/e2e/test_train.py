"""From pictures to a tracker, through the command line: train, evaluate and track with what it leaves."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import torch

from saccade.cli import main
from saccade.data.synthetic import render

FRAMES = 6
TINY = [
    "--device=cpu",
    "--workers=0",
    "--init=none",
    *(
        f"--set={setting}"
        for setting in (
            "processing.crop.size_wh=96,96",
            "processing.labels.cells_wh=6,6",
            "sampling.num_train=1",
            "sampling.num_test=1",
            "sampling.min_length=0",
            "epochs=2",
            "samples=4",
            "batch=2",
        )
    ),
]
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short sequences."""
    root = tmp_path_factory.mktemp("sequences")
    for number in range(2):
        folder = root / f"s{number}"
        (folder / "img").mkdir(parents=True)
        boxes = []
        for index, (rgb, shown, _) in enumerate(render(FRAMES, seed=number, size_wh=(160, 90))):
            cv2.imwrite(str(folder / "img" / f"{index:04d}.png"), rgb[..., ::-1])
            x1, y1, x2, y2 = shown[0]
            boxes.append(f"{x1:g},{y1:g},{x2 - x1:g},{y2 - y1:g}")
        (folder / "groundtruth_rect.txt").write_text("\n".join(boxes) + "\n")
    return root


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `saccade`; returns its exit code and what it says on standard output and standard error."""

    def tell(*words: object) -> tuple[int, str, str]:
        torch.set_num_threads(1)
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return tell


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training, as short as can be."""
    out = tmp_path_factory.mktemp("runs") / "mine"
    short = tmp_path_factory.mktemp("short") / "s"
    (short / "img").mkdir(parents=True)
    for file in sorted((root / "s0" / "img").iterdir())[:2]:
        (short / "img" / file.name).write_bytes(file.read_bytes())
    truth = (root / "s0" / "groundtruth_rect.txt").read_text().splitlines(keepends=True)
    (short / "groundtruth_rect.txt").write_text("".join(truth[:2]))
    words = ["train", "dimp18", f"--data=folder={root}", f"--out={out}", *TINY]
    assert main([*words, f"--validate=folder={short.parent}", "--validate-every=2"]) == 0
    return out


def test_training_leaves_a_log_with_the_scores_of_tracking(trained: Path) -> None:
    with (trained / "epochs.csv").open() as file:
        first, last = csv.DictReader(file)
    assert 0 <= float(last["AUC/folder"]) <= 100
    assert first["AUC/folder"] == ""
    assert float(last["LearningRate/group3"]) == 1e-3
    assert {"Loss/iou", "Loss/target_clf", "ClfTrain/test_loss"} <= set(last)


def test_what_it_leaves_is_evaluated_and_tracks_on_the_spot(
    trained: Path, root: Path, tmp_path: Path, told: Told
) -> None:
    quick = ["--device=cpu", "--set=search.side=96", "--set=augmentation.dropout_copies=0"]
    place = ["--dataset=folder", f"--root={root}", f"--out={tmp_path / 'eval'}", "--json"]
    code, said, complaints = told("eval", trained / "last.ckpt", *place, *quick)
    assert code == 0, complaints
    assert set(json.loads(said)["models"]) == {"mine-last"}

    track = [
        "track",
        root / "s0" / "img" / "*.png",
        "--box=40,30,30,30",
        f"--out={tmp_path / 'track'}",
        *quick,
    ]
    for words in (
        [f"--tracker={trained / 'model.safetensors'}"],
        ["--tracker=dimp18", f"--weights={trained / 'best.ckpt'}"],
    ):
        code, _, complaints = told(*track, *words)
        assert code == 0, complaints
    assert len((tmp_path / "track" / "boxes.txt").read_text().splitlines()) == FRAMES


def test_weights_are_imported_for_the_model_that_they_are_for(
    trained: Path, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    code, said, complaints = told("models", "import", trained / "last.ckpt", "--json")
    assert code == 0, complaints
    assert json.loads(said)["models"][0] == "dimp18"


def test_a_rehearsal_tells_and_leaves_nothing(root: Path, tmp_path: Path, told: Told) -> None:
    words = ["train", "dimp18", f"--data=folder={root}", f"--out={tmp_path / 'out'}", *TINY, "--dry-run"]
    code, said, complaints = told(*words, "--json")
    assert code == 0, complaints
    found = json.loads(said)
    assert found["shapes"]["test.images"] == [1, 2, 3, 96, 96]
    assert found["steps_left"] == 4
    assert found["seconds_left"] == pytest.approx(4 * found["seconds"])
    assert found["memory"] > 1e8
    assert found["trained"]["bb_regressor"] > 1e6
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_rehearsal_of_two_processes_tells_once(root: Path, tmp_path: Path) -> None:
    words = ["train", "dimp18", f"--data=folder={root}", f"--out={tmp_path / 'out'}", *TINY]
    words += ["--set=batch=4", "--set=samples=8", "--devices=2", "--dry-run", "--json"]
    told = subprocess.run(
        [sys.executable, "-m", "saccade", *words],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    # of which each process has the half
    assert json.loads(told.stdout)["shapes"]["test.images"] == [1, 2, 3, 96, 96]


def test_other_settings_do_not_go_on_in_its_folder(trained: Path, root: Path, told: Told) -> None:
    words = ["train", "dimp18", f"--data=folder={root}", f"--out={trained}", *TINY]
    code, _, complaints = told(*words, "--set=sampling.max_gap=7")
    assert code == 2
    assert "recipe.sampling.max_gap was 30, now 7" in complaints
    code, said, complaints = told(*words, "--json")
    assert (code, json.loads(said)["steps"]) == (0, 4)
    assert "going on after step 4 of 4" in complaints


def test_a_picture_that_cannot_be_read_is_named_and_counted(root: Path, tmp_path: Path, told: Told) -> None:
    broken = tmp_path / "sequences" / "s0"
    (broken / "img").mkdir(parents=True)
    for file in (root / "s0" / "img").iterdir():
        data = file.read_bytes()
        (broken / "img" / file.name).write_bytes(data[: len(data) // 2] if file.name < "0003" else data)
    (broken / "groundtruth_rect.txt").write_text((root / "s0" / "groundtruth_rect.txt").read_text())
    words = ["train", "dimp18", f"--data=folder={broken.parent}", f"--out={tmp_path / 'out'}", *TINY]
    code, _, complaints = told(*words, "--set=epochs=1")
    assert code == 0, complaints
    assert "cannot be read as a picture" in complaints
    assert "samples could not be made; others took their place" in complaints
