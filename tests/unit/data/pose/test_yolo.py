"""YOLO's key points: what the YAML file says of them, lines with and without visibility, what is refused."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from saccade.core import COCO_17, LSP_14, DatasetError, Skeleton
from saccade.data.detection import open_detection
from saccade.data.pose import PoseDataset, open_pose, recognise
from saccade.data.pose.converting import convert_pose
from saccade.data.pose.forms import PoseForm
from saccade.data.pose.opening import POSE
from tests.unit.data.detection.sets import SIZE_WH, picture
from tests.unit.data.pose.poses import HAND, coco, row

THREE = {"kpt_shape": [3, 3], "kpt_names": ["wrist", "left_tip", "right_tip"]}
LINE = "0 0.5 0.5 0.25 0.5 0.25 0.5 2 0.5 0.25 1 0 0 0\n"
FORM = POSE["yolo-pose"]


def yolo(root: Path, lines: Mapping[str, str | None], described: Mapping[str, Any] = THREE) -> Path:
    """A set of key points, of one part."""
    for name, text in lines.items():
        picture(root / "images" / "train" / f"{name}.jpg", name)
        if text is not None:
            (root / "labels" / "train").mkdir(parents=True, exist_ok=True)
            (root / "labels" / "train" / f"{name}.txt").write_text(text)
    content = {"train": "images/train", "names": ["hand"], **described}
    (root / "data.yaml").write_text(yaml.safe_dump(content))
    return root


def skeleton_of(root: Path, **described: Any) -> tuple[Skeleton, tuple[str, ...]]:
    dataset = open_pose("yolo-pose", yolo(root, {"a": None}, described))
    return dataset.skeleton, dataset.notes


def test_shares_become_pixels(tmp_path: Path) -> None:
    dataset = open_pose(None, yolo(tmp_path, {"a": LINE, "b": "", "c": None}))
    assert (dataset.name, dataset.split, len(dataset)) == ("yolo-pose", "train", 3)
    assert [len(image) for image in dataset.images] == [1, 0, 0]
    (person,), (width, height) = dataset.images[0].people, SIZE_WH
    np.testing.assert_allclose(person.keypoints[:2], [(width / 4, height / 2), (width / 2, height / 4)])
    assert person.visible.tolist() == [2, 1, 0]
    corners = (0.375 * width, 0.25 * height, 0.625 * width, 0.75 * height)
    np.testing.assert_allclose(person.box, corners)
    assert person.area == pytest.approx(0.53 * width / 4 * height / 2)
    assert (person.id, dataset.images[0].size_wh) == (1, SIZE_WH)
    assert "no areas in this form: 0.53 of their box counts" in dataset.notes


def test_without_visibility_a_point_at_the_corner_is_not_marked(tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": "0 .5 .5 .5 .5 0 0 0 .25 .5 .5\n"}, {"kpt_shape": [3, 2]})
    assert open_pose("yolo-pose", root).images[0].people[0].visible.tolist() == [0, 2, 2]


def test_the_yaml_file_may_be_given_itself(tmp_path: Path) -> None:
    file = yolo(tmp_path, {"a": LINE}) / "data.yaml"
    assert recognise(file) is FORM and len(open_pose(None, file).images[0]) == 1


def test_boxes_alone_are_no_key_points(tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": "0 .5 .5 .5 .5\n"}, {})
    assert not FORM.fits(root)
    with pytest.raises(DatasetError, match=r"data\.yaml: no kpt_shape"):
        open_pose("yolo-pose", root)
    (root / "data.yaml").write_text("[")
    assert not FORM.fits(root)


@pytest.mark.parametrize("shape", [[3, 2], [3, 3]])
def test_boxes_of_a_set_of_key_points_are_not_taken_for_outlines(shape: list[int], tmp_path: Path) -> None:
    points = "0.1 0.2 0.8 0.9 0.4 0.4" if shape[1] == 2 else "0.1 0.2 2 0.8 0.9 1 0 0 0"
    lines = f"0 0.5 0.5 0.25 0.5 {points}\n0 0.5 0.5 0.25 0.5\n"
    dataset = open_detection("yolo", yolo(tmp_path, {"a": lines}, {"kpt_shape": shape}))
    (width, height), boxes = SIZE_WH, dataset.images[0].boxes
    np.testing.assert_allclose(boxes, [(0.375 * width, 0.25 * height, 0.625 * width, 0.75 * height)] * 2)
    (tmp_path / "labels" / "train" / "a.txt").write_text("0 0.5 0.5 0.25 0.5 0.1 0.1\n")
    whole = 5 + shape[0] * shape[1]
    with pytest.raises(DatasetError, match=rf"line 1: has 7 values, .*kpt_shape: {whole}"):
        open_detection("yolo", tmp_path)


class TestSkeletons:
    """What the YAML file says of the points."""

    def test_names_that_are_known(self, tmp_path: Path) -> None:
        names = {"kpt_shape": [14, 3], "kpt_names": {0: list(LSP_14.points)}}
        assert skeleton_of(tmp_path, **names)[0] is LSP_14
        assert skeleton_of(tmp_path, **names, flip_idx=list(LSP_14.mirror))[0] is LSP_14

    def test_points_without_names_that_mirror_as_cocos(self, tmp_path: Path) -> None:
        shape = {"kpt_shape": [17, 3]}
        skeleton, notes = skeleton_of(tmp_path, **shape, flip_idx=list(COCO_17.mirror))
        assert skeleton is COCO_17
        assert "points without names that mirror as COCO's 17 are taken for these" in notes
        assert skeleton_of(tmp_path, **shape)[0].points[0] == "point0"

    def test_points_without_names(self, tmp_path: Path) -> None:
        skeleton, notes = skeleton_of(tmp_path, kpt_shape=[3, 3], flip_idx=[2, 1, 0], skeleton=[[1, 2]])
        assert skeleton.points == ("point0", "point1", "point2")
        assert (skeleton.pairs, skeleton.mirror) == ((("point0", "point2"),), (2, 1, 0))
        assert (skeleton.name, skeleton.edges) == ("hand3", (("point0", "point1"),))
        assert "points have no names: they are called point0 to point2; kpt_names gives some" in notes

    def test_sides_are_told_by_names_where_nothing_else_tells(self, tmp_path: Path) -> None:
        skeleton, notes = skeleton_of(tmp_path, **THREE)
        assert skeleton.pairs == (("left_tip", "right_tip"),)
        assert "left and right by the points' names: left_tip - right_tip" in notes

    def test_what_the_file_says_of_mirrors_counts(self, tmp_path: Path) -> None:
        assert skeleton_of(tmp_path, **THREE, flip_idx=[0, 1, 2])[0].pairs == ()
        names = {"kpt_shape": [3, 3], "kpt_names": ["right_tip", "left_tip", "tail"]}
        assert skeleton_of(tmp_path, **names, flip_idx=[1, 0, 2])[0].pairs == (("left_tip", "right_tip"),)

    def test_classes_with_the_same_points(self, tmp_path: Path) -> None:
        names = THREE["kpt_names"]
        both = {**THREE, "names": ["hand", "paw"], "kpt_names": {0: names, 1: names}}
        skeleton, notes = skeleton_of(tmp_path, **both)
        assert skeleton.name == "points3"
        assert "classes hand, paw are not told apart: all have the same points" in notes

    @pytest.mark.parametrize(
        ("described", "complaint"),
        [
            ({"kpt_shape": 3}, "kpt_shape is 3; expected [points, 2]"),
            ({"kpt_shape": [3, 4]}, "kpt_shape is [3, 4]"),
            ({"kpt_shape": [0, 3]}, "kpt_shape is [0, 3]"),
            ({"kpt_shape": [3, True]}, "kpt_shape is [3, True]"),
            ({"kpt_shape": [10**9, 3]}, "with 1 to 1,000 points"),
            ({"flip_idx": [1, 2]}, "flip_idx is [1, 2]; expected for each of the 3 points, counted from 0"),
            ({"flip_idx": [1, 2, 0]}, "flip_idx is [1, 2, 0]"),
            ({"flip_idx": [0, 1, 1]}, "flip_idx is [0, 1, 1]"),
            ({"flip_idx": [1, 2, 3]}, "flip_idx is [1, 2, 3]"),
            ({"flip_idx": "0 1 2"}, "flip_idx is '0 1 2'"),
            ({"kpt_names": ["a", "b"]}, "kpt_names are ['a', 'b']; expected 3 names"),
            ({"kpt_names": ["a", "b", "a"]}, "no two of them the same"),
            ({"kpt_names": "abc"}, "kpt_names are 'abc'"),
            ({"kpt_names": ["a", "b", 3]}, "kpt_names are ['a', 'b', 3]"),
            ({"kpt_names": {}}, "not the same for all classes"),
            ({"kpt_names": {0: list("abc"), 1: list("abd")}}, "not the same for all classes"),
            ({"skeleton": [[1, 4]]}, "limb [1, 4] of its 'skeleton' is no pair of its 3 points"),
        ],
    )
    def test_what_cannot_be(self, described: Any, complaint: str, tmp_path: Path) -> None:
        root = yolo(tmp_path, {"a": LINE}, THREE | described)
        with pytest.raises(DatasetError, match=re.escape(complaint)) as caught:
            open_pose("yolo-pose", root)
        assert str(root / "data.yaml") in str(caught.value)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("0 .5 .5 .5 .5", "has 5 values, not 14: class, x y w h, and 3 of each of 3 points"),
        ("0 .5 .5 .5 .5" + 17 * " .1 .1 2", "has 56 values, not 14"),
        ("0 .5 .5 .5 .5 .1 .1 0.5 0 0 0 0 0 0", "visibility 0.5 of 'wrist'; expected 0"),
        ("0 .5 .5 .5 .5 .1 .1 3 0 0 0 0 0 0", "visibility 3 of 'wrist'"),
        ("0 .5 .5 .5 .5 .1 1.1 2 0 0 0 0 0 0", "not all between 0 and 1"),
        ("0 .5 .5 .5 1.5 .1 .1 2 0 0 0 0 0 0", "not all between 0 and 1"),
        ("0 .5 .5 .5 .5 .1 nan 2 0 0 0 0 0 0", "'nan' is not finite"),
        ("0 .5 .5 .5 .5 .1 x 2 0 0 0 0 0 0", "'x' is no number"),
        ("1 .5 .5 .5 .5 .1 .1 2 0 0 0 0 0 0", "class 1 has no name: there are 1"),
    ],
)
def test_lines_that_cannot_be_used(line: str, complaint: str, tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": f"{LINE}{line}\n"})
    with pytest.raises(DatasetError, match=re.escape(complaint)) as caught:
        open_pose("yolo-pose", root)
    assert str(root / "labels" / "train" / "a.txt") in str(caught.value) and "line 2" in str(caught.value)
    content = FORM.read(root, None)
    assert len(content.images[0].people) == 1 and len(content.faults) == 1


def test_points_that_are_not_marked_may_be_anywhere(tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": "0 .5 .5 .5 .5 .1 .1 2 -7 9 0 0 0 0\n"})
    assert open_pose("yolo-pose", root).images[0].people[0].visible.tolist() == [2, 0, 0]


def test_a_box_without_area_is_that_around_the_points(tmp_path: Path) -> None:
    flat = "0 .5 .5 0 .5 .25 .5 2 .5 .25 1 0 0 0\n0 .5 .5 0 .5 0 0 0 0 0 0 0 0 0\n"
    dataset = open_pose("yolo-pose", yolo(tmp_path, {"a": flat}))
    (person,) = dataset.images[0].people
    assert person.box[2] > person.box[0] and any("boxes without area: 2" in note for note in dataset.notes)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": LINE})
    (root / "labels" / "train" / "gone.txt").write_text(LINE)
    (root / "images" / "train" / "b.jpg").write_bytes(b"no picture")
    (root / "labels" / "train" / "b.txt").write_text(LINE)
    kinds = {(fault.kind, fault.file.name) for fault in FORM.read(root, "train").faults}
    assert kinds == {("missing_picture", "gone.txt"), ("unreadable_picture", "b.jpg")}


def written(form: PoseForm, root: Path, out: Path, split: str | None = None) -> tuple[PoseDataset, list[str]]:
    notes = convert_pose(form, root, "yolo-pose", out)
    return open_pose("yolo-pose", out, split), notes


@pytest.mark.parametrize(
    ("name", "path"), [("lsp", "LSPET_subset"), ("mpii", "mmpose_tests/mpii/test_mpii.json")]
)
def test_real_people_are_the_same_when_written_and_read(
    name: str, path: str, shared_data: Path, tmp_path: Path
) -> None:
    root = shared_data / "pose" / path
    original, (copy, _) = open_pose(name, root), written(POSE[name], root, tmp_path / "out")
    assert (copy.skeleton, len(copy)) == (original.skeleton, len(original))
    by_name = {image.name: image for image in copy.images}
    compared = 0
    for image in original.images:
        read = by_name[image.name]
        assert read.size_wh is not None
        for one, other in zip(image.people, read.people, strict=True):
            is_in = ((one.keypoints >= 0) & (one.keypoints <= read.size_wh)).all(axis=1)
            np.testing.assert_array_equal(np.where(is_in, one.visible, 0), other.visible)
            is_known = other.visible > 0
            np.testing.assert_allclose(one.keypoints[is_known], other.keypoints[is_known], atol=1e-4)
            edges = np.clip(one.box, 0, np.tile(read.size_wh, 2))
            np.testing.assert_allclose(edges, other.box, atol=1e-3)
            compared += 1
    assert compared > 3


def rows_of(*rows: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [{**each, "id": place} for place, each in enumerate(rows, start=1)]


def test_what_has_no_place_is_told(tmp_path: Path) -> None:
    rows = rows_of(
        row(joints=[10, 10, 2, 5, 70, 2, 20, 20, 1], head_size=3.0),
        row(iscrowd=1),
        row(bbox=[-4, 8, 20, 16]),
        row(joints=[0] * 9, bbox=[70, 8, 20, 16]),
    )
    coco(tmp_path / "in" / "a.json", rows, {**HAND, "sigmas": [0.1, 0.2, 0.3]})
    dataset, notes = written(POSE["pose-folder"], tmp_path / "in", tmp_path / "out")
    assert {note.rpartition(":")[0] for note in notes if note[-1].isdigit()} >= {
        "crowds left out",
        "head sizes lost",
        "boxes cut at the border of their picture",
        "people outside of their picture left out",
        "points outside of their picture, written as not marked",
        "deviations of points lost, by which OKS forgives",
    }
    first, second = dataset.images[0].people
    assert first.visible.tolist() == [2, 0, 1] and second.box[0] == 0
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert content == {
        "path": ".",
        "train": "images",
        "names": {0: "person"},
        "kpt_shape": [3, 3],
        "flip_idx": [0, 2, 1],
        "kpt_names": {0: HAND["keypoints"]},
        "skeleton": HAND["skeleton"],
    }


def test_splits_keep_their_folders(tmp_path: Path) -> None:
    for name in ("train", "val"):
        coco(tmp_path / "in" / f"{name}.json", [row()], names=(f"{name}.jpg",))
    dataset, _ = written(POSE["pose-folder"], tmp_path / "in", tmp_path / "out", "val")
    assert [image.name for image in dataset.images] == ["val"]
    assert FORM.splits(tmp_path / "out") == ("train", "val")
