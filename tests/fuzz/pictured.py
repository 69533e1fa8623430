"""Annotated pictures: boxes of every form of detection sets, key points of every form of pose sets."""

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.io import savemat

from saccade.core import COCO_17
from saccade.data.detection import open_detection
from saccade.data.pose.opening import open_pose
from tests.fuzz.target import Target
from tests.fuzz.writing import SIZE_WH, box, lines, picture

_PICTURE = picture("JPEG")
_NAMES = ("cat", "dog")


def _detection(form: str, depth: int = 0) -> Any:
    """Reads the set of that form in which a file lies so deep."""

    def read(path: Path) -> Any:
        data = open_detection(form, path.parents[depth])
        return data.classes, [
            (image.name, image.size_wh, image.boxes, image.labels, image.is_crowd, image.is_difficult)
            for image in data.images
        ]

    return read


def _rows(rng: Random) -> list[tuple[str, tuple[int, int, int, int]]]:
    """What somebody has drawn in a picture: names and corners, none twice."""
    return [(rng.choice(_NAMES), corners) for corners in {box(rng) for _ in range(rng.randrange(1, 5))}]


def _labels(rows: list[tuple[str, Any]]) -> np.ndarray:
    return np.array([_NAMES.index(name) for name, _ in rows])


def _make_voc(rng: Random) -> tuple[bytes, Any]:
    rows = _rows(rng)
    objects = "".join(
        f"<object><name>{name}</name><difficult>{place % 2}</difficult><bndbox><xmin>{x1 + 1}</xmin>"
        f"<ymin>{y1 + 1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for place, (name, (x1, y1, x2, y2)) in enumerate(rows)
    )
    size = f"<size><width>{SIZE_WH[0]}</width><height>{SIZE_WH[1]}</height><depth>3</depth></size>"
    text = f"<annotation><filename>a.jpg</filename>{size}{objects}</annotation>"
    hard = np.arange(len(rows)) % 2 == 1
    found = ("a", SIZE_WH, np.array([b for _, b in rows]), _labels(rows), np.zeros(len(rows), bool), hard)
    return text.encode(), (_NAMES, [found])


def _coco_content(rows: list[dict[str, Any]], **category: Any) -> dict[str, Any]:
    image = {"id": 7, "file_name": "a.jpg", "width": SIZE_WH[0], "height": SIZE_WH[1]}
    categories = [{"id": place, "name": name} for place, name in enumerate(_NAMES, 1)]
    if category:
        categories = [{"id": 1, "name": "person", **category}]
    return {"images": [image], "annotations": rows, "categories": categories}


def _make_coco(rng: Random) -> tuple[bytes, Any]:
    rows = _rows(rng)
    annotations = [
        {
            "id": place,
            "image_id": 7,
            "category_id": 1 + _NAMES.index(name),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "iscrowd": place % 2,
        }
        for place, (name, (x1, y1, x2, y2)) in enumerate(rows)
    ]
    crowd, none = np.arange(len(rows)) % 2 == 1, np.zeros(len(rows), bool)
    found = ("a", SIZE_WH, np.array([corners for _, corners in rows]), _labels(rows), crowd, none)
    return json.dumps(_coco_content(annotations)).encode(), (_NAMES, [found])


def _make_yolo(rng: Random) -> tuple[bytes, Any]:
    rows = _rows(rng)
    texts = []
    for name, (x1, y1, x2, y2) in rows:
        middle = ((x1 + x2) / 2 / SIZE_WH[0], (y1 + y2) / 2 / SIZE_WH[1])
        size = ((x2 - x1) / SIZE_WH[0], (y2 - y1) / SIZE_WH[1])
        texts.append(" ".join([str(_NAMES.index(name)), *(f"{value:.9f}" for value in (*middle, *size))]))
    none = np.zeros(len(rows), bool)
    found = ("a", SIZE_WH, np.array([corners for _, corners in rows]), _labels(rows), none, none)
    return lines(rng, texts), (_NAMES, [found])


def _make_open_images(rng: Random) -> tuple[bytes, Any]:
    rows = _rows(rng)
    texts = ["ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf"]
    for place, (name, (x1, y1, x2, y2)) in enumerate(rows):
        shares = (x1 / SIZE_WH[0], x2 / SIZE_WH[0], y1 / SIZE_WH[1], y2 / SIZE_WH[1])
        code = f"/m/{_NAMES.index(name)}"
        texts.append(",".join(["a", code, *(f"{share:.9f}" for share in shares), str(place % 2)]))
    crowd, none = np.arange(len(rows)) % 2 == 1, np.zeros(len(rows), bool)
    found = ("a", SIZE_WH, np.array([corners for _, corners in rows]), _labels(rows), crowd, none)
    return lines(rng, texts), (_NAMES, [found])


def _pose(form: str, depth: int = 0, split: str | None = None) -> Any:
    """Reads the set of that form in which a file lies so deep."""

    def read(path: Path) -> Any:
        data = open_pose(form, path.parents[depth], split)
        for image in data.images:
            for person in image.people:
                assert len(person.keypoints) == len(person.visible) == len(data.skeleton)
                assert person.area >= 0 and (person.box[2:] > person.box[:2]).all()
                assert set(person.visible.tolist()) <= {0, 1, 2}
        return [
            (image.name, [_person(person.keypoints, person.visible) for person in image.people])
            for image in data.images
        ]

    return read


def _person(keypoints: np.ndarray, visible: np.ndarray) -> Any:
    """What is known of a person's key points; places of those that are not labelled mean nothing."""
    return np.where(visible[:, None] > 0, keypoints, 0), visible


def _joints(rng: Random, count: int) -> np.ndarray:
    """Key points (x, y, visibility), of which at least one is labelled."""
    rows = [
        (rng.randrange(SIZE_WH[0]), rng.randrange(SIZE_WH[1]), 2 if place == 0 else rng.randrange(3))
        for place in range(count)
    ]
    return np.array(rows)


def _make_poses(rng: Random) -> tuple[bytes, Any]:
    people = [_joints(rng, 17) for _ in range(rng.randrange(1, 4))]
    rows = [
        {
            "id": place,
            "image_id": 7,
            "category_id": 1,
            "keypoints": joints.ravel().tolist(),
            "bbox": [1, 1, 40, 40],
            "area": 800,
        }
        for place, joints in enumerate(people)
    ]
    content = _coco_content(rows, keypoints=list(COCO_17.points))
    found = [_person(joints[:, :2], joints[:, 2]) for joints in people]
    return json.dumps(content).encode(), [("a", found)]


def _make_mpii(rng: Random) -> tuple[bytes, Any]:
    entries, people = [], []
    for _ in range(rng.randrange(1, 4)):
        joints = _joints(rng, 16)
        is_marked = joints[:, 2] > 1
        places = np.where(is_marked[:, None], joints[:, :2] + 1, -1)
        entry = {"image": "a.jpg", "center": [30.0, 20.0], "scale": 0.2, "joints": places.tolist()}
        entries.append(entry | {"joints_vis": is_marked.astype(int).tolist()})
        people.append(_person(joints[:, :2], np.where(is_marked, 2, 0)))
    return json.dumps(entries).encode(), [("a", people)]


def _make_yolo_points(rng: Random) -> tuple[bytes, Any]:
    people = [_joints(rng, 3) for _ in range(rng.randrange(1, 4))]
    texts = []
    for joints in people:
        shares = [(x / SIZE_WH[0], y / SIZE_WH[1], seen) for x, y, seen in joints.tolist()]
        points = [word for x, y, seen in shares for word in (f"{x:.9f}", f"{y:.9f}", str(seen))]
        texts.append(" ".join(["0 0.5 0.5 0.5 0.5", *points]))
    found = [_person(joints[:, :2], joints[:, 2]) for joints in people]
    return lines(rng, texts), [("a", found)]


def _matlab(**variables: Any) -> bytes:
    out = io.BytesIO()
    savemat(out, variables)
    return out.getvalue()


def _make_lsp(rng: Random) -> tuple[bytes, Any]:
    joints = _joints(rng, 14)
    raw = np.stack([joints[:, 0] + 1, joints[:, 1] + 1, joints[:, 2] > 0], axis=1).astype(float)
    found = _person(joints[:, :2], np.where(joints[:, 2] > 0, 2, 0))
    return _matlab(joints=raw[..., None]), [("im00001", [found])]


def _npz(joints: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, names=np.array(["im00001.jpg"]), joints=joints)
    return out.getvalue()


def _make_npz(rng: Random) -> tuple[bytes, Any]:
    joints = _joints(rng, 14)
    raw = np.stack([joints[:, 0] + 1, joints[:, 1] + 1, joints[:, 2] > 0], axis=1).astype(float)
    found = _person(joints[:, :2], np.where(joints[:, 2] > 0, 2, 0))
    return _npz(raw[None]), [("im00001", [found])]


def _release() -> bytes:
    """MPII's own file, with one person in one picture."""
    point = np.array([(6.0, 30.0, 20.0, 1.0), (7.0, 31.0, 10.0, 0.0)], "f8,f8,f8,f8")
    point.dtype.names = ("id", "x", "y", "is_visible")
    person = {"x1": 1.0, "y1": 2.0, "x2": 9.0, "y2": 9.0, "annopoints": {"point": point}, "scale": 0.2}
    listed = {"image": {"name": "a.jpg"}, "annorect": person | {"objpos": {"x": 30.0, "y": 20.0}}}
    return _matlab(RELEASE={"annolist": listed, "img_train": np.array([[1]])})


_RAW = np.full((14, 3), 5.0)
_OWN = {
    "keypoints": ["left_ear", "right_ear", "tail"],
    "skeleton": [[1, 3], [2, 3]],
    "pairs": [["left_ear", "right_ear"]],
    "sigmas": [0.1, 0.1, 0.2],
    "limbs": [["left_ear", "tail"]],
    "head": ["left_ear", "tail"],
    "skeleton_name": "animal",
}
_OWN_ROW = {"id": 1, "image_id": 7, "category_id": 1, "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0]}
_EXTRA = {"bbox": [1, 1, 9, 9], "area": 40, "center": [4.0, 5.0], "scale": 0.1, "bbox_head": [1, 1, 3, 3]}
_OUTLINED = {"id": 2, "image_id": 7, "category_id": 1, "iscrowd": 1, "bbox": [1, 1, 9, 9]}
_YAML = b"path: .\nnames: [cat, dog]\nnc: 2\ntrain: images\n"

DETECTION = (
    Target(
        name="VOC XML",
        read=_detection("voc", 1),
        file="Annotations/a.xml",
        around={"JPEGImages/a.jpg": _PICTURE, "labels.txt": b"cat\ndog\n"},
        samples=(_make_voc(Random(1))[0], _make_voc(Random(2))[0]),
        make=_make_voc,
    ),
    Target(
        name="VOC list of a split",
        read=lambda path: [image.name for image in open_detection("voc", path.parents[2], "train").images],
        file="ImageSets/Main/train.txt",
        around={
            **{f"JPEGImages/{name}.jpg": _PICTURE for name in ("a", "b", "c d")},
            **{f"Annotations/{name}.xml": _make_voc(Random(1))[0] for name in ("a", "b", "c d")},
        },
        samples=(b"a\nb\n", b"a 1\nc d -1\n"),
    ),
    Target(
        name="COCO boxes",
        read=_detection("coco", 1),
        file="annotations/instances_train.json",
        around={"images/a.jpg": _PICTURE},
        samples=(_make_coco(Random(1))[0],),
        make=_make_coco,
        form="json",
    ),
    Target(
        name="YOLO labels",
        read=_detection("yolo", 1),
        file="labels/a.txt",
        around={"images/a.jpg": _PICTURE, "classes.txt": b"cat\ndog\n"},
        samples=(_make_yolo(Random(1))[0], b"1 0.1 0.1 0.4 0.1 0.4 0.4 0.1 0.4\n"),
        make=_make_yolo,
    ),
    Target(
        name="YOLO data.yaml",
        read=_detection("yolo"),
        file="data.yaml",
        around={"images/a.jpg": _PICTURE, "labels/a.txt": b"1 0.5 0.5 0.5 0.5\n"},
        samples=(_YAML, b"names:\n  0: cat\n  1: dog\nval: images\n"),
    ),
    Target(
        name="YOLO list of pictures",
        read=_detection("yolo"),
        file="list.txt",
        around={
            **{f"images/{name}.jpg": _PICTURE for name in "ab"},
            "labels/a.txt": b"1 0.5 0.5 0.5 0.5\n",
            "data.yaml": b"names: [cat, dog]\ntrain: list.txt\n",
        },
        samples=(b"images/a.jpg\nimages/b.jpg\n", b"./images/a.jpg\n"),
    ),
    Target(
        name="Open Images tables",
        read=_detection("open_images"),
        file="train-annotations-bbox.csv",
        around={"images/a.jpg": _PICTURE, "class-descriptions-boxable.csv": b"/m/0,cat\n/m/1,dog\n"},
        samples=(_make_open_images(Random(1))[0],),
        make=_make_open_images,
    ),
    Target(
        name="tables of TensorFlow's tutorials",
        read=_detection("open_images"),
        file="train_labels.csv",
        around={"images/a.jpg": _PICTURE},
        samples=(b"filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,64,48,cat,1,1,30,40\n",),
    ),
    Target(
        name="MOT tracks as boxes",
        read=_detection("mot", 2),
        file="video/gt/gt.txt",
        around={f"video/img1/{place:06d}.jpg": _PICTURE for place in (1, 2)},
        samples=(b"1,1,10,20,30,20,1,1,0.5\n2,1,11,21,30,20,1,1,1\n2,2,1,1,9,9,1,8,1\n",),
    ),
)
_POINTS_YAML = b"train: images\nnames: [cat]\nkpt_shape: [3, 3]\n"
_LINE_OF_POINTS = b"0 .5 .5 .5 .5 .1 .2 2 .3 .4 1 0 0 0\n"
POSE = (
    Target(
        name="COCO key points",
        read=_pose("coco-keypoints", 1),
        file="annotations/person_keypoints_val.json",
        around={"images/a.jpg": _PICTURE},
        samples=(_make_poses(Random(1))[0],),
        make=_make_poses,
        form="json",
    ),
    Target(
        name="key points of anything",
        read=_pose("pose-folder"),
        file="all.json",
        around={"images/a.jpg": _PICTURE},
        samples=(json.dumps(_coco_content([_OWN_ROW | _EXTRA, _OUTLINED], **_OWN)).encode(),),
        form="json",
    ),
    Target(
        name="YOLO key points",
        read=_pose("yolo-pose", 1),
        file="labels/a.txt",
        around={"images/a.jpg": _PICTURE, "data.yaml": _POINTS_YAML},
        samples=(_make_yolo_points(Random(1))[0],),
        make=_make_yolo_points,
    ),
    Target(
        name="YOLO data.yaml of key points",
        read=_pose("yolo-pose"),
        file="data.yaml",
        around={"images/a.jpg": _PICTURE, "labels/a.txt": _LINE_OF_POINTS},
        samples=(
            _POINTS_YAML,
            _POINTS_YAML + b"flip_idx: [1, 0, 2]\nkpt_names: {0: [a, b, c]}\nskeleton: [[1, 2]]\n",
        ),
    ),
    Target(
        name="MPII lists",
        read=_pose("mpii", 1),
        file="annot/valid.json",
        around={"images/a.jpg": _PICTURE},
        samples=(_make_mpii(Random(1))[0],),
        make=_make_mpii,
        form="json",
    ),
    Target(
        name="MPII's own file",
        read=_pose("mpii", 0, "train"),
        file="mpii_human_pose_v1_u12_1.mat",
        around={"images/a.jpg": _PICTURE},
        samples=(_release(),),
        form="binary",
    ),
    Target(
        name="LSP joints.mat",
        read=_pose("lsp"),
        file="joints.mat",
        around={"images/im00001.jpg": _PICTURE},
        samples=(_matlab(joints=_RAW[..., None]),),
        make=_make_lsp,
        form="binary",
    ),
    Target(
        name="LSP joints.npz",
        read=_pose("lsp"),
        file="joints.npz",
        around={"images/im00001.jpg": _PICTURE},
        samples=(_npz(_RAW[None]),),
        make=_make_npz,
        form="zip",
    ),
)
TARGETS = (*DETECTION, *POSE)
