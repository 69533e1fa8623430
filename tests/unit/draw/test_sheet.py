"""Cut-outs of pictures on one sheet."""

import numpy as np
import pytest

from saccade.draw.sheet import TILE_WH, Outline, Tile, around, draw_sheet

RED, GREEN = "#FF0000", "#00FF00"


def tile(box: tuple[float, float, float, float], size_hw: tuple[int, int] = (100, 150)) -> Tile:
    """A gray picture, blue inside of the box."""
    box = tuple(map(float, box))
    picture = np.full((*size_hw, 3), 90, np.uint8)
    x1, y1, x2, y2 = (int(v) for v in box)
    picture[y1:y2, x1:x2] = (0, 0, 255)
    outlines = (Outline(box=box, color=RED, has_rim=True),)
    return Tile(picture=picture, region=around(box, picture), outlines=outlines, words=("one", "two"))


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((40, 40, 80, 70), id="inside"),
        pytest.param((0, 0, 10, 10), id="in a corner"),
        pytest.param((0, 0, 150, 100), id="all of it"),
        pytest.param((70, 50, 72, 51), id="tiny"),
    ],
)
def test_the_box_is_in_the_cut_out(box: tuple[float, float, float, float]) -> None:
    sheet = draw_sheet([tile(box)], "title").astype(int)
    blue = (sheet[..., 2] > 150) & (sheet[..., 0] < 80)
    red = (sheet[..., 0] > 200) & (sheet[..., 1] < 60) & (sheet[..., 2] < 60)
    assert blue.any() and red.any()
    # the outline lies around what it is of
    for axis in (0, 1):
        inside, around = np.flatnonzero(blue.any(axis=axis)), np.flatnonzero(red.any(axis=axis))
        assert around.min() <= inside.min() and inside.max() <= around.max()


def test_rows_and_columns() -> None:
    one = draw_sheet([tile((40, 40, 80, 70))], "title")
    six = draw_sheet([tile((40, 40, 80, 70))] * 6, "title", columns=3)
    assert six.shape[1] > 2.5 * one.shape[1] and six.shape[0] > 1.5 * one.shape[0] - 60
    assert six.shape[1] < 3 * (TILE_WH[0] + 20)


def test_no_tiles_leave_the_title() -> None:
    assert draw_sheet([], "nothing to see").shape[2] == 3


def test_a_box_beyond_its_picture() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    far = Tile(
        picture=picture,
        region=around((400.0, 400.0, 420.0, 420.0), picture),
        outlines=(Outline(box=(420.0, 400.0, 400.0, 420.0), color=GREEN),),
        words=("a name that is much too long to stand below a picture of that size",),
    )
    assert draw_sheet([far], "t").shape[1] < 2 * TILE_WH[0]


def test_a_whole_picture_lies_in_the_middle_of_its_tile() -> None:
    picture = np.full((40, 40, 3), (0, 0, 255), np.uint8)
    outline = Outline(box=(100.0, 100.0, 120.0, 120.0), color=GREEN, word="word")
    whole = Tile(picture=picture, region=(0.0, 0.0, 40.0, 40.0), outlines=(outline,), words=(), frame=RED)
    sheet = draw_sheet([whole], "t", tile_wh=(200, 100)).astype(int)
    blue = (sheet[..., 2] > 200) & (sheet[..., 0] < 60)
    columns = np.flatnonzero(blue.any(axis=0))
    left = 8 + 50
    assert (columns[0], columns[-1]) == (left, left + 99), "as high as the tile, and in its middle"
    green = (sheet[..., 1] > 200) & (sheet[..., 0] < 60)
    assert green.any(), "the word is seen, although its box is not"


def test_a_picture_that_cannot_be_read() -> None:
    none = Tile(picture=None, region=(0.0, 0.0, 1.0, 1.0), outlines=(), words=("a.jpg", "why"), ink=RED)
    sheet = draw_sheet([none], "t").astype(int)
    assert ((sheet[..., 0] > 200) & (sheet[..., 1] < 60)).any()
