"""Readers of pose sets: where files may lie, how they count pixels, and what they say of people."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from saccade.core import COCO_17, LSP_14, MPII_16, DatasetError
from saccade.data.pose import POSE, AnnotatedPerson, PoseDataset, find_form, open_pose, read_image, recognise
from saccade.data.pose import lsp as lsp_form
from tests.unit.data.detection.sets import picture
from tests.unit.data.pose import poses
from tests.unit.data.pose.poses import HAND, PERSON, coco, entry, lsp, mpii_lists, person_row, row

SIMPLE = [10, 10, 2, 5, 20, 2, 20, 20, 1]


def everybody(dataset: PoseDataset) -> list[AnnotatedPerson]:
    return [person for image in dataset.images for person in image.people]


def official(root: Path) -> Path:
    for split in ("train2017", "val2017"):
        file = root / "annotations" / f"person_keypoints_{split}.json"
        coco(file, [person_row()], PERSON, (f"{split}.jpg",), root / split)
    return root


def files(root: Path) -> Path:
    for name in ("train", "val"):
        coco(root / f"{name}.json", [row()])
    return root


def folders(root: Path) -> Path:
    for name in ("train", "val"):
        coco(root / name / "labels.json", [row()], pictures=root / name)
    return root


def lists(root: Path) -> Path:
    return mpii_lists(root, {"train": [entry()], "valid": [entry("b.jpg")]})


def original(root: Path) -> Path:
    return poses.mpii_original(root / "mpii_human_pose_v1_u12_1.mat", [("a.jpg", 1, [])]).parent


def in_annotations(root: Path, name: str, pictures: str) -> Path:
    coco(root / "annotations" / "val.json", [row()], names=(name,), pictures=root / pictures)
    return root


LAYOUTS: dict[str, tuple[Callable[[Path], Path], str, str | None, str | None]] = {
    "COCO's own": (official, "coco-keypoints", "val", "val2017"),
    "COCO's file itself": (
        lambda root: official(root) / "annotations" / "person_keypoints_val2017.json",
        "coco-keypoints",
        None,
        "val2017",
    ),
    "one file": (lambda root: coco(root / "a.json", [row()]).parent, "pose-folder", None, None),
    "a file itself": (lambda root: coco(root / "a.json", [row()]), "pose-folder", None, None),
    "a file a split": (files, "pose-folder", "valid", "val"),
    "a folder a split": (folders, "pose-folder", "train", "train"),
    "pictures in a folder of the split": (
        lambda root: in_annotations(root, "a.jpg", "images/val"),
        "pose-folder",
        None,
        None,
    ),
    "names from the root on": (
        lambda root: in_annotations(root, "images/b/a.jpg", "."),
        "pose-folder",
        None,
        None,
    ),
    "MPII's lists": (lists, "mpii", "val", "valid"),
    "MPII's own": (original, "mpii", "train", "train"),
    "LSP extended": (lambda root: lsp(root, np.ones((14, 3, 2)), "im{:05d}.jpg"), "lsp", None, None),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_where_sets_may_lie(layout: str, tmp_path: Path) -> None:
    make, name, split, expected = LAYOUTS[layout]
    root = make(tmp_path)
    for form in (name, None):
        dataset = open_pose(form, root, split)
        assert (dataset.name, dataset.split) == (name, expected)
        assert len(dataset) and all(image.file.is_file() for image in dataset.images)
        assert read_image(dataset.images[0]).shape == (48, 64, 3)
    assert recognise(root).name == name


def test_what_coco_says_of_people(tmp_path: Path) -> None:
    triangle = [[0, 0, 9, 0, 9, 9]]
    rows = [
        row(7, joints=SIMPLE, segmentation=triangle),
        row(8, joints=[0] * 9, segmentation=triangle),
        row(9, joints=[0] * 9, iscrowd=1, segmentation={"size": [48, 64], "counts": "abc"}),
        row(10, bbox_head=[0, 0, 30, 40]),
    ]
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", rows))
    (image,) = dataset.images
    assert (image.size_wh, image.id, image.name) == ((64, 48), 1, "a")
    first, empty, crowd, headed = image.people
    np.testing.assert_array_equal(first.keypoints, [[10, 10], [5, 20], [20, 20]])
    assert first.visible.tolist() == [2, 2, 1] and first.num_labelled == 3
    assert first.box.tolist() == [4, 8, 24, 24] and first.area == 200
    assert [person.is_learned for person in image.people] == [True, False, False, True]
    assert first.outline is None, "nobody masks who is learned from"
    assert np.array_equal(empty.outline[0], [[0, 0], [9, 0], [9, 9]])  # type: ignore[index]
    assert crowd.is_crowd and crowd.outline == {"size": [48, 64], "counts": "abc"}
    assert headed.head_size == pytest.approx(0.6 * 50), "PoseTrack's box of the head"
    said = "\n".join(dataset.notes)
    assert (
        "without any labelled joint, kept but not learned from: 1 of 4 people, first a.json, annotation 8"
        in said
    )
    assert "crowds, neither learned from nor judged: 1 of 4 people" in said


def test_what_coco_does_not_say_is_made_up_for(tmp_path: Path) -> None:
    bare = {
        key: value for key, value in row().items() if key not in ("bbox", "area", "iscrowd", "num_keypoints")
    }
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", [bare]))
    (person,) = everybody(dataset)
    # joints reach from 5 to 20 and from 10 to 20, as indices; a tenth of 16 is added
    np.testing.assert_allclose(person.box, [5 - 1.6, 10 - 1.6, 21 + 1.6, 21 + 1.6], rtol=1e-6)
    assert person.area == pytest.approx(0.53 * (16 + 3.2) * (11 + 3.2))
    assert any("1 people have no area" in note for note in dataset.notes)


def test_other_categories_are_not_people(tmp_path: Path) -> None:
    file = coco(
        tmp_path / "a.json", [row(), row(2, category_id=2)], categories=[HAND, {"id": 2, "name": "cup"}]
    )
    assert [person.id for person in everybody(open_pose("pose-folder", file))] == [1]


def test_mpii_counts_from_one(tmp_path: Path) -> None:
    joints = entry()["joints"]
    joints[3] = [-1.0, -1.0]
    visible = [1] * 16
    visible[3] = visible[4] = 0
    entries = [
        entry(joints=joints, joints_vis=visible),
        entry("a.jpg"),
        entry("b.jpg", center=[-1, -1], scale=-1),
    ]
    root = mpii_lists(tmp_path, {"train": entries})
    poses.heads(root / "annot" / "gt_train.mat", [(0, 0, 3, 4), (1, 1, 7, 9), (5, 5, 5, 5)])
    dataset = open_pose("mpii", root)
    assert dataset.skeleton == MPII_16 and [len(image) for image in dataset.images] == [2, 1]
    first, second, third = everybody(dataset)
    np.testing.assert_array_equal(first.keypoints[5], [14, 24])
    assert first.visible.tolist()[2:6] == [2, 0, 1, 2], (
        "what is at -1 is not there, what is not visible hidden"
    )
    assert (first.center, first.scale) == ((20.0, 30.0), 0.1)
    # a square of 200 * 0.1 pixels, whose middle is that of pixel (20, 30)
    np.testing.assert_allclose(first.box, [10.5, 20.5, 30.5, 40.5])
    assert first.head_size == pytest.approx(3.0) and second.head_size == pytest.approx(6.0)
    assert (third.center, third.scale, third.head_size) == (None, None, None)
    assert any("without a head box, so that PCKh leaves them out: 1 of 3" in note for note in dataset.notes)
    assert [person.id for person in (first, second, third)] == [1, 2, 3]


def test_without_any_head_the_note_names_the_file_and_what_is_not_scored(tmp_path: Path) -> None:
    root = mpii_lists(tmp_path, {"valid": [entry(), entry()]})
    assert open_pose("mpii", root).notes == (
        "gt_valid.mat is not beside valid.json: no head size is known, so that PCKh is not scored, and OKS "
        "alone is",
    )
    poses.heads(root / "annot" / "gt_valid.mat", [(0, 0, 3, 4), (0, 0, 3, 4)])
    assert open_pose("mpii", root).notes == ()
    poses.heads(root / "annot" / "gt_valid.mat", [(0, 0, 0, 0), (0, 0, 0, 0)])
    (note,) = open_pose("mpii", root).notes
    assert note.startswith("gt_valid.mat has no head box: no head size is known")


def test_folders_that_are_called_as_lists_are_none(tmp_path: Path) -> None:
    mpii_lists(tmp_path, {"train": [entry()]})
    (tmp_path / "annot" / "old.json").mkdir()
    assert recognise(tmp_path).splits(tmp_path) == ("train",)


def test_mpiis_own_file(tmp_path: Path) -> None:
    whole = {
        "x1": 10, "y1": 20, "x2": 40, "y2": 60, "scale": 0.2, "objpos": poses.record(x=31.0, y=25.0),
        "annopoints": poses.points((0, 12.5, 22.0, 1), (9, 30.0, 5.0, np.zeros((0, 0))), (2, 8.0, 9.0, "0")),
    }  # fmt: skip
    unlabelled = {"scale": 0.2, "objpos": poses.record(x=31.0, y=25.0)}
    nowhere = {"x1": 10, "y1": 20, "x2": 40, "y2": 60}
    file = poses.mpii_original(
        tmp_path / "mpii_human_pose_v1_u12_1.mat",
        [("a.jpg", 1, [whole, unlabelled, nowhere]), ("b.jpg", 0, [unlabelled]), ("c.jpg", 1, [])],
    )
    dataset = open_pose("mpii", tmp_path, "train")
    assert [len(image) for image in dataset.images] == [2, 0]
    first, second = dataset.images[0].people
    np.testing.assert_array_equal(first.keypoints[[0, 9, 2]], [[11.5, 21], [29, 4], [7, 8]])
    assert first.visible[[0, 9, 2]].tolist() == [2, 2, 1] and first.num_labelled == 3
    assert first.head_size == pytest.approx(0.6 * math.hypot(30, 40))
    assert (first.center, first.scale) == ((30.0, 24.0), 0.2)
    assert not second.num_labelled and second.head_size is None
    assert any("boxes without area: 1" in note for note in dataset.notes), "the third is nowhere"
    test = open_pose("mpii", file, "test")
    assert [image.name for image in test.images] == ["b"]


def test_the_two_kinds_of_lsp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lsp_form, "NUM_TRAIN", 2)
    rng = np.random.default_rng(0)
    xy, flags = rng.uniform(5, 40, (2, 14, 3)), rng.integers(0, 2, (14, 3)).astype(float)
    lsp(tmp_path / "lsp", np.concatenate([xy, flags[None]]))
    train, test = (open_pose("lsp", tmp_path / "lsp", split) for split in ("train", "test"))
    assert [len(train), len(test)] == [2, 1] and train.skeleton == LSP_14
    assert [image.file.name for image in test.images] == ["im0003.jpg"]
    (person,) = everybody(test)
    np.testing.assert_allclose(person.keypoints, xy[:, :, 2].T - 1, rtol=1e-6)
    assert person.visible.tolist() == np.where(flags[:, 2] > 0, 1, 2).tolist(), "1 says that it is hidden"

    lsp(tmp_path / "lspet", np.concatenate([xy, flags[None]]).transpose(1, 0, 2), "im{:05d}.jpg")
    extended = open_pose("lsp", tmp_path / "lspet")
    person = everybody(extended)[2]
    assert person.visible.tolist() == np.where(flags[:, 2] > 0, 2, 0).tolist(), "1 says that it is labelled"
    is_known = flags[:, 2] > 0
    np.testing.assert_allclose(person.keypoints[is_known], (xy[:, :, 2].T - 1)[is_known], rtol=1e-6)
    assert (person.keypoints[~is_known] == 0).all()
    low, high = person.keypoints[is_known].min(0), person.keypoints[is_known].max(0) + 1
    assert (person.box[:2] < low).all() and (person.box[2:] > high).all()


def test_people_of_lsp_without_joints_are_told(tmp_path: Path) -> None:
    joints = np.ones((14, 3, 2))
    joints[:, 2, 1] = 0
    dataset = open_pose("lsp", lsp(tmp_path, joints, "im{:05d}.jpg"))
    assert [len(image) for image in dataset.images] == [1, 0]
    assert any("boxes without area: 1" in note for note in dataset.notes)


def test_sixty_people_and_nobody(tmp_path: Path) -> None:
    rows = [row(number, joints=[number % 60, 5, 2, 5, 20, 2, 20, 20, 1]) for number in range(1, 61)]
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", rows, names=("a.jpg", "b.jpg")))
    assert [len(image) for image in dataset.images] == [60, 0]
    nobody = open_pose("pose-folder", coco(tmp_path / "b" / "b.json", []))
    assert len(nobody) == 1 and "nobody is in any of the pictures" in nobody.notes


def test_joints_outside_are_kept_as_they_are(tmp_path: Path) -> None:
    rows = [row(), row(2, joints=[-3, 5, 2, 70.5, 5, 2, 1000, 5, 0])]
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", rows))
    np.testing.assert_array_equal(everybody(dataset)[1].keypoints, [[-3, 5], [70.5, 5], [0, 0]])
    said = "with joints outside of the picture, kept as they are: 1 of 2 people, first a.json, annotation 2 "
    assert f"{said}(a)" in dataset.notes


@pytest.mark.parametrize("box", [[4, 8, 0, 16], [4, 8, 20, 0], [4, 8, -5, 5], [1e6, 0, 1e-3, 5]])
def test_boxes_without_area(box: list[float], tmp_path: Path) -> None:
    rows = [row(bbox=box), row(2, joints=[0] * 9, bbox=box)]
    dataset = open_pose("pose-folder", coco(tmp_path / "a.json", rows))
    (person,) = everybody(dataset)
    assert person.id == 1 and (person.box[2:] > person.box[:2]).all(), "the one around the joints"
    assert any("boxes without area: 2; that around the joints counts" in note for note in dataset.notes)


def test_forms_have_names() -> None:
    assert list(POSE) == ["coco-keypoints", "mpii", "lsp", "yolo-pose", "pose-folder"]
    with pytest.raises(DatasetError, match="no form of pose sets 'mpi'; did you mean 'mpii'"):
        find_form("mpi")


def test_a_folder_of_nothing_says_what_is_expected(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    with pytest.raises(
        DatasetError, match=r"no annotations of key points in it; expected coco-keypoints: ROOT"
    ):
        open_pose(None, tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        open_pose(None, tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"no such folder; expected ROOT/joints\.mat"):
        open_pose("lsp", tmp_path / "nowhere")


def test_coco_has_the_skeleton_of_coco(tmp_path: Path) -> None:
    assert open_pose("coco-keypoints", official(tmp_path), "train").skeleton is COCO_17
    assert open_pose("pose-folder", coco(tmp_path / "a.json", [person_row()], PERSON)).skeleton is COCO_17
