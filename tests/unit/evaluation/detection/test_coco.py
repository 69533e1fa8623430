"""COCO's scores are those of pycocotools, number by number."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from saccade.core import Instances
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.detection import DetectionScores, judge
from saccade.evaluation.detection.coco_results import read_coco_results

TOLERANCE = 1e-9
"""both engines read the same numbers, so only the order of a sum may differ"""


def by_pycocotools(truth: dict[str, Any], rows: list[dict[str, Any]]) -> np.ndarray:
    """AP, AP50, AP75, AP of small, medium, large; AR of 1, 10, 100 detections, of small, medium, large."""
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        # its loader cannot take an empty list
        run = COCOeval(known, known.loadRes(rows) if rows else COCO(), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.array(run.stats)


def by_us(scores: DetectionScores) -> np.ndarray:
    coco, sizes = scores.coco, ("small", "medium", "large")
    values = [scores.map, scores.map50, scores.map75]
    values += [coco.average_precision(size=size) for size in sizes]
    values += [coco.average_recall(count) for count in (1, 10, 100)]
    values += [coco.average_recall(size=size) for size in sizes]
    return np.nan_to_num(np.array(values), nan=-1.0)


def dataset_of(truth: dict[str, Any]) -> DetectionDataset:
    numbers = [category["id"] for category in truth["categories"]]
    images = []
    for picture in truth["images"]:
        rows = [row for row in truth["annotations"] if row["image_id"] == picture["id"]]
        boxes = np.array([row["bbox"] for row in rows], np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        images.append(
            AnnotatedImage(
                name=str(picture["id"]),
                file=Path(str(picture.get("file_name", picture["id"]))),
                annotation=None,
                size_wh=None,
                boxes=boxes.astype(np.float32),
                labels=np.array([numbers.index(row["category_id"]) for row in rows], np.int64),
                is_crowd=np.array([row["iscrowd"] for row in rows], bool),
                is_difficult=np.zeros(len(rows), bool),
                id=picture["id"],
                areas=np.array([row["area"] for row in rows], np.float64),
            )
        )
    return DetectionDataset(
        name="coco",
        root=Path(),
        split=None,
        classes=tuple(category["name"] for category in truth["categories"]),
        images=tuple(images),
        category_ids=tuple(numbers),
    )


def compare(truth: dict[str, Any], file: Path) -> DetectionScores:
    content = json.loads(file.read_text())
    rows = content["annotations"] if isinstance(content, dict) else content
    dataset = dataset_of(truth)
    scores = judge(dataset, read_coco_results(file, dataset))
    np.testing.assert_allclose(by_us(scores), by_pycocotools(truth, rows), rtol=0, atol=TOLERANCE)
    return scores


@pytest.mark.parametrize("form", ["cocoapi_results.json", "dets/sampled_bbox_results.json"])
def test_the_published_sample_of_coco(shared_data: Path, form: str) -> None:
    place = shared_data / "det" / "review_object_detection_metrics" / "tests" / "test_coco_eval"
    truth = json.loads((place / "gts" / "sampled_gts_bbox_area.json").read_text())
    scores = compare(truth, place / form)
    # as pycocotools prints them
    assert (round(scores.map, 3), round(scores.map50, 3), round(scores.map75, 3)) == (0.504, 0.697, 0.572)


def test_the_toy_example(shared_data: Path) -> None:
    place = shared_data / "det" / "review_object_detection_metrics" / "toyexample"
    truth = json.loads((place / "gts_coco_format" / "toy_example_coco.JSON").read_text())
    for number, row in enumerate(truth["annotations"], start=1):
        row["id"], row["area"] = number, row["bbox"][2] * row["bbox"][3]
        row.setdefault("iscrowd", 0)
    assert 0.0 < compare(truth, place / "dets_coco_format" / "coco_dets.json").map < 1.0


def test_a_case_with_many_detections_of_few_truths(shared_data: Path, tmp_path: Path) -> None:
    place = shared_data / "det" / "review_object_detection_metrics" / "tests" / "test_case_1"
    truth: dict[str, Any] = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "object"}]}
    rows: list[dict[str, Any]] = []
    for number, file in enumerate(sorted((place / "gts").glob("*.txt")), start=1):
        truth["images"].append({"id": number})
        for line in file.read_text().splitlines():
            box = [float(value) for value in line.split()[1:]]
            row = {"image_id": number, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, **row})
        for line in (place / "dets" / file.name).read_text().splitlines():
            score, *box = (float(value) for value in line.split()[1:])
            rows.append({"image_id": number, "category_id": 1, "bbox": box, "score": score})
    results = tmp_path / "results.json"
    results.write_text(json.dumps(rows))
    assert compare(truth, results).map50 > 0


SIDE = st.sampled_from([4.0, 16.0, 31.0, 32.0, 33.0, 64.0, 96.0, 97.0, 150.0])
PLACE = st.sampled_from([0.0, 2.0, 8.0, 20.0, 40.0])
BOX = st.tuples(PLACE, PLACE, SIDE, SIDE)
TRUTH = st.tuples(st.integers(0, 2), st.integers(0, 2), BOX, st.booleans())
DETECTION = st.tuples(st.integers(0, 2), st.integers(0, 2), BOX, st.integers(1, 9))


@settings(max_examples=60)
@given(st.lists(TRUTH, max_size=14), st.lists(DETECTION, max_size=24))
def test_random_boxes_with_crowds_equal_scores_and_empty_pictures(
    truths: list[Any], detections: list[Any]
) -> None:
    truth = {
        "images": [{"id": number} for number in (5, 6, 7)],
        "categories": [{"id": number, "name": f"class {number}"} for number in (3, 9, 40)],
        "annotations": [
            {
                "id": number,
                "image_id": 5 + image,
                "category_id": (3, 9, 40)[label],
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": int(is_crowd),
            }
            for number, (image, label, box, is_crowd) in enumerate(truths, start=1)
        ],
    }
    rows = [
        {"image_id": 5 + image, "category_id": (3, 9, 40)[label], "bbox": list(box), "score": score / 10}
        for image, label, box, score in detections
    ]
    found = [
        Instances(
            boxes=np.array([xyxy(box) for i, _, box, _ in detections if i == image]).reshape(-1, 4),
            scores=np.array([score / 10 for i, _, _, score in detections if i == image]),
            labels=np.array([label for i, label, _, _ in detections if i == image], np.int64),
        )
        for image in range(3)
    ]
    scores = judge(dataset_of(truth), found)
    expected = by_pycocotools(truth, rows) if rows else without_detections(truth)
    np.testing.assert_allclose(by_us(scores), expected, rtol=0, atol=TOLERANCE)


def xyxy(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, w, h = box
    return x, y, x + w, y + h


def without_detections(truth: dict[str, Any]) -> np.ndarray:
    """What pycocotools would say: 0 where there is something to be found, and -1 elsewhere."""
    areas = [row["area"] for row in truth["annotations"] if not row["iscrowd"]]
    sizes = [(0, 32**2), (32**2, 96**2), (96**2, 1e10)]
    there = [any(low <= area <= high for area in areas) for low, high in sizes]
    flags = [bool(areas)] * 3 + there + [bool(areas)] * 3 + there
    return np.array([0.0 if flag else -1.0 for flag in flags])
