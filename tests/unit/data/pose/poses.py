"""Tiny pose sets, good and bad, in every form."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from saccade.core import COCO_17
from tests.unit.data.detection.sets import SIZE_WH, picture

HAND = {
    "id": 1,
    "name": "hand",
    "keypoints": ["wrist", "left_tip", "right_tip"],
    "skeleton": [[1, 2], [1, 3]],
}
PERSON = {
    "id": 1,
    "name": "person",
    "keypoints": list(COCO_17.points),
    "skeleton": [[a + 1, b + 1] for a, b in COCO_17.edge_indices],
}


def row(number: int = 1, image: int = 1, joints: Sequence[Any] = (), **changes: Any) -> dict[str, Any]:
    """An annotation of COCO's form with as many points as are given."""
    points = list(joints) or [10, 10, 2, 5, 20, 2, 20, 20, 1]
    plain = {"bbox": [4, 8, 20, 16], "area": 200.0, "iscrowd": 0, "num_keypoints": len(points) // 3}
    return {"id": number, "image_id": image, "category_id": 1, "keypoints": points, **plain, **changes}


def person_row(number: int = 1, image: int = 1, **changes: Any) -> dict[str, Any]:
    """An annotation of COCO's own 17 points."""
    joints = [value for place in range(17) for value in (10 + 2 * place, 5 + place, 2)]
    return row(number, image, **{"joints": joints, **changes})


def coco(
    file: Path,
    rows: Sequence[Mapping[str, Any]],
    category: Mapping[str, Any] = HAND,
    names: Sequence[str] = ("a.jpg",),
    pictures: Path | None = None,
    **changes: Any,
) -> Path:
    """A file of COCO's form, with its pictures."""
    for name in names:
        picture((pictures or file.parent / "images") / name, name)
    size = dict(zip(("width", "height"), SIZE_WH, strict=True))
    images = [{"id": place, "file_name": name, **size} for place, name in enumerate(names, start=1)]
    content = {"images": images, "annotations": list(rows), "categories": [category], **changes}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def entry(image: str = "a.jpg", **changes: Any) -> dict[str, Any]:
    """A person of MPII's lists: joint k, from 0, is at (10 + k, 20 + k), counted from 1."""
    joints = [[10.0 + place, 20.0 + place] for place in range(16)]
    plain = {"joints": joints, "joints_vis": [1] * 16, "center": [21.0, 31.0], "scale": 0.1}
    return {"image": image, **plain, **changes}


def mpii_lists(root: Path, lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """MPII as SimpleBaseline lays it out."""
    (root / "annot").mkdir(parents=True, exist_ok=True)
    for split, entries in lists.items():
        (root / "annot" / f"{split}.json").write_text(json.dumps(list(entries)))
        for each in entries:
            picture(root / "images" / str(each.get("image") or "x.jpg"), str(each.get("image")))
    return root


def heads(file: Path, boxes: Sequence[Sequence[float]]) -> Path:
    """Head boxes (x1, y1, x2, y2) as they stand beside a list."""
    corners = np.array(boxes, float).reshape(-1, 2, 2).transpose(1, 2, 0)
    savemat(file, {"headboxes_src": corners})
    return file


def record(**fields: Any) -> np.ndarray:
    """A MATLAB struct."""
    return records([fields])


def records(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """A MATLAB array of structs; what a row has not is empty there."""
    names = list(dict.fromkeys(name for each in rows for name in each))
    array = np.empty((1, len(rows)), [(name, object) for name in names])
    for place, each in enumerate(rows):
        for name in names:
            array[0, place][name] = each.get(name, np.zeros((0, 0)))
    return array


def mpii_original(file: Path, pictures: Sequence[tuple[str, int, Sequence[Mapping[str, Any]]]]) -> Path:
    """MPII's own file, of the names of pictures, whether they are to train on, and their people."""
    listed = [
        {"image": record(name=name), "annorect": records(people) if people else np.zeros((0, 0))}
        for name, _, people in pictures
    ]
    trains = np.array([[is_train for _, is_train, _ in pictures]], np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    savemat(file, {"RELEASE": record(annolist=records(listed), img_train=trains)})
    for name, _, _ in pictures:
        picture(file.parent / "images" / name, name)
    return file


def points(*rows: tuple[int, float, float, Any]) -> np.ndarray:
    """MPII's annopoints, of id, x, y and is_visible."""
    each = [{"x": x, "y": y, "id": number, "is_visible": seen} for number, x, y, seen in rows]
    return record(point=records(each))


def lsp(root: Path, joints: np.ndarray, names: str = "im{:04d}.jpg", count: int | None = None) -> Path:
    """LSP's file of joints, as it is given, with pictures."""
    for place in range(1, (joints.shape[-1] if count is None else count) + 1):
        picture(root / "images" / names.format(place), place)
    savemat(root / "joints.mat", {"joints": joints})
    return root
