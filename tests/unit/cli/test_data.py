"""`saccade data`: tables for people, JSON for machines, exit codes for scripts."""

import json
from pathlib import Path

import pytest

from saccade.cli import main
from saccade.data.datasets import DATASETS, STILLS
from saccade.data.detection import DETECTION
from saccade.data.pose import POSE
from tests.unit.data import layouts, still_layouts
from tests.unit.data.layouts import Layout
from tests.unit.data.still_layouts import real_pictures


@pytest.fixture
def dancetrack(tmp_path: Path) -> Layout:
    """DanceTrack's validation set, whole."""
    layout = Layout(tmp_path / "root")
    layouts.dancetrack(layout)
    return layout


def test_list_names_every_data_set_and_its_splits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    shown = capsys.readouterr().out
    for name in (*DATASETS, *STILLS, *DETECTION, *POSE):
        assert name in shown
    assert main(["data", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(listed) == {*DATASETS, *STILLS, *DETECTION, *POSE}
    assert [listed[name]["is_video"] for name in ("imagenet_vid", "coco2017")] == [True, False]
    assert listed["lasot"]["splits"]["test"] == 280
    assert listed["mose"]["truth"] == "masks"


def test_a_whole_data_set_is_said_to_be_so(dancetrack: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "dancetrack", str(dancetrack.root)]) == 0
    shown = capsys.readouterr().out
    assert "25 of 25 sequences" in shown
    assert main(["data", "check", "dancetrack", str(dancetrack.root), "--split", "val", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "dataset": "dancetrack",
        "split": "val",
        "root": str(dancetrack.root),
        "expected": 25,
        "sequences": 25,
        "frames": 100,
        "objects": 50,
        "faults": [],
        "notes": [],
    }


def test_faults_are_shown_and_the_exit_code_says_so(
    dancetrack: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    (dancetrack.root / "val" / "dancetrack0005" / "gt" / "gt.txt").write_text("1;1;1;2;3;4\n")
    assert main(["data", "check", "dancetrack", str(dancetrack.root), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert [(fault["sequence"], fault["kind"]) for fault in report["faults"]] == [("dancetrack0005", "truth")]
    assert "gt.txt, line 1" in report["faults"][0]["message"]
    assert report["sequences"] == 24
    assert main(["data", "check", "dancetrack", str(dancetrack.root)]) == 2
    shown = capsys.readouterr().out
    assert "dancetrack0005" in shown
    assert "24 of 25 sequences" in shown


def test_only_the_first_of_many_faults_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "otb100", str(tmp_path)]) == 2
    assert "… and 70 more; --json shows all" in capsys.readouterr().out
    assert main(["data", "check", "otb100", str(tmp_path), "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lassot", "."], "no data set 'lassot'; did you mean 'lasot'"),
        (["pose-foldr", "."], "no data set 'pose-foldr'; did you mean 'pose-folder'"),
        (["lasot", "nowhere"], "nowhere: no such folder; expected ROOT/<class>"),
        (["lasot", ".", "--split", "tests"], "has no split 'tests'; did you mean 'test'"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", *words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert len(output.err.splitlines()) == 1


def test_single_pictures_are_checked_too(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still_layouts.ecssd(tmp_path, real_pictures(shared_data))
    assert main(["data", "check", "ecssd", str(tmp_path)]) == 0
    assert "1,000 of 1,000 targets" in capsys.readouterr().out
    still_layouts.coco(tmp_path, real_pictures(shared_data))
    assert main(["data", "check", "coco17", str(tmp_path), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert [fault["message"] for fault in report["faults"]] == ["2 pictures, but 118287 expected"]
    assert report["notes"] == [
        "1 crowds are never drawn",
        "2 objects whose box has no area are never drawn",
    ]
    assert (report["split"], report["sequences"], report["expected"]) == ("train", 3, 3)


def test_a_sequence_of_one_frame_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("car/img", "%04d.jpg", (1,))
    layout.text("car/groundtruth_rect.txt", "1,2,10,8\n")
    assert main(["data", "check", "folder", str(layout.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [
        "1 sequence has a single frame, first car: no training sample is drawn from such"
    ]
    assert main(["data", "check", "folder", str(layout.root)]) == 0
    assert "no training sample" in " ".join(capsys.readouterr().out.split())


def test_the_folder_of_another_data_set_is_recognised(
    dancetrack: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", "lasot_ext", str(dancetrack.root), "--json"]) == 2
    message = json.loads(capsys.readouterr().out)["faults"][0]["message"]
    assert "no frame of lasot_ext is there; what lies there looks like dancetrack" in message


def test_nothing_is_evaluated_on_single_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "eval",
        "still",
        "--dataset",
        "coco2017",
        "--root",
        str(tmp_path),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(command) == 2
    assert "'coco2017' is a data set of single pictures" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
