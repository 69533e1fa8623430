"""Detections in and out of COCO results files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.evaluation.detection.coco_results import read_coco_results, to_coco_results
from tests.unit.evaluation.detection.pictures import dataset, found, image

ROW = {"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 0.5}


def test_there_and_back(tmp_path: Path) -> None:
    images = (image(number=40), image(number=30), image(number=20))
    data = dataset([], name="coco", images=images, category_ids=(3, 90))
    answers = [found((1, (1, 2, 4, 6), 0.5), (0, (0, 0, 9, 9), 0.25)), found(), found((0, (0, 0, 9, 9), 0.5))]
    rows = to_coco_results(data, answers)
    assert [(row["image_id"], row["category_id"], row["bbox"]) for row in rows] == [
        (40, 90, [1, 2, 3, 4]),
        (40, 3, [0, 0, 9, 9]),
        (20, 3, [0, 0, 9, 9]),
    ]
    file = tmp_path / "detections.json"
    file.write_text(json.dumps(rows))
    back = read_coco_results(file, data)
    for one, other in zip(answers, back, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert len(one) == 0 or one.labels.tolist() == other.labels.tolist()
    assert [each.frame for each in back] == [0, 1, 2]


@pytest.mark.parametrize("name", [1, "picture-0", "picture-0.png"])
def test_pictures_by_number_from_1_or_by_name(tmp_path: Path, name: Any) -> None:
    file = tmp_path / "detections.json"
    file.write_text(json.dumps({"annotations": [ROW | {"image_id": name}]}))
    one, other = read_coco_results(file, dataset([[], []]))
    assert (len(one), len(other)) == (1, 0)
    assert one.labels is not None and one.labels.tolist() == [1]
    assert one.boxes.tolist() == [[1, 2, 4, 6]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read as COCO results"),
        ("{}", "no list of detections"),
        ('["car"]', "detection 1: has no image_id"),
        ([ROW, {"image_id": 1}], "detection 2: has no category_id"),
        ([ROW | {"image_id": 9}], "detection 1: image_id 9 is none of the data set's pictures"),
        ([ROW | {"image_id": [1]}], r"image_id \[1\] is none"),
        ([ROW | {"category_id": 0}], "category_id 0 is none of the data set's; there are: 1, 2"),
        ([ROW | {"bbox": [1, 2, 3]}], r"bbox \[1, 2, 3\] with score 0.5; expected x, y, w, h"),
        ([ROW | {"bbox": [1, 2, -3, 4]}], "not finite, or of negative size"),
        ([ROW | {"score": "high"}], "with score 'high'"),
        ([ROW | {"score": float("nan")}], "not finite"),
    ],
)
def test_what_is_no_results_file_is_refused_with_the_row(tmp_path: Path, content: Any, message: str) -> None:
    file = tmp_path / "detections.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DatasetError, match=message) as caught:
        read_coco_results(file, dataset([[]]))
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(("count", "shown"), [(8, "1, 2, 3, 4, 5, 6, 7, 8"), (9, "1, 2, 3, 4, 5, 6, 7, 8 …")])
def test_of_many_categories_the_first_are_named(tmp_path: Path, count: int, shown: str) -> None:
    file = tmp_path / "detections.json"
    file.write_text(json.dumps([ROW | {"category_id": 0}]))
    with pytest.raises(DatasetError, match=rf"there are: {shown}(;|$)"):
        read_coco_results(file, dataset([[]], [f"class {number}" for number in range(count)]))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"\(there is no such file\); expected a JSON list"):
        read_coco_results(tmp_path / "none.json", dataset([[]]))
