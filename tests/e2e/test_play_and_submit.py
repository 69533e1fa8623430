"""`saccade play` and `saccade submit` on the results of an evaluation."""

import json
import shutil
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import saccade
from saccade.cli import main
from saccade.data import Dataset, open_dataset
from saccade.draw.charts import inks_of
from saccade.evaluation import Contender, plan, run_here
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout


@pytest.fixture
def evaluated(tmp_path: Path) -> Path:
    """The results of one model on two sequences of a square on the move."""
    root = tmp_path / "sequences"
    for name in ("fast", "slow"):
        (root / name / "img").mkdir(parents=True)
        for index in range(5):
            image = np.full((80, 120, 3), 40, dtype=np.uint8)
            image[30:50, 20 + 4 * index : 40 + 4 * index] = 220
            cv2.imwrite(str(root / name / "img" / f"{index + 1:04d}.jpg"), image)
        rows = "".join(f"{20 + 4 * index},30,20,20\n" for index in range(5))
        (root / name / "groundtruth_rect.txt").write_text(rows)
    return evaluate(open_dataset("folder", root), tmp_path / "out")


def evaluate(dataset: Dataset, out: Path) -> Path:
    """What `saccade eval still` leaves, but for its report."""
    contender = Contender.of("still", saccade.load("still"))
    assert all(outcome.failure is None for outcome in run_here(plan([contender], dataset, out)))
    return out


def video(path: Path) -> tuple[str, int, tuple[int, int]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate is not None
        return stream.codec_context.name, stream.frames, (stream.width, stream.height)


def test_a_sequence_becomes_a_video(evaluated, tmp_path, capsys):
    out = tmp_path / "fast.mp4"
    assert main(["play", str(evaluated), "--sequence", "fast", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "models": ["still"],
        "videos": [{"run": "fast", "frames": 5, "video": str(out)}],
    }
    codec, frames, (width, height) = video(out)
    assert (codec, frames, width) == ("h264", 5, 480)
    assert height > 320


def test_all_sequences_become_a_folder(evaluated, tmp_path):
    assert main(["play", str(evaluated), "--out", str(tmp_path / "videos"), "--model", "still"]) == 0
    assert sorted(path.name for path in (tmp_path / "videos").iterdir()) == ["fast.mp4", "slow.mp4"]


def test_a_model_without_a_result_is_left_out(evaluated, tmp_path, capsys):
    (evaluated / "results" / "folder" / "still" / "slow.txt").unlink()
    command = ["play", str(evaluated), "--sequence", "slow", "--out", str(tmp_path / "slow.mp4")]
    assert main(command) == 0
    assert "still has no result on slow, and is left out" in capsys.readouterr().err


def test_a_model_keeps_the_colour_that_it_has_in_the_report(evaluated, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "saccade.cli.play._play", lambda playback, *rest, **more: seen.append(playback) or (0, True)
    )
    results = evaluated / "results" / "folder"
    shutil.copytree(results / "still", results / "a")
    colors = {name: ink.color for name, ink in inks_of(["a", "still"]).items()}
    frame = (80 * 4, 480)
    assert main(["play", str(evaluated), "--sequence", "fast", "--model", "still"]) == 0
    (playback,) = seen
    picture = next(iter(playback))[: frame[0]]
    names = [
        name for name, code in colors.items() if (picture == [*bytes.fromhex(code[1:])]).all(axis=2).any()
    ]
    assert names == ["still"]


class FakeWindow:
    """A window whose user quits after two frames."""

    shown: list[int]

    def __init__(self, title: str, *, fps: float) -> None:
        FakeWindow.shown = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def show(self, picture: np.ndarray) -> bool:
        FakeWindow.shown.append(picture.shape[1])
        return len(FakeWindow.shown) < 2


def test_a_window_shows_it_until_the_user_quits(evaluated, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("saccade.draw.window.Window", FakeWindow)
    monkeypatch.chdir(tmp_path)
    assert main(["play", str(evaluated), "--show", "window", "--json"]) == 0
    assert FakeWindow.shown == [480, 480]
    assert json.loads(capsys.readouterr().out)["videos"] == [{"run": "fast", "frames": 2, "video": None}]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sequence", "fst"], "--sequence fst: not in folder; did you mean 'fast'?"),
        (["--model", "eco"], "--model eco: no results of it; there are: still"),
        (["--out", "all.mp4"], "one video, but there are 2 runs; choose one with --sequence"),
        (["--dataset", "lasot"], "no results on lasot in it"),
    ],
)
def test_mistakes_in_playing_are_answered(evaluated, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    assert main(["play", str(evaluated), *options]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_got10k_results_are_packed_as_its_own_toolkit_packs_them(tmp_path, monkeypatch, capsys):
    from got10k.experiments import ExperimentGOT10k

    layout = Layout(tmp_path / "got10k")
    layouts.got10k(layout, "test")
    names = [folder.name for folder in sorted((layout.root / "test").iterdir())]
    (layout.root / "test" / "list.txt").write_text("\n".join(names) + "\n")
    out = evaluate(open_dataset("got10k", layout.root, "test"), tmp_path / "out")
    assert main(["submit", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["sequences"], said["files"], said["repetitions"]) == (180, 360, 1)
    assert said["file"] == str(out / "got10k-test-still.zip")

    monkeypatch.setattr("time.sleep", lambda seconds: None)
    experiment = ExperimentGOT10k(str(layout.root), subset="test", result_dir=str(tmp_path / "theirs"))
    experiment.run(saccade.adapters.got10k(saccade.load("still")))
    experiment.report(["still"])
    theirs = zipfile.ZipFile(tmp_path / "theirs" / "GOT-10k" / "still.zip")
    ours = zipfile.ZipFile(out / "got10k-test-still.zip")
    with theirs, ours:
        files = sorted(name for name in theirs.namelist() if not name.endswith("/"))
        assert sorted(ours.namelist()) == files
        for name in files:
            lines = theirs.read(name).decode().splitlines()
            if name.endswith("_time.txt"):
                assert len(ours.read(name).decode().splitlines()) == len(lines)
            else:
                assert ours.read(name).decode().splitlines() == lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "results on folder are handed in nowhere that we know"),
        (["--model", "eco"], "results on folder are handed in nowhere that we know"),
        (["--dataset", "got10k"], "no results on got10k in it"),
    ],
)
def test_mistakes_in_submitting_are_answered(evaluated, capsys, options, message):
    assert main(["submit", str(evaluated), *options]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not list(evaluated.glob("*.zip"))


def test_submitting_needs_a_choice_of_models(evaluated, capsys):
    results = evaluated / "results" / "folder"
    (results / "other").mkdir()
    (results / "other" / "run.json").write_text("{}")
    assert main(["submit", str(evaluated)]) == 2
    assert "results of other, still; choose one with --model" in capsys.readouterr().err
