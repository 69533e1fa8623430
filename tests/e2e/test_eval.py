"""`saccade eval` and `saccade report` from the command line."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.cli import main


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sequences of a bright square on the move."""
    root = tmp_path / "sequences"
    for name, speed in (("fast", 4), ("slow", 1)):
        (root / name / "img").mkdir(parents=True)
        for index in range(6):
            image = np.full((80, 120, 3), 40, dtype=np.uint8)
            image[30:50, 20 + speed * index : 40 + speed * index] = 220
            cv2.imwrite(str(root / name / "img" / f"{index + 1:04d}.jpg"), image)
        rows = "".join(f"{20 + speed * index},30,20,20\n" for index in range(6))
        (root / name / "groundtruth_rect.txt").write_text(rows)
    return root


def evaluate(root: Path, out: Path, *more: str) -> int:
    return main(["eval", "still", "--dataset", "folder", "--root", str(root), "--out", str(out), *more])


def test_eval_leaves_results_and_prints_nothing_but_json(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert evaluate(root, out, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / "report.json").read_text())
    still = report["models"]["still"]
    assert still["frames"] == 12
    # the target leaves 4 of its 20 pixels a frame behind: overlaps 1, 2/3, 3/7, …
    assert still["sequences"]["fast"]["op50"] == pytest.approx(100 * 2 / 6)
    assert still["sequences"]["slow"]["op50"] == 100
    results = out / "results" / "folder" / "still"
    assert sorted(p.name for p in results.iterdir()) == sorted(
        ["run.json", "fast.txt", "fast_time.txt", "slow.txt", "slow_time.txt"]
    )
    assert (results / "fast.txt").read_text() == "20.0000,30.0000,20.0000,20.0000\n" * 6


def test_eval_again_repeats_nothing_and_reports_the_same(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert evaluate(root, out, "--json") == 0
    first = capsys.readouterr().out
    (out / "results" / "folder" / "still" / "slow.txt").unlink()
    seconds = (out / "results" / "folder" / "still" / "fast_time.txt").read_bytes()
    assert evaluate(root, out, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (out / "results" / "folder" / "still" / "fast_time.txt").read_bytes() == seconds
    assert again["models"]["still"]["auc"] == json.loads(first)["models"]["still"]["auc"]


def test_report_from_result_files_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert evaluate(root, out, "--json") == 0
    printed = capsys.readouterr().out
    (out / "report.json").unlink()
    assert main(["report", str(out), "--json"]) == 0
    assert capsys.readouterr().out == printed
    assert (out / "report.json").is_file()
    assert main(["report", str(out)]) == 0
    assert "still" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", "1"], "results with another seed"),
        (["--set", "confidence=0.5"], "results with another configuration"),
        (["--protocol", "pytrackin"], "did you mean 'pytracking'"),
        (["--dataset", "floder"], "did you mean 'folder'"),
        (["--root", "nowhere"], "nowhere: no such folder"),
        (["--set", "confidance=0.5"], "did you mean 'confidence'"),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert evaluate(root, tmp_path / "out") == 0
    capsys.readouterr()
    assert evaluate(root, tmp_path / "out", *words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_a_failed_sequence_ends_with_1_and_is_named(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = root / "fast" / "img" / "0003.jpg"
    picture.write_bytes(picture.read_bytes()[:300])
    assert evaluate(root, tmp_path / "out", "--json") == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert list(report["models"]["still"]["failed"]) == ["fast"]
    assert "0003.jpg" in said.err
    assert "leave this sequence out" in said.err


def test_real_sequences(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(shared_data / "sot", tmp_path, "--json") == 0
    still = json.loads(capsys.readouterr().out)["models"]["still"]
    assert len(still["sequences"]) == 9
    assert still["frames"] == 1303
    assert still["auc"] == pytest.approx(14.55, abs=0.01)
    assert still["sequences"]["OTB_MotorRolling"]["auc"] == pytest.approx(16.58, abs=0.01)
