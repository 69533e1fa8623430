"""Overlaps in pixels: by hand, and as the VOT toolkit counts them (vot-toolkit 0.9.0)."""

import numpy as np
import pytest

from saccade.evaluation.metrics.regions import mask_overlap, pixel_overlap, polygon_mask


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([10.3, 20.7, 40.2, 30.9], [20.6, 25.1, 40, 30], 0.47254073627036813, id="fractions"),
        pytest.param([-10, -5, 30, 30], [-5, 0, 30, 30], 2 / 3, id="left of and above the frame"),
        pytest.param([50.5, 40.5, 20.5, 20.5], [55, 45, 20, 20], 0.4419642857142857, id="beyond its end"),
        pytest.param([3.2, 4.9, 5.5, 6.5], [2.8, 5.2, 7.4, 5.1], 0.7317073170731707, id="halves go to even"),
        pytest.param([3, 3, 0.2, 5], [3, 3, 0.2, 5], 0.0, id="no pixel"),
        pytest.param([3, 3, 1, 1], [3, 3, 1, 1], 1.0, id="a single pixel"),
    ],
)
def test_boxes_as_the_toolkit_counts_them(a: list[float], b: list[float], expected: float) -> None:
    a, b = np.array([a], float), np.array([b], float)
    assert pixel_overlap(a, b, (64, 56)) == pytest.approx([expected], abs=1e-12)
    assert pixel_overlap(b, a, (64, 56)) == pytest.approx([expected], abs=1e-12)


POLYGONS = [
    np.array(corners)
    for corners in (
        [(10.2, 10.1), (20.7, 12.3), (18.2, 25.5), (8.4, 22.2)],
        [(12.0, 8.0), (24.4, 14.8), (19.1, 27.9), (9.9, 20.0)],
        [(-4.3, 5.5), (9.6, 3.2), (12.3, 18.7), (-1.2, 21.9)],
    )
]


def test_polygons_as_the_toolkit_draws_them() -> None:
    masks = [polygon_mask(corners, (22, 26)) for corners in POLYGONS]
    assert [int(mask.sum()) for mask in masks] == [159, 159, 194]
    assert mask_overlap(masks[0], masks[1]) == pytest.approx(0.65625)
    assert mask_overlap(masks[0], masks[2]) == pytest.approx(0.09968847352024922)
    assert mask_overlap(masks[1], masks[2]) == pytest.approx(0.04437869822485207)


def test_an_upright_polygon_holds_its_border() -> None:
    mask = polygon_mask(np.array([[2.0, 3], [5, 3], [5, 6], [2, 6]]), (8, 8))
    assert np.argwhere(mask).min(axis=0).tolist() == [3, 2]
    assert np.argwhere(mask).max(axis=0).tolist() == [6, 5]
    assert mask.sum() == 16
    assert not polygon_mask(np.array([[20.0, 3], [25, 3], [25, 6]]), (8, 8)).any(), "beyond the frame"


def test_what_is_left_of_or_above_the_frame_is_left_out() -> None:
    outside = np.array([[-6.0, -6], [-2, -6], [-2, 3], [-6, 3]])
    assert not polygon_mask(outside, (8, 8)).any()
    mask = polygon_mask(outside + 4, (8, 8))
    assert mask.sum() == 3 * 8 and mask[:, :3].all()


def test_a_polygon_may_have_a_notch_and_reach_out_of_the_frame() -> None:
    notched = np.array([[0.0, -2], [1, -2], [1, 2], [4, 2], [4, -2], [6, -2], [6, 9], [0, 9]])
    expected = np.ones((4, 6), dtype=bool)
    # its sides hold their border, and an edge belongs to the row of its lower end
    expected[:3, 2:4] = False
    assert polygon_mask(notched, (6, 4)).tolist() == expected.tolist()


@pytest.mark.usefixtures("unchecked_shapes")
def test_masks_by_hand() -> None:
    a, b = np.zeros((4, 4), dtype=bool), np.zeros((4, 4), dtype=bool)
    assert mask_overlap(a, b) == 0.0
    a[:2], b[1:3] = True, True
    assert mask_overlap(a, b) == pytest.approx(4 / 12)
    assert mask_overlap(a, a) == 1.0
    with pytest.raises(ValueError, match="masks of one size"):
        mask_overlap(a, np.zeros((4, 5), dtype=bool))


def test_what_is_no_polygon_is_refused() -> None:
    for corners in ([[0.0, 0], [1, 1]], [[0.0, 0], [1, 1], [np.nan, 2]]):
        with pytest.raises(ValueError, match="three finite corners"):
            polygon_mask(np.array(corners), (8, 8))
