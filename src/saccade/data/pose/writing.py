"""Writing pose sets: in COCO's form, so that reading gives the same again, or in YOLO's."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from saccade.core import COCO_17, DatasetError
from saccade.data.detection.pictures import seen_size
from saccade.data.detection.writing import Naming, write_text
from saccade.data.pose.described import describe
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson, PoseDataset, PosedImage
from saccade.data.pose.writing_yolo import write_yolo

WRITTEN = ("pose-folder", "coco-keypoints", "yolo-pose")
"""forms that can be written"""

Place = Callable[[PosedImage, Path], None]
"""puts a picture to its place in a new data set"""


def write_pose(form: str, splits: Sequence[PoseDataset], out: Path, place: Place) -> list[str]:
    """Writes the annotations, and the pictures.

    Args:
        form: "pose-folder", which loses nothing, "coco-keypoints" for COCO's 17 points, or "yolo-pose".
        splits: of one skeleton.

    Returns:
        what the form has no place for, a sentence each.

    Raises:
        DatasetError: when the form cannot be written, or has no place for the points.
        OutputError: when a file cannot be written.
    """
    if form not in WRITTEN:
        raise DatasetError(
            f"{form} is not written; write pose-folder, which loses nothing, coco-keypoints or yolo-pose"
        )
    if form == "yolo-pose":
        return write_yolo(splits, out, place)
    is_coco = form == "coco-keypoints"
    for split in splits:
        if is_coco and split.skeleton.points != COCO_17.points:
            raise DatasetError(
                f"{split.root} has the skeleton {split.skeleton.name}, and coco-keypoints COCO's 17 points "
                f"alone; convert it by --skeleton coco17, or write pose-folder"
            )
    naming = Naming.of(splits)
    for split in splits:
        name = split.split or "default"
        folder = out / "images" / ("" if naming.is_shared else name)
        for image in split.images:
            place(image, folder / naming.file_name(image))
        text = json.dumps(to_coco(split, naming.file_name), ensure_ascii=False)
        file = out / "annotations" / f"person_keypoints_{name}.json" if is_coco else out / f"{name}.json"
        write_text(file, text + "\n")
    return []


def to_coco(dataset: PoseDataset, file_name: Callable[[PosedImage], str] | None = None) -> dict[str, Any]:
    """A data set as COCO's file of key points; what COCO has no word for stands in words of our own.

    Args:
        file_name: what it calls a picture; the name of its file when not given.

    Raises:
        DatasetError: when a picture whose size no annotation says cannot be read.
    """
    people = [person for image in dataset.images for person in image.people]
    # what comes from several files may be numbered in each from the beginning
    keeps_ids = len({person.id for person in people}) == len(people)
    keeps_image_ids = len({image.id for image in dataset.images}) == len(dataset.images)
    images: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for place, image in enumerate(dataset.images, start=1):
        width, height = image.size_wh or seen_size(image.file, None)
        image_id = image.id if keeps_image_ids else place
        name = image.file.name if file_name is None else file_name(image)
        images.append({"id": image_id, "file_name": name, "width": width, "height": height})
        for person in image.people:
            number = person.id if keeps_ids else len(rows) + 1
            rows.append({"id": number, "image_id": image_id, "category_id": 1, **_row(person)})
    category = {"id": 1, "name": "person", **describe(dataset.skeleton)}
    return {"images": images, "annotations": rows, "categories": [category]}


def _row(person: AnnotatedPerson) -> dict[str, Any]:
    is_known = person.visible > UNLABELLED
    points = np.where(is_known[:, None], person.keypoints, 0)
    joints = [
        value
        for point, seen in zip(points, person.visible, strict=True)
        for value in (*_plain(point), int(seen))
    ]
    row: dict[str, Any] = {
        "keypoints": joints,
        "num_keypoints": person.num_labelled,
        "bbox": _sized(person.box),
        "area": person.area,
        "iscrowd": int(person.is_crowd),
        "head_size": person.head_size,
        "center": None if person.center is None else list(person.center),
        "scale": person.scale,
    }
    if isinstance(person.outline, Mapping):
        row["segmentation"] = dict(person.outline)
    elif person.outline is not None:
        row["segmentation"] = [_plain(polygon.ravel()) for polygon in person.outline]
    return {key: value for key, value in row.items() if value is not None}


def _sized(box: Float32[np.ndarray, "4"]) -> list[float]:
    """(x, y, w, h) of edges, whose sums are the same edges when they are read."""
    x1, y1, x2, y2 = box.astype(np.float64).tolist()
    return [x1, y1, x2 - x1, y2 - y1]


def _plain(values: Float32[np.ndarray, " N"]) -> list[int | float]:
    """Numbers in as few digits as tell them apart in float32, without a point where they are whole."""
    shortest = [float(str(value)) for value in values]
    return [int(value) if value.is_integer() else value for value in shortest]
