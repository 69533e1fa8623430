"""VOT's region files: rectangles, polygons, masks and codes, and lines that are none of these."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.formats.regions import RunMask, read_regions

NAN = [np.nan] * 4


def written(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "groundtruth.txt"
    file.write_text(content)
    return file


@pytest.mark.parametrize(
    ("content", "boxes"),
    [
        pytest.param("1,2,3,4\n5,6,7,8\n", [[1, 2, 3, 4], [5, 6, 7, 8]], id="rectangles"),
        pytest.param("nan,nan,nan,nan\n1,2,3,4\n", [NAN, [1, 2, 3, 4]], id="absent, as in VOT-LT"),
        pytest.param("5,1,9,4,6,8,2,5\n", [[2, 1, 7, 7]], id="polygon"),
        pytest.param("0,0,4,0,2,3\n", [[0, 0, 4, 3]], id="triangle"),
        pytest.param("1\n2\n0\n1,2,3,4\n", [NAN, NAN, NAN, [1, 2, 3, 4]], id="codes"),
        pytest.param("1,2,3,4\n5,1,9,4,6,8,2,5\n", [[1, 2, 3, 4], [2, 1, 7, 7]], id="both kinds"),
        pytest.param("m10,20,3,2,1,2,1,2\n", [[11, 20, 2, 2]], id="mask"),
        pytest.param("m10,20,3,2,0,1\n", [[10, 20, 1, 1]], id="mask whose last background is left out"),
        pytest.param("m10,20,3,2,6\n", [[0, 0, 0, 0]], id="empty mask"),
        pytest.param("m0,0,0,0\n", [[0, 0, 0, 0]], id="mask of no size"),
    ],
)
def test_boxes_are_around_regions(tmp_path: Path, content: str, boxes: list) -> None:
    np.testing.assert_array_equal(read_regions(written(tmp_path, content)).boxes, boxes)


def test_polygons_are_kept_beside_other_regions(tmp_path: Path) -> None:
    content = "5,1,9,4,6,8,2,5\n0\n1,2,3,4\n0,0,4,0,2,3\nnan,nan,nan,nan,nan,nan,nan,nan\nm1,1,1,1,0,1\n"
    regions = read_regions(written(tmp_path, content))
    assert regions.polygons is not None
    assert regions.polygons[0].tolist() == [[5, 1], [9, 4], [6, 8], [2, 5]]
    assert regions.polygons[3].tolist() == [[0, 0], [4, 0], [2, 3], [2, 3]], "the last corner again"
    assert np.isnan(regions.polygons[[1, 2, 4, 5]]).all()
    assert regions.masks is not None
    assert [mask is not None for mask in regions.masks] == [False] * 5 + [True]


def test_polygons_are_kept_where_all_lines_are_some(tmp_path: Path) -> None:
    polygons = read_regions(written(tmp_path, "5,1,9,4,6,8,2,5\n0,0,1,0,1,1,0,1\n")).polygons
    assert polygons is not None
    assert polygons.shape == (2, 4, 2)
    assert polygons[0, 1].tolist() == [9, 4]


def test_masks_are_drawn_row_by_row(tmp_path: Path) -> None:
    masks = read_regions(written(tmp_path, "m1,0,3,2,1,2,1,2\n0\n")).masks
    assert masks is not None
    assert masks[1] is None
    mask = masks[0]
    assert mask is not None
    assert mask.decode().astype(int).tolist() == [[0, 1, 1], [0, 1, 1]]
    assert mask.on_frame((5, 3)).astype(int).tolist() == [[0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0] * 5]


@pytest.mark.parametrize(
    ("x", "y", "pixels"), [(-1, -1, 1), (3, 1, 2), (-2, 0, 0), (9, 9, 0), (0, 0, 4)], ids=str
)
def test_what_lies_outside_of_the_frame_is_cut_off(x: int, y: int, pixels: int) -> None:
    mask = RunMask((x, y, 2, 2), np.array([0, 4]))
    assert mask.on_frame((4, 3)).shape == (3, 4)
    assert mask.on_frame((4, 3)).sum() == pixels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("1,2,3,4\n1,2,3\n", "line 2: got 3 numbers; expected a rectangle", id="three numbers"),
        pytest.param("1,2\n", "line 1: got 2 numbers", id="two numbers"),
        pytest.param("m1,2,3\n", "line 1: a mask is whole numbers", id="mask without a size"),
        pytest.param("m1,2,3,4,5.5\n", "line 1: a mask is whole numbers", id="part of a pixel"),
        pytest.param("m1,2,nan,4\n", "line 1: a mask is whole numbers", id="a mask of NaN"),
        pytest.param("m1,2,3,4,-5\n", "line 1: a mask is whole numbers", id="negative run"),
        pytest.param("m1,2,2,2,5\n", "line 1: the runs of the mask add up to 5 pixels, but", id="too long"),
        pytest.param("m1,2,2,x\n", "line 1: '1,2,2,x' is not all numbers", id="a letter"),
        pytest.param("1,2,3,4\n\n1,2,3,4\n", "line 2: blank line", id="blank line"),
    ],
)
def test_names_file_line_and_remedy(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DatasetError, match=f"groundtruth.txt, {message}"):
        read_regions(written(tmp_path, content))
