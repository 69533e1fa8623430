"""`saccade data` on pose sets: list, check, convert, split."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.cli import main
from saccade.core import COCO_18
from saccade.data.pose import open_pose
from tests.unit.data.pose.poses import coco, row

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `saccade data … --json`; gives exit code, JSON, and what was said on standard error."""

    def call(*words: object) -> tuple[int, Any, str]:
        code = main(["data", *map(str, words), "--json"])
        output = capsys.readouterr()
        return code, json.loads(output.out) if output.out else None, output.err

    return call


def test_the_forms_are_listed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    _, listed, _ = run("list")
    found = [each["name"] for each in listed if each["truth"] == "key points"]
    assert found == ["coco-keypoints", "mpii", "lsp", "yolo-pose", "pose-folder"]
    assert main(["data", "list"]) == 0
    assert "coco-keypoints, mpii, lsp, yolo-pose, pose-folder" in " ".join(capsys.readouterr().out.split())


def test_real_sets_are_checked(shared_data: Path, tmp_path: Path, run: Run) -> None:
    code, report, _ = run("check", shared_data / "pose" / "LSPET_subset")
    assert (code, report["dataset"], report["faults"], report["files"]) == (0, "lsp", [], {})
    assert (report["pictures"], report["people"], report["joints"]) == (280, 280, 3722)
    assert list(report["skeletons"]) == ["lsp14"]
    track = shared_data / "pose" / "mmpose_tests" / "posetrack18"
    code, report, _ = run("check", "pose-folder", track, "--out", tmp_path)
    assert code == 2
    assert [(fault["kind"], fault["object"]) for fault in report["faults"]] == [
        ("joint_outside", 1012834000010)
    ]
    with Path(report["files"]["table"]).open() as opened:
        assert [each["kind"] for each in csv.DictReader(opened)] == ["joint_outside"]


def test_a_check_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco(tmp_path / "set" / "a.json", [row(), row(2, joints=[70, 10, 2, 5, 20, 2, 20, 20, 1])])
    assert main(["data", "check", str(tmp_path / "set"), "--out", str(tmp_path / "out")]) == 2
    shown = " ".join(capsys.readouterr().out.split())
    assert "pose-folder" in shown and "faults 1" in shown and "joints 6 of hand3, 3 points" in shown


def test_converted_to_another_skeleton(shared_data: Path, tmp_path: Path, run: Run) -> None:
    source, new = shared_data / "pose" / "mmpose_tests" / "coco" / "test_coco.json", tmp_path / "new"
    code, said, _ = run("convert", source, new, "--to", "pose-folder", "--skeleton", "coco18", "--link")
    assert (code, said["to"]) == (0, "pose-folder")
    dataset = open_pose("pose-folder", new)
    assert dataset.skeleton == COCO_18 and len(dataset) == 4
    assert run("check", new)[0] == 0, "and it is a sound one"


def test_what_has_key_points_alone_is_not_written_as_boxes_nor_the_other_way(
    shared_data: Path, tmp_path: Path, run: Run
) -> None:
    code, _, said = run("convert", shared_data / "pose" / "LSPET_subset", tmp_path / "new", "--to", "voc")
    assert code == 2 and len(said) < 300
    assert (
        "has key points, as lsp, and no boxes; they are written --to pose-folder, coco-keypoints or yolo-pose"
        in said
    )
    (tmp_path / "boxes" / "Annotations").mkdir(parents=True)
    (tmp_path / "boxes" / "Annotations" / "a.xml").write_text("<annotation/>")
    code, _, said = run("convert", tmp_path / "boxes", tmp_path / "new", "--to", "pose-folder")
    assert code == 2 and len(said) < 300
    assert "has boxes, as voc, and no key points; they are written --to voc, coco, yolo or open" in said


def test_divided(shared_data: Path, tmp_path: Path, run: Run) -> None:
    source, new = shared_data / "pose" / "LSPET_subset", tmp_path / "new"
    words = ("--train", 0.9, "--val", 0.1, "--seed", 1, "--out", new, "--link")
    code, said, _ = run("split", source, *words)
    assert (code, said["dataset"]) == (0, "pose-folder")
    assert {name: part["pictures"] for name, part in said["splits"].items()} == {"train": 252, "val": 28}
    train, val = (open_pose("pose-folder", new, split) for split in ("train", "val"))
    assert (len(train), len(val)) == (252, 28)
    assert not {image.name for image in train.images} & {image.name for image in val.images}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("split", "SET"), "name a new folder by --out DIR"),
        (("split", "SET", "--out", "NEW", "--classes", "a"), "--classes is for boxes"),
        (("check", "SET", "--fix", "NEW"), "--fix and --classes are for boxes"),
        (("convert", "SET", "NEW", "--to", "coco-keypoints"), "coco-keypoints COCO's 17 points alone"),
        (("convert", "SET", "NEW", "--to", "coco", "--skeleton", "coco17"), "--skeleton is for key points"),
        (
            ("convert", "SET", "NEW", "--to", "pose-folder", "--skeleton", "coco"),
            "no skeleton 'coco'; did you",
        ),
        (("check", "NEW"), "no such folder"),
        (("check", "SET/none"), "no annotations of boxes or key points in it; name the form"),
        (("check", "lsp", "SET"), "no joints.mat or joints.npz in it; expected"),
    ],
)
def test_what_cannot_be_done_says_what_can(
    words: tuple[str, ...], said: str, tmp_path: Path, run: Run
) -> None:
    coco(tmp_path / "SET" / "a.json", [row()])
    (tmp_path / "SET" / "none").mkdir()
    places = ("SET", "SET/none", "NEW")
    code, _, error = run(*(tmp_path / word if word in places else word for word in words))
    assert code == 2 and said in error
