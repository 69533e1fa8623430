"""COCO's annotation files: read in place, masks drawn when asked for, and every kind of damage named."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.formats.coco import CocoIndex, fill_polygon, read_coco
from tests.unit.data.still_layouts import annotation, block, coco, coco_rows

SIZE_HW = (240, 360)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return coco(tmp_path, ())


def with_images(file: Path, rows: list[dict[str, Any]]) -> CocoIndex:
    images = [{"id": number, "file_name": f"{number}.jpg"} for number in (7, 9)]
    file.write_text(json.dumps({"images": images, "annotations": rows}))
    return read_coco(file)


def test_objects_that_can_be_drawn_are_indexed_and_others_counted(file: Path) -> None:
    index = with_images(file, coco_rows())
    assert index.ids.tolist() == [11, 12, 13]
    assert [index.name(i) for i in range(3)] == ["7.jpg", "9.jpg", "9.jpg"]
    np.testing.assert_array_equal(index.boxes[1], np.float32([10.5, 20, 30, 40]))
    assert (index.crowds, index.empty) == (1, 2)


def test_masks_are_those_of_polygons_and_runs(file: Path) -> None:
    index = with_images(file, coco_rows())
    np.testing.assert_array_equal(index.mask(0, SIZE_HW), block())
    np.testing.assert_array_equal(
        index.mask(1, SIZE_HW), block(box=(10, 20, 5, 40)) | block(box=(20, 20, 20, 40))
    )
    np.testing.assert_array_equal(index.mask(2, SIZE_HW), block())
    # workers read the same, and carry no file with them
    twin = pickle.loads(pickle.dumps(index))
    np.testing.assert_array_equal(twin.mask(2, SIZE_HW), block())


@pytest.mark.parametrize("name", ["zoë.jpg", "写真.jpg"])
@pytest.mark.parametrize("escapes", [False, True])
def test_places_are_found_behind_letters_of_several_bytes(file: Path, name: str, escapes: bool) -> None:
    content = {
        "info": "Ünïcödé 写真",
        "images": [{"id": 7, "file_name": name}],
        "annotations": [annotation(1, 7)],
    }
    file.write_text(json.dumps(content, ensure_ascii=escapes), encoding="utf-8")
    index = read_coco(file)
    assert index.name(0) == name
    np.testing.assert_array_equal(index.mask(0, SIZE_HW), block())


def test_lists_may_come_in_any_order_with_any_blanks(file: Path) -> None:
    content = {"annotations": [annotation(1, 7)], "images": [{"id": 7, "file_name": "a.jpg"}], "licenses": []}
    file.write_text(json.dumps(content, indent=3))
    assert read_coco(file).name(0) == "a.jpg"


DAMAGED: dict[str, tuple[Any, str]] = {
    "no list of images": ({"annotations": [annotation(1, 7)]}, "0 images and 1 annotations in it"),
    "captions": (
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [{"id": 1, "caption": "a"}]},
        "bbox",
    ),
    "three numbers": (
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [annotation(1, 7, bbox=[1, 2, 3])]},
        "is none of COCO's",
    ),
    "another image": (
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [annotation(1, 8)]},
        "annotation 1 is of image 8, which is not in the list",
    ),
    "numbers as images": ({"images": [1, 2], "annotations": []}, "is none of COCO's"),
    "a list": ([], "not JSON, after 0 images"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_no_instance_file_is_refused(case: str, file: Path) -> None:
    content, message = DAMAGED[case]
    file.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=message) as caught:
        read_coco(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_cut_says_where(file: Path) -> None:
    whole = file.read_bytes()
    for stop in (1, 40, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        file.write_bytes(whole[:stop])
        with pytest.raises(DatasetError, match=r"instances_train2017.json, byte \d+ of \d+: not JSON, after"):
            read_coco(file)
    file.write_bytes(b"")
    with pytest.raises(DatasetError, match="it is empty"):
        read_coco(file)
    file.unlink()
    with pytest.raises(DatasetError, match="No such file"):
        read_coco(file)


@pytest.mark.parametrize(
    ("outline", "message"),
    [
        ([[1, 2, 3, 4]], "a polygon of 2 corners"),
        ([[1, 2, 3, 4, 5]], "segmentation cannot be used"),
        ({"size": [240, 360], "counts": [5]}, "run lengths"),
        ({"size": [2, 2], "counts": [4]}, "2x2 large, but its picture 360x240"),
        (None, "segmentation cannot be used"),
    ],
)
def test_an_outline_that_cannot_be_used_names_its_annotation(file: Path, outline: Any, message: str) -> None:
    index = with_images(file, [annotation(41, 7, segmentation=outline)])
    with pytest.raises(DatasetError, match=message) as caught:
        index.mask(0, SIZE_HW)
    assert "annotation 41" in str(caught.value)


def test_a_polygon_covers_the_pixels_whose_middle_is_inside() -> None:
    triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    # middles lie at x + 0.5 < 4 - (y + 0.5)
    expected = [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(fill_polygon(triangle, (4, 5)), expected)
    # the other way round it is the same, and what is outside of the picture is cut off
    np.testing.assert_array_equal(fill_polygon(triangle[::-1], (4, 5)), expected)
    np.testing.assert_array_equal(fill_polygon(triangle - 1, (2, 2)), [[1, 0], [0, 0]])
    assert not fill_polygon(triangle + 100, (4, 5)).any()
    assert fill_polygon(triangle * 100 - 50, (4, 5)).all()


def test_a_polygon_that_crosses_itself_is_filled_by_the_even_odd_rule() -> None:
    twice = np.array([[0, 0], [6, 0], [6, 6], [0, 6], [0, 0], [2, 2], [4, 2], [4, 4], [2, 4], [2, 2]], float)
    expected = np.ones((6, 6), int)
    expected[2:4, 2:4] = 0
    np.testing.assert_array_equal(fill_polygon(twice, (6, 6)), expected)


def test_a_polygon_smaller_than_a_pixel_may_cover_none() -> None:
    assert not fill_polygon(np.array([[1.6, 1.6], [1.9, 1.6], [1.9, 1.9]]), (4, 4)).any()
