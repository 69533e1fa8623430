"""saccade in the loop and in the experiments of the GOT-10k toolkit."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import saccade
from saccade.adapters import got10k
from saccade.core import MissingExtraError
from saccade.data import open_dataset
from saccade.evaluation.metrics.got10k import got10k_overlaps, score_got10k
from saccade.online.model import OnlineModel
from saccade.trackers.still.config import STILL
from tests.unit.adapters.recorder import IMAGE, Recorder


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i:04d}.png"), IMAGE)
    return [str(p) for p in sorted(tmp_path.glob("*.png"))]


def test_got10k_runs_its_own_loop(pictures):
    recorder = Recorder()
    tracker = got10k(OnlineModel("recorder", STILL, recorder))
    assert (tracker.name, tracker.is_deterministic) == ("recorder", True)
    boxes, times = tracker.track(pictures, np.array([10.5, 12.25, 20, 8]))
    np.testing.assert_array_equal(boxes, [[10.5, 12.25, 20, 8]] * 4)
    assert len(times) == 4
    for frame in recorder.frames:
        np.testing.assert_array_equal(frame.image, IMAGE[..., ::-1])


def test_got10k_forgets_between_sequences(pictures):
    tracker = got10k(saccade.load("still"), name="mine")
    assert tracker.name == "mine"
    tracker.track(pictures, (1, 2, 3, 4))
    boxes, _ = tracker.track(pictures, (5, 6, 7, 8))
    np.testing.assert_array_equal(boxes[-1], [5, 6, 7, 8])


def test_got10k_names_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "got10k.trackers", None)
    with pytest.raises(MissingExtraError, match="'got10k'; install it with: pip install got10k"):
        got10k(saccade.load("still"))


NAMES = ("GOT-10k_Val_000001", "GOT-10k_Val_000002")
FRAMES = 8
# as the toolkit writes and reads it: the first line is dropped, the others are `key: value`
META = "[METAINFO]\nurl: none\nresolution: (96, 72)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A GOT-10k of two sequences, in which a square moves to the right; it is hidden in the last frame."""
    texture = np.random.default_rng(1).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    for step, name in enumerate(NAMES, start=1):
        folder = tmp_path / "val" / name
        folder.mkdir(parents=True)
        boxes = []
        for i in range(FRAMES):
            frame = np.full((72, 96, 3), 110, dtype=np.uint8)
            x = 10 + 2 * step * i
            frame[24:44, x : x + 20] = texture
            cv2.imwrite(str(folder / f"{i + 1:08d}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
            boxes.append(f"{x},24,20,20\n")
        (folder / "groundtruth.txt").write_text("".join(boxes))
        (folder / "meta_info.ini").write_text(META)
        labels = {"cover": [8] * (FRAMES - 1) + [0], "absence": [0] * (FRAMES - 1) + [1]}
        for label, values in (labels | {"cut_by_image": [0] * FRAMES}).items():
            (folder / f"{label}.label").write_text("".join(f"{v}\n" for v in values))
    (tmp_path / "val" / "list.txt").write_text("\n".join(NAMES) + "\n")
    return tmp_path


def test_got10k_experiments_run_and_score_it(root, monkeypatch):
    from got10k.experiments import ExperimentGOT10k

    experiment = ExperimentGOT10k(
        str(root), subset="val", result_dir=str(root / "results"), report_dir=str(root / "reports")
    )
    # slow, and not ours
    monkeypatch.setattr(experiment, "plot_curves", lambda *_: None)
    for name in ("eco", "still"):
        experiment.run(got10k(saccade.load(name)))
    scores = experiment.report(["eco", "still"])

    assert scores["eco"]["overall"]["ao"] > 0.8 > 0.5 > scores["still"]["overall"]["ao"]
    data = open_dataset("folder", root / "val")
    for name in ("eco", "still"):
        overlaps = []
        for sequence in data.sequences:
            file = root / "results" / "GOT-10k" / name / sequence.name / f"{sequence.name}_001.txt"
            boxes, truth = np.loadtxt(file, delimiter=","), sequence.truth
            overlaps.append(got10k_overlaps(boxes, truth.boxes, truth.visibility > 0, (96, 72)))
            assert not file.with_name(f"{sequence.name}_002.txt").exists(), "it says that it is deterministic"
        ours, theirs = score_got10k(np.concatenate(overlaps)), scores[name]["overall"]
        assert (ours.ao, ours.sr50) == pytest.approx((theirs["ao"], theirs["sr"]), abs=1e-6)
