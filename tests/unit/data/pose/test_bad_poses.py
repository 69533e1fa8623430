"""Pose sets that are wrong: refused with the file, the entry, and what to do about it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from saccade.core import DatasetError
from saccade.data.pose import open_pose, read_image
from tests.unit.data.pose import poses
from tests.unit.data.pose.poses import HAND, PERSON, coco, entry, lsp, mpii_lists, row

NAN = float("nan")
POINTS = row()["keypoints"]


def with_coco(rows: list[Any], **changes: Any) -> Callable[[Path], Path]:
    return lambda root: coco(root / "a.json", rows, **changes)


def written(name: str, text: str) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        return root / name

    return make


def with_mpii(**changes: Any) -> Callable[[Path], Path]:
    return lambda root: mpii_lists(root, {"train": [entry(), entry(**changes)]})


def with_heads(count: int) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        mpii_lists(root, {"train": [entry(), entry()]})
        poses.heads(root / "annot" / "gt_train.mat", [(0, 0, 3, 4)] * count)
        return root

    return make


def with_original(**changes: Any) -> Callable[[Path], Path]:
    return lambda root: poses.mpii_original(root / "mpii_human_pose_v1.mat", [("a.jpg", 1, [changes])])


def with_lsp(joints: Any) -> Callable[[Path], Path]:
    return lambda root: lsp(root, np.asarray(joints), "im{:05d}.jpg", count=1)


def with_mat(**content: Any) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        savemat(root / "joints.mat", content)
        return root

    return make


def with_npz(**content: Any) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        np.savez(root / "joints.npz", **content)
        return root

    return make


BAD: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "a person of no picture": (
        "pose-folder",
        with_coco([row(), row(5, image=9)]),
        "a.json, annotation 5: is of image 9, which is not in the list; correct it, or take the annotation "
        "out",
    ),
    "a person of no category": (
        "pose-folder",
        with_coco([row(5, category_id=[3])]),
        "a.json, annotation 5: is of category [3], which is not in the list",
    ),
    "too few key points": (
        "pose-folder",
        with_coco([row(5, joints=[1, 1, 2])]),
        "annotation 5: 3 numbers for 3 key points; expected 9: x, y and visibility of each",
    ),
    "a place that is no number": (
        "pose-folder",
        with_coco([row(5, joints=[NAN, 1, 2, *POINTS[3:]])]),
        "annotation 5: 'wrist' is at (nan, 1), which is in no picture",
    ),
    "a place beyond all pictures": (
        "pose-folder",
        with_coco([row(5, joints=[*POINTS[:6], 3, -1e20, 1])]),
        "annotation 5: 'right_tip' is at (3, -1e+20), which is in no picture",
    ),
    "letters for numbers": (
        "pose-folder",
        with_coco([row(5, joints=["x", *POINTS[1:]])]),
        "annotation 5: its key points are not all numbers",
    ),
    "visibility of another kind": (
        "pose-folder",
        with_coco([row(5, joints=[*POINTS[:5], 3, *POINTS[6:]])]),
        "annotation 5: visibility 3 of 'left_tip'; expected 0 for unlabelled, 1 for hidden or 2",
    ),
    "a box of three numbers": (
        "pose-folder",
        with_coco([row(5, bbox=[1, 2, 3])]),
        "annotation 5: its bbox is [1, 2, 3], not four numbers x, y, w, h",
    ),
    "a box that is not finite": (
        "pose-folder",
        with_coco([row(5, bbox=[1, 2, 3, NAN])]),
        "annotation 5: nan is not finite",
    ),
    "an unknown limb": (
        "pose-folder",
        with_coco([row()], category={**HAND, "skeleton": [[1, 2], [2, 4]]}),
        "a.json, category 'hand': limb [2, 4] of its 'skeleton' is no pair of its 3 points, which are "
        "counted from 1; correct it",
    ),
    "limbs from 0 and to the end": (
        "pose-folder",
        with_coco([row()], category={**HAND, "skeleton": [[0, 1], [2, 3]]}),
        "have points 0 and 3, but there are 3; count them from 1",
    ),
    "a pair of an unknown point": (
        "pose-folder",
        with_coco([row()], category={**HAND, "pairs": [["left_tip", "right_thumb"]]}),
        "a.json, category 'hand': skeleton 'hand3' has no point 'right_thumb'; points: wrist, "
        "left_tip, right_tip",
    ),
    "too few sigmas": (
        "pose-folder",
        with_coco([row()], category={**HAND, "sigmas": [0.1]}),
        "1 sigmas for 3 points; give one a point",
    ),
    "no names of points": (
        "pose-folder",
        written("a.json", json.dumps({"images": [], "keypoints": ["a"]})),
        "a.json: 0 images and 0 categories in it; give a file with lists 'images', 'annotations' "
        "and 'categories'",
    ),
    "two categories with other points": (
        "pose-folder",
        with_coco([row()], categories=[HAND, {**HAND, "id": 2, "name": "paw", "skeleton": []}]),
        "a.json: categories 'hand' and 'paw' have different key points; write a file for each",
    ),
    "boxes only": (
        "coco-keypoints",
        with_coco([row()], category={"id": 1, "name": "cup"}),
        "none of its categories (cup) has a list 'keypoints' with the names of its points",
    ),
    "other points than COCO's": (
        "coco-keypoints",
        with_coco([row()]),
        "its 3 points are not COCO's 17 (wrist, left_tip, right_tip, …); open it as pose-folder, "
        "which takes any",
    ),
    "a picture twice": (
        "pose-folder",
        with_coco([row()], names=("a.jpg", "a.jpg")),
        "a.json, image 2: its id or its file_name is that of another; list it once",
    ),
    "a file that is cut off": (
        "pose-folder",
        written("a.json", json.dumps({"categories": [PERSON], "images": [{"id": 1}]})[:-1]),
        "not JSON, after 0 images and 0 annotations; the file is cut off or damaged, take it anew",
    ),
    "an empty folder": (
        "pose-folder",
        lambda root: root,
        "no file with key points in it; expected ROOT/<split>",
    ),
    "joints of another number": (
        "mpii",
        with_mpii(joints=[[1, 2]] * 14),
        "train.json, entry 2: 14x2 joints and 16 joints_vis; expected 16x2 and 16; correct it, or take "
        "the entry out",
    ),
    "joints that are no numbers": (
        "mpii",
        with_mpii(joints=[["a", 2]] * 16),
        "its joints are not all numbers",
    ),
    "a joint at no place": (
        "mpii",
        with_mpii(joints=[[NAN, 2]] * 16),
        "entry 2: 'right_ankle' is at (nan, 2), which is in no picture",
    ),
    "no scale": ("mpii", with_mpii(scale=None), "entry 2: center [21.0, 31.0] and scale None are no place"),
    "a centre that is not finite": ("mpii", with_mpii(center=[NAN, 2]), "and scale 0.1 are no place"),
    "no picture": ("mpii", with_mpii(image=""), "train.json, entry 2: has no image; correct it"),
    "a list that is cut off": (
        "mpii",
        written("annot/train.json", json.dumps([entry()])[:-5]),
        "the file is cut off or damaged, take it anew",
    ),
    "heads of other people": (
        "mpii",
        with_heads(3),
        "train.json 2 people; take both of one version",
    ),
    "a point that MPII has not": (
        "mpii",
        with_original(annopoints=poses.points((16, 1.0, 2.0, 1))),
        "picture 1: a point with id 16.0 at (1.0, 2.0); expected id 0 to 15; take the original file anew",
    ),
    "another MATLAB file": ("lsp", with_mat(other=[1]), "joints.mat: no variable 'joints' in it"),
    "joints of another shape": (
        "lsp",
        with_mat(joints=np.ones((14, 2, 5))),
        "joints.mat: joints are 14x2x5; expected 3x14xN, as of LSP, or 14x3xN, as of LSP extended",
    ),
    "no MATLAB file": ("lsp", written("joints.mat", "text"), "cannot be read as a MATLAB file"),
    "joints of LSP at no place": (
        "lsp",
        with_lsp([[[NAN if joint == axis == 0 else 1.0] for axis in range(3)] for joint in range(14)]),
        "picture 1: 'right_ankle' is at (nan, 0), which is in no picture; take the original file anew",
    ),
    "arrays of other names": (
        "lsp",
        with_npz(points=np.ones((2, 14, 3))),
        "expected arrays names and joints",
    ),
    "names and joints of other numbers": (
        "lsp",
        with_npz(names=np.array(["a.jpg"]), joints=np.ones((2, 14, 3))),
        "joints.npz: 1 names and 2x14x3 joints; expected N and Nx14x3",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_refused_with_its_place_and_remedy(case: str, tmp_path: Path) -> None:
    form, make, message = BAD[case]
    root = make(tmp_path)
    with pytest.raises(DatasetError, match=re.escape(message)):
        open_pose(form, root, "train" if form == "mpii" else None)


def test_the_first_of_many_faults_is_told_and_how_to_see_all(tmp_path: Path) -> None:
    rows = [row(number, joints=[1]) for number in range(1, 5)]
    file = coco(tmp_path / "a.json", rows)
    said = f"(3 more such faults); saccade data check {file} --dataset pose-folder shows all"
    with pytest.raises(DatasetError, match=re.escape(said)):
        open_pose("pose-folder", file)


def test_missing_pictures(tmp_path: Path) -> None:
    file = coco(tmp_path / "a.json", [row()])
    (tmp_path / "images" / "a.jpg").unlink()
    with pytest.raises(DatasetError, match=r"a\.json: its picture .*images/a\.jpg is missing; put it there"):
        open_pose("pose-folder", file)


def test_pictures_that_end_early_or_are_of_another_size(tmp_path: Path) -> None:
    file = coco(tmp_path / "a.json", [row()], names=("a.jpg", "b.jpg"))
    whole = (tmp_path / "images" / "a.jpg").read_bytes()
    (tmp_path / "images" / "a.jpg").write_bytes(whole[: len(whole) // 2])
    content = json.loads(file.read_text())
    content["images"][1]["width"] = 65
    file.write_text(json.dumps(content))
    cut, other = open_pose("pose-folder", file).images
    with pytest.raises(
        DatasetError, match=r"a\.jpg: cannot be read .*saccade data check ROOT shows all such"
    ):
        read_image(cut)
    with pytest.raises(DatasetError, match=r"b\.jpg is 64x48 pixels large, but .*a\.json says 65x48"):
        read_image(other)


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    for name in ("train", "val"):
        coco(tmp_path / f"{name}.json", [row()])
    with pytest.raises(DatasetError, match="has the splits train, val; name one by --split"):
        open_pose("pose-folder", tmp_path)
    with pytest.raises(DatasetError, match="has no split 'trian'; did you mean 'train'"):
        open_pose("pose-folder", tmp_path, "trian")
