"""What is suspicious in pose sets, told with its place."""

import json
from pathlib import Path

import numpy as np
import pytest

from saccade.core import COCO_17, MPII_16
from saccade.data.pose import find_form, open_pose
from saccade.data.pose.check import PoseFindings, check_pose
from saccade.data.pose.people import AnnotatedPerson
from saccade.data.pose.sides import swapped_pairs
from tests.unit.data.pose.poses import coco, row


def check(root: Path, name: str = "pose-folder", split: str | None = None) -> PoseFindings:
    return check_pose(find_form(name), root, split)


def test_nothing_is_wrong_with_what_is_good(tmp_path: Path) -> None:
    findings = check(coco(tmp_path / "a.json", [row(), row(2, joints=[0] * 9)]))
    assert (findings.faults, findings.remarks) == ((), ())
    assert len(findings.images) == 1 and len(findings.people) == 2
    assert any("without any labelled joint" in note for note in findings.notes)


def test_joints_people_and_pictures(tmp_path: Path) -> None:
    rows = [
        row(1, joints=[70, 10, 2, 5, 20, 2, 20, 20, 1]),
        row(2, joints=[40, 10, 2, 5, 20, 2, 20, 20, 1]),
        row(3, joints=[11, 10, 2, 5, 20, 2, 20, 20, 1]),
        row(4, joints=[11, 10, 2, 5, 20, 2, 20, 20, 1]),
        row(5, joints=[1, 1, 1]),
        row(6, bbox=[1, 1, 0, 0]),
    ]
    file = coco(tmp_path / "a.json", rows, names=("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    (tmp_path / "images" / "b.jpg").unlink()
    (tmp_path / "images" / "c.jpg").write_bytes(b"\xff\xd8 no picture")
    content = json.loads(file.read_text())
    content["images"][3]["height"] = 50
    file.write_text(json.dumps(content))
    findings = check(file)
    told = {(fault.kind, fault.number): fault for fault in findings.faults}
    assert set(told) == {
        ("joint_outside", 1),
        ("duplicate_person", 4),
        ("keypoints", 5),
        ("no_area", 6),
        ("missing_picture", None),
        ("unreadable_picture", None),
        ("size", None),
    }
    assert told["joint_outside", 1].message == (
        f"{file}, annotation 1: 'wrist' at (70, 10) lies outside of the picture, which is 64x48 (a); "
        f"mark it anew, or as unlabelled"
    )
    assert "has the very joints of annotation 3" in told["duplicate_person", 4].reason
    assert "says 64x50, but its picture" in told["size", None].reason
    (remark,) = findings.remarks
    assert (remark.kind, remark.number) == ("joint_beyond", 2)
    assert "'wrist' at (40, 10) lies 16 pixels beyond the box of its person" in remark.reason


def test_a_picture_on_both_sides_of_a_split(tmp_path: Path) -> None:
    for name in ("train", "val"):
        folder = tmp_path / "images" / name
        coco(tmp_path / f"{name}.json", [row()], names=(f"{name}.jpg",), pictures=folder)
    assert not check(tmp_path).faults
    one, other = (tmp_path / "images" / name / f"{name}.jpg" for name in ("train", "val"))
    other.write_bytes(one.read_bytes())
    (fault,) = check(tmp_path).faults
    assert fault.kind == "leak" and "is in split train, this in val" in fault.reason
    assert not check(tmp_path, split="val").faults, "one split alone has no sides"


def people(count: int, swapped: str = "", seed: int = 0) -> list[AnnotatedPerson]:
    """People seen from the front and from behind; of one pair left and right may be exchanged."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        points = rng.normal(0, 4, (17, 2)).astype(np.float32) + 50
        way = rng.choice([-1, 1])
        for left, right in COCO_17.pairs:
            a, b = COCO_17.points.index(left), COCO_17.points.index(right)
            offset = 6 * way * (-1 if swapped and swapped in left else 1)
            points[a, 0] += offset
            points[b, 0] -= offset
        box = np.array([0, 0, 100, 100], np.float32)
        made.append(AnnotatedPerson(keypoints=points, visible=np.full(17, 2, np.int8), box=box, area=1.0))
    return made


@pytest.mark.parametrize("pair", ["hip", "wrist", "ear"])
def test_exchanged_sides_are_suspicious(pair: str) -> None:
    (said,) = swapped_pairs(people(60, pair), COCO_17)
    assert said.startswith(f"'left_{pair}' and 'right_{pair}' lie the way of the other pairs in ")


def test_sides_that_are_right_or_too_few_to_tell_are_not() -> None:
    assert not list(swapped_pairs(people(60), COCO_17))
    assert not list(swapped_pairs(people(10, "hip"), COCO_17))
    assert not list(swapped_pairs([], MPII_16))


def test_exchanged_sides_of_a_set(tmp_path: Path) -> None:
    category = {"id": 1, "name": "person", "keypoints": list(COCO_17.points)}
    rows = [
        {
            **row(number, joints=np.column_stack([each.keypoints, each.visible]).ravel().tolist()),
            "bbox": [0, 0, 100, 100],
        }
        for number, each in enumerate(people(40, "knee"), start=1)
    ]
    file = coco(tmp_path / "a.json", rows, category)
    found = [fault for fault in check(file).faults if fault.kind == "sides"]
    assert len(found) == 1 and "'left_knee' and 'right_knee'" in found[0].message
    assert open_pose("pose-folder", file), "it is no reason to refuse the set"
