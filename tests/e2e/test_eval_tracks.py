"""From videos with tracks to a detector whose finds are followed and scored, through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from saccade.cli import main
from saccade.data.formats.tracks import read_tracks
from saccade.evaluation.metrics.mot import score_tracks
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout

pytest.importorskip("trackers", reason="needs the extra [mot]")

Told = Callable[..., tuple[int, str, str]]
FRAMES = 6
QUOTED = ("hota", "deta", "assa", "mota", "idf1", "idsw", "precision", "recall", "f1")
TINY = [
    "--device=cpu",
    "--workers=0",
    "--init=none",
    "--set=task.size=64",
    "--set=batch=2",
    "--set=epochs=1",
    "--set=augmentation.scales=0",
    "--set=augmentation.plain_epochs=1",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video in which two squares move apart."""
    layout = Layout(tmp_path_factory.mktemp("mot"))
    layouts.mot(layout, ".", ["street"])
    folder = layout.root / "street"
    rows = []
    for number in range(1, FRAMES + 1):
        pixels = np.full((64, 96, 3), 100, np.uint8)
        for who, x in ((1, 30 - 3 * number), (2, 50 + 3 * number)):
            pixels[20:44, x : x + 16] = (0, 0, 230)
            rows.append(f"{number},{who},{x + 1},21,16,24,1,1,1")
        cv2.imwrite(str(folder / "img1" / f"{number:06d}.jpg"), pixels)
    (folder / "gt" / "gt.txt").write_text("\n".join(rows) + "\n")
    (folder / "seqinfo.ini").unlink()
    (folder / "det").mkdir()
    text = "".join(f"{row.rpartition(',1,1,1')[0]},0.9,-1,-1,-1\n" for row in rows)
    (folder / "det" / "det.txt").write_text(text)
    return layout.root


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `saccade`; returns its exit code and what it says on standard output and standard error."""

    def tell(*words: object) -> tuple[int, str, str]:
        torch.set_num_threads(1)
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, " ".join(said.err.split())

    return tell


def test_a_training_is_judged_by_tracks(root: Path, tmp_path: Path, told: Told) -> None:
    run = tmp_path / "run"
    code, said, complaints = told(
        "train", "yolox_nano", f"--data=mot:train_half={root}", f"--out={run}", *TINY
    )
    assert code == 0, complaints
    assert "judged by mot:val_half, on which it is not trained" in complaints
    assert "--split val_half --associate bytetrack" in " ".join(said.split())
    place = ["--dataset=mot", f"--root={root}", "--split=val_half", "--device=cpu", "--json"]
    out = tmp_path / "tracks"
    words = ["--associate=sort", "--set=associate.threshold=0", f"--out={out}"]
    code, said, complaints = told("eval", run / "best.ckpt", *place, *words)
    assert code == 0, complaints
    report = json.loads(said)
    assert report == json.loads((out / "report.json").read_text())
    scores = report["models"]["run-best+sort"]
    assert set(QUOTED) <= set(scores) and set(QUOTED) <= set(scores["sequences"]["street"])
    assert (out / "report.html").is_file()
    # the files alone give the same scores again
    results = out / "results" / "mot-val_half-mot" / "run-best+sort"
    found = read_tracks(results / "street.txt", FRAMES // 2)
    truth = read_tracks(root / "street" / "gt" / "gt.txt", FRAMES).cut(FRAMES // 2, FRAMES)
    summary = score_tracks(found, truth, "mot17").summary()
    assert scores["hota"] == pytest.approx(100 * summary["HOTA"])
    assert scores["f1"] == pytest.approx(100 * summary["F1"])


def test_given_detections_are_associated(root: Path, tmp_path: Path, told: Told) -> None:
    words = ["eval", "--dataset=mot", f"--root={root}", f"--out={tmp_path}", "--json"]
    results = tmp_path / "results" / "mot-mot" / "det+sort"
    for method, more in (("sort", []), ("bytetrack", [f"--also=again={results}"])):
        chosen = ["--detections=det/det.txt", f"--associate={method}", *more]
        code, said, complaints = told(*words, *chosen, "--set=associate.minimum_consecutive_frames=1")
        assert code == 0, complaints
    models = json.loads(said)["models"]
    assert set(models) == {"det+sort", "det+bytetrack", "again"}
    # files are scored as those are that were made just now
    assert models["again"]["hota"] == models["det+sort"]["hota"]
    for scores in models.values():
        assert (scores["precision"], scores["idsw"]) == (100, 0)
        # they say nothing of the first frame in which somebody is
        assert scores["recall"] == scores["mota"] == pytest.approx(100 * (FRAMES - 1) / FRAMES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["eco", "--associate=sort"], "'eco' follows what it is pointed at"),
        (["yolox_nano", "--associate=srt"], "no association 'srt'; did you mean 'sort'?"),
        (["yolox_nano", "--associate=sort", "--detections=det/det.txt"], "so does yolox_nano; leave one out"),
        (["--associate=sort", "--detections=det/none.txt"], "none.txt: no detections of sequence 'street'"),
        (["--associate=sort", "--split=test"], "nothing to evaluate"),
        (["--associate=sort", "--split=tst", "--detections=det/det.txt"], "no split and no sequence 'tst'"),
        (["--also=x=y", "--detections=det/det.txt"], "to be scored as tracks, they need --associate"),
        (["--also=x=y", "--set=associate.delta_t=1"], "there is no --associate that it could be for"),
        (
            ["--associate=sort", "--set=associate.threshold=high", "--detections=det/det.txt"],
            "expected a score of the detections",
        ),
        (["yolox_nano", "--associate=sort", "--set=associate.threshold=2"], "expected a score from 0 to 1"),
        (
            ["--associate=sort", "--protocol=one-pass", "--detections=det/det.txt"],
            "protocol one-pass scores no tracks",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    root: Path, tmp_path: Path, told: Told, words: list[str], message: str
) -> None:
    code, _, complaints = told("eval", *words, "--dataset=mot", f"--root={root}", f"--out={tmp_path}")
    assert (code, message in complaints) == (2, True), complaints
