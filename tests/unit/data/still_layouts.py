"""Tiny data sets of single pictures, and of tracklets, laid out as their authors do, from real pictures."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat

from saccade.ops.masks import encode_rle

BOX = (40, 30, 60, 50)
"""the target of every picture, (x, y, w, h)"""


def real_pictures(shared_data: Path) -> list[Path]:
    """Pictures of one size, 360 x 240."""
    return sorted((shared_data / "sot" / "OTB_Crossing" / "img").glob("*.jpg"))


def block(size_hw: tuple[int, int] = (240, 360), box: Sequence[int] = BOX) -> np.ndarray:
    """A mask of a box."""
    x, y, w, h = box
    mask = np.zeros(size_hw, bool)
    mask[y : y + h, x : x + w] = True
    return mask


def corners(box: Sequence[float] = BOX) -> list[float]:
    """A box as a polygon."""
    x, y, w, h = box
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def annotation(number: int, image: int, box: Sequence[float] = BOX, **changes: Any) -> dict[str, Any]:
    """An object of COCO's."""
    row = {"segmentation": [corners(box)], "area": box[2] * box[3], "iscrowd": 0, "image_id": image}
    return row | {"bbox": list(box), "category_id": 1, "id": number} | changes


def coco_rows() -> list[dict[str, Any]]:
    """Six objects in two pictures: two of polygons, one of runs; a crowd, and two without area."""
    return [
        annotation(11, 7),
        annotation(
            12,
            9,
            (10.5, 20.0, 30.0, 40.0),
            segmentation=[corners((10, 20, 5, 40)), corners((20, 20, 20, 40))],
        ),
        annotation(13, 9, segmentation={"size": [240, 360], "counts": encode_rle(block())["counts"]}),
        annotation(14, 9, iscrowd=1, segmentation={"size": [240, 360], "counts": [240 * 360]}),
        annotation(15, 7, (5, 5, 0, 10)),
        annotation(16, 7, (5, 5, 10, 0)),
    ]


def coco(
    root: Path,
    pictures: Sequence[Path],
    *,
    folder: str = "images/train2017",
    file: str = "instances_train2017.json",
    prefix: str = "",
    rows: Iterable[dict[str, Any]] | None = None,
) -> Path:
    """COCO or LVIS with two pictures; returns the annotation file."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "annotations").mkdir(exist_ok=True)
    images = []
    for number, picture in zip((7, 9), pictures, strict=False):
        shutil.copy(picture, root / folder / f"{number:012d}.jpg")
        images.append({"id": number, "file_name": f"{prefix}{number:012d}.jpg", "height": 240, "width": 360})
    content = {
        "info": {"description": "Grüße", "list": [1, [2]]},
        "images": images,
        "annotations": list(coco_rows() if rows is None else rows),
        "categories": [],
    }
    (root / "annotations" / file).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return root / "annotations" / file


def lvis(root: Path, pictures: Sequence[Path]) -> None:
    """LVIS, which names COCO's pictures as they were named in 2014."""
    coco(root, pictures, file="lvis_v0.5_train.json", prefix="COCO_train2014_")


def sbd(root: Path, pictures: Sequence[Path]) -> None:
    """SBD with two pictures, of two instances and of one."""
    for folder in ("img", "inst"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for stem, picture, count in zip(("2008_000002", "2008_000003"), pictures, (2, 1), strict=False):
        shutil.copy(picture, root / "img" / f"{stem}.jpg")
        labels = block().astype(np.uint8)
        labels[200:210, 200:210] = 2 if count == 2 else 0
        savemat(root / "inst" / f"{stem}.mat", {"GTinst": {"Segmentation": labels, "Categories": [1]}})
    (root / "train.txt").write_text("2008_000002\n2008_000003\n")


def mask_picture(path: Path, mask: np.ndarray | None = None, *, grey: bool = True) -> None:
    """A mask, white on black; at its border grey, as where it was scaled."""
    mask = block() if mask is None else mask
    levels = mask.astype(np.uint8) * 255
    if grey:
        levels[:5, :5] = 128
    Image.fromarray(levels).save(path)


def msra10k(root: Path, pictures: Sequence[Path]) -> None:
    """MSRA10K with two pictures."""
    (root / "Imgs").mkdir(parents=True)
    for stem, picture in zip(("1", "22"), pictures, strict=False):
        shutil.copy(picture, root / "Imgs" / f"{stem}.jpg")
        mask_picture(root / "Imgs" / f"{stem}.png")


def ecssd(root: Path, pictures: Sequence[Path]) -> None:
    """ECSSD, whole: all its pictures are one."""
    for folder in ("images", "ground_truth_mask"):
        (root / folder).mkdir(parents=True)
    mask_picture(root / "mask.png")
    for number in range(1, 1001):
        (root / "images" / f"{number:04d}.jpg").hardlink_to(copied(root, pictures[0]))
        (root / "ground_truth_mask" / f"{number:04d}.png").hardlink_to(root / "mask.png")


def copied(root: Path, picture: Path) -> Path:
    """A picture beside the data set, to be linked to."""
    copy = root / "picture.jpg"
    if not copy.exists():
        shutil.copy(picture, copy)
    return copy


def hkuis(root: Path, pictures: Sequence[Path]) -> None:
    """HKU-IS with two pictures, whose masks have one bit."""
    for folder in ("imgs", "gt"):
        (root / folder).mkdir(parents=True)
    for stem, picture in zip(("0004", "0005"), pictures, strict=False):
        Image.open(picture).save(root / "imgs" / f"{stem}.png")
        Image.fromarray(block()).save(root / "gt" / f"{stem}.png")


def vid_xml(objects: Iterable[tuple[str, Sequence[int], int]]) -> str:
    """The annotation of a frame: tracks with box and whether they are occluded."""
    rows = "".join(
        f"<object><trackid>{track}</trackid><name>n02084071</name>"
        f"<bndbox><xmax>{x + w}</xmax><xmin>{x}</xmin><ymax>{y + h}</ymax><ymin>{y}</ymin></bndbox>"
        f"<occluded>{occluded}</occluded><generated>0</generated></object>"
        for track, (x, y, w, h), occluded in objects
    )
    return f"<annotation><size><width>360</width><height>240</height></size>{rows}</annotation>"


VID = "Annotations/VID/train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000"


def imagenet_vid(root: Path, pictures: Sequence[Path]) -> None:
    """ImageNet VID with one video of six frames.

    Track 0 is in frames 0, 1, 2 and again in 4; track 1 from 2 on, occluded in 3; track 2 fills frame 5.
    """
    data = root / VID.replace("Annotations", "Data")
    for folder in (root / VID, data):
        folder.mkdir(parents=True)
    for number, picture in enumerate(pictures[:6]):
        shutil.copy(picture, data / f"{number:06d}.JPEG")
        rows = [("0", (10 + number, 20, 30, 40), 0)] if number in (0, 1, 2, 4) else []
        rows += [("1", (100, 50, 20, 10), int(number == 3))] if number >= 2 else []
        rows += [("2", (0, 0, 360, 240), 0)] if number == 5 else []
        (root / VID / f"{number:06d}.xml").write_text(vid_xml(rows))
