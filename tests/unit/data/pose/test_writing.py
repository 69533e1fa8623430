"""What is written can be read, and is the same; other skeletons and other forms; parts of a set."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from saccade.core import COCO_17, COCO_18, MPII_16, DatasetError, Skeleton
from saccade.data.detection.copying import Copier
from saccade.data.pose import AnnotatedPerson, PoseDataset, find_form, open_pose
from saccade.data.pose.converting import convert_pose, with_skeleton
from saccade.data.pose.splitting import divide_poses
from saccade.data.pose.writing import to_coco, write_pose
from tests.unit.data.pose import poses
from tests.unit.data.pose.poses import HAND, PERSON, coco, entry, mpii_lists, person_row, row


def assert_same(a: PoseDataset, b: PoseDataset) -> None:
    assert (a.skeleton, len(a)) == (b.skeleton, len(b))
    for one, other in zip(a.images, b.images, strict=True):
        assert one.file.read_bytes() == other.file.read_bytes()
        for first, second in zip(one.people, other.people, strict=True):
            assert_same_person(first, second)


def assert_same_person(a: AnnotatedPerson, b: AnnotatedPerson) -> None:
    for name in ("keypoints", "visible", "box"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
    for name in ("area", "is_crowd", "id", "head_size", "center", "scale"):
        assert getattr(a, name) == getattr(b, name), name
    if isinstance(a.outline, tuple):
        assert isinstance(b.outline, tuple)
        for one, other in zip(a.outline, b.outline, strict=True):
            np.testing.assert_array_equal(one, other)
    else:
        assert a.outline == b.outline


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("coco-keypoints", "mmpose_tests/coco/test_coco.json"),
        ("mpii", "mmpose_tests/mpii/test_mpii.json"),
        ("pose-folder", "mmpose_tests/aic"),
        ("pose-folder", "mmpose_tests/posetrack18"),
    ],
)
def test_real_sets_are_the_same_when_written_and_read(
    name: str, path: str, shared_data: Path, tmp_path: Path
) -> None:
    root = shared_data / "pose" / path
    convert_pose(find_form(name), root, "pose-folder", tmp_path / "out")
    assert_same(open_pose(name, root), open_pose("pose-folder", tmp_path / "out"))


def test_nothing_is_lost(tmp_path: Path) -> None:
    triangle = [[0.25, 0, 9, 0, 9, 9.1], [1, 1, 2, 2, 1, 2]]
    lengths = {"size": [48, 64], "counts": "abc"}
    rows = [
        row(7, head_size=3.25, center=[1.5, 2.5], scale=0.7, area=12.34),
        row(8, joints=[0] * 9, segmentation=triangle),
        row(9, joints=[0] * 9, iscrowd=1, segmentation=lengths),
        row(11, image=2, joints=[1.1, 2.2, 2, 0, 0, 0, 3, 4, 1], bbox=[0.1, 0.2, 7.7, 9.9]),
    ]
    category = {**HAND, "sigmas": [0.1, 0.2, 0.3], "head": ["wrist", "left_tip"], "skeleton_name": "paw"}
    file = coco(tmp_path / "in" / "a.json", rows, category, names=("a.jpg", "b.jpg", "c.jpg"))
    dataset = open_pose("pose-folder", file)
    write_pose("pose-folder", [dataset], tmp_path / "out", Copier())
    again = open_pose("pose-folder", tmp_path / "out")
    assert again.skeleton.name == "paw" and again.skeleton.head == ("wrist", "left_tip")
    assert_same(dataset, again)
    assert [image.id for image in again.images] == [1, 2, 3]


def test_mpii_keeps_heads_centres_and_scales(tmp_path: Path) -> None:
    root = mpii_lists(tmp_path / "mpii", {"train": [entry()], "valid": [entry("b.jpg"), entry("b.jpg")]})
    poses.heads(root / "annot" / "gt_train.mat", [(0, 0, 3, 4)])
    convert_pose(find_form("mpii"), root, "pose-folder", tmp_path / "out", is_linked=True)
    for split in ("train", "valid"):
        assert_same(open_pose("mpii", root, split), open_pose("pose-folder", tmp_path / "out", split))
    assert (tmp_path / "out" / "images" / "train" / "a.jpg").is_symlink()


def test_coco_is_written_where_coco_reads(tmp_path: Path) -> None:
    file = coco(tmp_path / "in" / "person_keypoints_val.json", [person_row()], PERSON)
    convert_pose(find_form("coco-keypoints"), file, "coco-keypoints", tmp_path / "out")
    assert (tmp_path / "out" / "annotations" / "person_keypoints_val.json").is_file()
    again = open_pose("coco-keypoints", tmp_path / "out")
    assert again.split == "val"
    assert_same(open_pose("coco-keypoints", file), again)


def test_coco_has_coco_s_words_alone_for_what_it_knows(tmp_path: Path) -> None:
    content = to_coco(open_pose("coco-keypoints", coco(tmp_path / "a.json", [person_row()], PERSON)))
    (written,) = content["annotations"]
    assert written == person_row() | {"num_keypoints": 17, "bbox": [4.0, 8.0, 20.0, 16.0]}
    assert content["categories"][0]["skeleton"] == PERSON["skeleton"]
    assert content["images"] == [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}]
    json.dumps(content)


def test_people_of_two_files_are_numbered_anew(tmp_path: Path) -> None:
    for name in ("train", "val"):
        coco(tmp_path / "in" / f"{name}.json", [row(1)], names=(f"{name}.jpg",))
    splits = [open_pose("pose-folder", tmp_path / "in", name) for name in ("train", "val")]
    (whole,) = divide_poses(splits, {"all": 1.0}, seed=0)
    content = to_coco(whole)
    assert [image["id"] for image in content["images"]] == [1, 2]
    assert [each["id"] for each in content["annotations"]] == [1, 2]
    assert [each["image_id"] for each in content["annotations"]] == [1, 2]


def test_another_skeleton(tmp_path: Path) -> None:
    file = coco(tmp_path / "in" / "a.json", [person_row()], PERSON)
    notes = convert_pose(find_form("pose-folder"), file, "pose-folder", tmp_path / "out", skeleton=MPII_16)
    assert "points of mpii16 that nothing is known of: upper_neck, head_top" in notes
    assert "points that mpii16 has no place for: nose, left_eye, right_eye, left_ear, right_ear" in notes
    again = open_pose("pose-folder", tmp_path / "out")
    assert again.skeleton == MPII_16
    (person,) = again.images[0].people
    hips = open_pose("pose-folder", file).images[0].people[0].keypoints[[11, 12]]
    np.testing.assert_allclose(person.keypoints[6], hips.mean(axis=0))
    assert person.num_labelled == 14


def test_the_same_skeleton_changes_nothing(tmp_path: Path) -> None:
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", [person_row()], PERSON))
    assert with_skeleton(dataset, COCO_17) is dataset
    assert with_skeleton(with_skeleton(dataset, COCO_18), COCO_17).skeleton == COCO_17


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = coco(tmp_path / "in" / "a.json", [row()])
    form = find_form("pose-folder")
    with pytest.raises(DatasetError, match="coco-keypoints COCO's 17 points alone; convert it by --skeleton"):
        convert_pose(form, file, "coco-keypoints", tmp_path / "out")
    assert not (tmp_path / "out").exists(), "nothing is begun"
    with pytest.raises(DatasetError, match="has no point of coco17; its own: wrist, left_tip, right_tip"):
        convert_pose(form, file, "pose-folder", tmp_path / "out", skeleton=COCO_17)
    with pytest.raises(DatasetError, match="mpii is not written; write pose-folder, which loses nothing"):
        convert_pose(form, file, "mpii", tmp_path / "out")
    with pytest.raises(DatasetError, match=re.escape("is there already, and nothing is written over")):
        convert_pose(form, file, "pose-folder", tmp_path / "in")


def test_splits_of_two_skeletons_are_not_one_set(tmp_path: Path) -> None:
    coco(tmp_path / "train.json", [row()])
    coco(tmp_path / "val.json", [person_row()], PERSON)
    with pytest.raises(DatasetError, match="splits train and val have different points"):
        convert_pose(find_form("pose-folder"), tmp_path, "pose-folder", tmp_path.parent / "out")


def test_parts_have_their_share_of_people_and_what_shows_the_same_stays_together(tmp_path: Path) -> None:
    names = [f"{place}.jpg" for place in range(12)]
    rows = [row(place, image=place) for place in range(1, 9)]
    file = coco(tmp_path / "a.json", rows, names=names)
    (tmp_path / "images" / "11.jpg").write_bytes((tmp_path / "images" / "0.jpg").read_bytes())
    dataset = open_pose("pose-folder", file)
    parts = divide_poses([dataset], {"train": 0.75, "val": 0.25}, seed=3)
    assert [part.split for part in parts] == ["train", "val"]
    assert [len(part) for part in parts] == [9, 3]
    assert [sum(map(len, part.images)) for part in parts] == [6, 2]
    homes = {image.file.name: part.split for part in parts for image in part.images}
    assert homes["0.jpg"] == homes["11.jpg"]
    again = divide_poses([dataset], {"train": 0.75, "val": 0.25}, seed=3)
    assert [[image.id for image in part.images] for part in parts] == [
        [image.id for image in part.images] for part in again
    ]


def test_a_skeleton_that_nothing_is_known_of_is_written_whole(tmp_path: Path) -> None:
    paw = Skeleton(name="paw", points=("a", "b", "c"), composed=(("a", "b", "c"),), limbs=(("a", "b"),))
    file = coco(tmp_path / "a.json", [row()], {"id": 1, "name": "x", "keypoints": ["a", "b", "c"]})
    dataset = with_skeleton(open_pose("pose-folder", file), paw)
    write_pose("pose-folder", [dataset], tmp_path / "out", Copier())
    assert open_pose("pose-folder", tmp_path / "out").skeleton == paw
