"""`saccade eval` and `saccade report` from the command line."""

import errno
import json
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from saccade.cli import main


def make_sequences(root: Path) -> Path:
    """Two sequences of a bright square on the move."""
    for name, speed in (("fast", 4), ("slow", 1)):
        (root / name / "img").mkdir(parents=True)
        for index in range(6):
            image = np.full((80, 120, 3), 40, dtype=np.uint8)
            image[30:50, 20 + speed * index : 40 + speed * index] = 220
            cv2.imwrite(str(root / name / "img" / f"{index + 1:04d}.jpg"), image)
        rows = "".join(f"{20 + speed * index},30,20,20\n" for index in range(6))
        (root / name / "groundtruth_rect.txt").write_text(rows)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_sequences(tmp_path / "sequences")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Sequences, and where results on them lie."""
    folder = tmp_path_factory.mktemp("evaluated")
    root = make_sequences(folder / "sequences")
    assert evaluate(root, folder / "out") == 0
    return root, folder / "out"


def evaluate(root: Path, out: Path, *more: str, dataset: str = "folder") -> int:
    return main(["eval", "still", "--dataset", dataset, "--root", str(root), "--out", str(out), *more])


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
        ["run.json", *(f"{name}{end}.txt" for name in ("fast", "slow") for end in ("", "_score", "_time"))]
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


def test_only_some_sequences(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def report(*words: str) -> dict[str, Any]:
        assert evaluate(root, tmp_path / "out", *words, "--json") == 0
        return json.loads(capsys.readouterr().out)

    first = report("--sequence", "slow")
    assert list(first["models"]["still"]["sequences"]) == ["slow"]
    assert not (tmp_path / "out" / "results" / "folder" / "still" / "fast.txt").exists()
    assert report()["models"]["still"]["frames"] == 12, "what was left out is run when it is wanted"
    assert report("--sequence", "slow") == first, "results on other sequences of the data set are no strays"


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
        (["--set", "confidance=0.5"], "did you mean 'confidence'"),
        (["--dataset", "folder"], "2 --dataset, but 1 --root; give a root for each data set"),
        (["--ray", "auto", "--device", "cdua"], "--device cdua: no device of a cluster; choose auto, cpu or"),
        (["--also", "theirs"], "--also theirs: expected NAME=DIR"),
        (["--also", "../x=dir"], "--also ../x=dir: expected NAME=DIR"),
        (["--also", "still=dir"], "--also still=…: a model of that name is evaluated already"),
        (["--also", "theirs=nowhere"], "nowhere: no such folder; it should hold the results of theirs"),
        (["--protocol", "first-mask"], "a model that takes and answers masks, and 'still' does not"),
        (["--protocol", "mot"], "a model that finds its targets by itself, and 'still' does not"),
        (["--workers", "0"], "Invalid value for '--workers'"),
        (["--sequence", "slo"], "folder: no sequence 'slo' in it; did you mean 'slow'"),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    evaluated: tuple[Path, Path], capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    root, out = evaluated
    assert evaluate(root, out, *words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_a_data_set_that_is_not_there_ends_with_2(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(root, tmp_path / "out", dataset="floder") == 2
    assert "did you mean 'folder'" in capsys.readouterr().err
    assert evaluate(tmp_path / "nowhere", tmp_path / "out") == 2
    assert "nowhere: no such folder" in capsys.readouterr().err
    assert main(["eval", "--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "out")]) == 2
    assert "nothing to evaluate; name a model" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


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
    last = said.err.splitlines()[-1]
    assert last.startswith("saccade: 1 of 2 runs failed: still on fast; *_failure.txt beside the results say")
    failure = tmp_path / "out" / "results" / "folder" / "still" / "fast_failure.txt"
    assert "Traceback" in failure.read_text()


@pytest.mark.slow
def test_two_workers_leave_the_boxes_of_one_and_leave_them_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(root, tmp_path / "one") == 0
    assert evaluate(root, tmp_path / "two", "--workers", "2") == 0
    one, two = (tmp_path / out / "results" / "folder" / "still" for out in ("one", "two"))
    for name in ("fast.txt", "slow.txt", "fast_score.txt"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    # what one process has left, several go on with
    before = (one / "fast_time.txt").stat().st_mtime_ns
    assert evaluate(root, tmp_path / "one", "--workers", "2") == 0
    assert (one / "fast_time.txt").stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_ends_with_1_and_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def mkdir(path: Path, *more: Any, **options: Any) -> None:
        if tmp_path / "out" in (path, *path.parents):
            # what a read-only file system says, to root too
            raise OSError(errno.EROFS, "Read-only file system")
        make(path, *more, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert evaluate(root, tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "Read-only file system); choose a folder that you may write to" in said.err
    assert (said.out, len(said.err.splitlines())) == ("", 1)


def test_results_of_others_stand_beside_ours(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("fast", "slow"):
        (theirs / f"{name}.txt").write_bytes((root / name / "groundtruth_rect.txt").read_bytes())
    out = tmp_path / "out"
    assert evaluate(root, out, "--also", f"oracle={theirs}", "--json") == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert set(models) == {"still", "oracle"}
    assert models["oracle"]["op75"] == 100
    assert main(["report", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"]["oracle"]["op75"] == 100
    (theirs / "fast.txt").write_text("1,2,3,4\n")
    assert evaluate(root, out, "--also", f"oracle={theirs}") == 2
    assert "fast.txt has 1 lines, but sequence 'fast' has 6 frames" in capsys.readouterr().err


def test_two_data_sets_of_one_name_are_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(root, tmp_path / "out", "--dataset", "folder", "--root", str(root)) == 2
    said = capsys.readouterr().err
    assert "folder comes twice, and results of both would go to one folder; evaluate them one by one" in said
    assert not (tmp_path / "out").exists()


def test_whoever_has_results_is_in_the_report(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, theirs = tmp_path / "out", tmp_path / "theirs"
    theirs.mkdir()
    for name in ("fast", "slow"):
        (theirs / f"{name}.txt").write_bytes((root / name / "groundtruth_rect.txt").read_bytes())
    assert evaluate(root, out) == 0
    capsys.readouterr()
    words = ["eval", "--dataset", "folder", "--root", str(root), "--out", str(out), "--json"]
    assert main([*words, "--also", f"oracle={theirs}"]) == 0
    assert list(json.loads(capsys.readouterr().out)["models"]) == ["oracle", "still"]


def test_published_tracks_are_scored(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trackers", reason="needs the extra [mot]")
    campus = shared_data / "mot" / "TUD-Campus"
    root, theirs = tmp_path / "sequences", tmp_path / "theirs"
    for folder in (root, theirs):
        folder.mkdir()
    (root / "TUD-Campus").symlink_to(campus)
    (theirs / "TUD-Campus.txt").write_bytes((campus / "results" / "motmetrics_test.txt").read_bytes())
    words = ["eval", "--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "out"), "--json"]
    assert main([*words, "--also", f"theirs={theirs}"]) == 0
    scores = json.loads(capsys.readouterr().out)["models"]["theirs"]
    assert (scores["hota"], scores["mota"]) == pytest.approx((39.14, 52.65), abs=0.005)
    # of tracks there is nothing to plot, and nobody says so
    assert main(["report", str(tmp_path / "out")]) == 0
    assert "report.json, report.md and tables in" in " ".join(capsys.readouterr().out.split())
    assert not (tmp_path / "out" / "plots").exists()


@pytest.mark.slow
def test_several_data_sets_and_seeds(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vot = tmp_path / "VOT"
    (vot / "car" / "color").mkdir(parents=True)
    (vot / "list.txt").write_text("car\n")
    (vot / "car" / "color" / "00000001.jpg").symlink_to(root / "fast" / "img" / "0001.jpg")
    (vot / "car" / "groundtruth.txt").write_text("20,30,20,20\n")
    out = tmp_path / "out"
    more = ("--dataset", "vot2019_lt", "--root", str(vot), "--repeat", "2", "--json")
    assert evaluate(root, out, *more) == 0
    reports = json.loads(capsys.readouterr().out)
    assert {name: set(report["models"]) for name, report in reports.items()} == {
        "folder": {"still", "still@1"},
        "vot2019_lt": {"still", "still@1"},
    }
    assert reports["vot2019_lt"] == json.loads((out / "vot2019_lt" / "report.json").read_text())
    assert (out / "folder" / "results" / "folder" / "still@1" / "slow.txt").is_file()
    # for people, the mean over seeds stands below
    assert main(["report", str(out / "folder")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^still +2 +\d+\.\d ± 0\.0", said, re.MULTILINE)
    assert f"report.md, tables and plots in {out / 'folder'}" in " ".join(said.split())
    # one search finds them for every verb
    assert main(["report", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == reports
    played = ["play", str(out), "--sequence", "fast", "--out", str(tmp_path / "fast.mp4")]
    assert main([*played, "--dataset", "folder"]) == 0
    capsys.readouterr()
    for verb in (played, ["submit", str(out)]):
        assert main(verb) == 2
        said = capsys.readouterr().err
        assert "results on several data sets; choose one with --dataset: folder, vot2019_lt" in said


@pytest.mark.parametrize(("protocol", "runs"), [("sre", 24), ("tre", 2), ("resets", 2), ("anchors", 4)])
def test_other_protocols_leave_results_of_every_run(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], protocol: str, runs: int
) -> None:
    out = tmp_path / "out"
    assert evaluate(root, out, "--protocol", protocol, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / "report.json").read_text())
    assert list(report["models"]) == ["still"]
    results = out / "results" / f"folder-{protocol}" / "still"
    assert (results / "run.json").is_file()
    assert len(list(results.glob("*_time.txt"))) == runs


def test_a_missing_ray_answers_with_its_install_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert evaluate(root, tmp_path / "out", "--ray", "auto") == 2
    assert "pip install 'saccade[cluster]'" in capsys.readouterr().err


@pytest.mark.slow
def test_real_sequences(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(shared_data / "sot", tmp_path, "--json") == 0
    still = json.loads(capsys.readouterr().out)["models"]["still"]
    assert len(still["sequences"]) == 9
    assert still["frames"] == 1303
    assert still["auc"] == pytest.approx(14.55, abs=0.01)
    assert still["sequences"]["OTB_MotorRolling"]["auc"] == pytest.approx(16.58, abs=0.01)
