"""Hann windows: their symmetries, and what becomes of them when they are clipped."""

import math

import pytest
import torch

from saccade.ops.windows import clipped_hann2d, hann, hann2d


@pytest.mark.parametrize("size", [1, 2, 5, 6, 19])
def test_a_centred_window_is_symmetric_and_positive(size: int) -> None:
    window = hann(size, dtype=torch.float64)
    torch.testing.assert_close(window, window.flip(0))
    assert (window > 0).all() and window.max() <= 1


@pytest.mark.parametrize("size", [5, 6, 18, 19])
def test_a_window_around_the_origin_has_its_only_maximum_there(size: int) -> None:
    window = hann(size, centred=False, dtype=torch.float64)
    assert window[0] == 1 and (window[1:] < 1).all()
    torch.testing.assert_close(window[1:], window[1:].flip(0))


def test_windows_by_hand() -> None:
    # w_i = (1 - cos(pi (i + 1) / 2)) / 2, and (1 + cos(pi i / 3)) / 2 around the origin
    assert hann(3).tolist() == pytest.approx([0.5, 1.0, 0.5])
    assert hann(4, centred=False).tolist() == pytest.approx([1.0, 0.75, 0.25, 0.75])
    assert hann(5, centred=False, dtype=torch.float64)[1] == pytest.approx(
        (1 + math.cos(2 * math.pi / 7)) / 2
    )
    torch.testing.assert_close(hann2d((3, 1)), torch.tensor([[0.5], [1.0], [0.5]]))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_window_of_two_axes_is_a_product(centred: bool, dtype: torch.dtype) -> None:
    along_y, along_x = (hann(size, centred=centred, dtype=dtype) for size in (5, 6))
    window = hann2d((5, 6), centred=centred, dtype=dtype)
    assert window.dtype == dtype and torch.equal(window, torch.outer(along_y, along_x))
    assert clipped_hann2d((5, 6), (3, 4), dtype=dtype).dtype == dtype


@pytest.mark.parametrize(
    ("effective", "inside"),
    [
        ((13, 13), (13, 13)),  # the same parity as the map
        ((12, 13), (13, 13)),  # one cell larger, so that it can be centred
    ],
)
def test_a_clipped_window_repeats_its_border(effective: tuple[int, int], inside: tuple[int, int]) -> None:
    window = clipped_hann2d((19, 17), effective)
    margin_y, margin_x = (19 - inside[0]) // 2, (17 - inside[1]) // 2
    middle = window[margin_y : margin_y + inside[0], margin_x : margin_x + inside[1]]
    torch.testing.assert_close(middle, hann2d(inside))
    assert (window[: margin_y + 1] == window[margin_y]).all()
    assert (window[:, : margin_x + 1] == window[:, margin_x : margin_x + 1]).all()
    torch.testing.assert_close(window, window.flip(0, 1))


def test_a_window_larger_than_the_map_shows_its_middle() -> None:
    torch.testing.assert_close(clipped_hann2d((19, 8), (38, 8)), hann2d((39, 8))[10:29])


def test_a_window_that_is_not_clipped_is_the_plain_one() -> None:
    torch.testing.assert_close(clipped_hann2d((7, 8), (7, 8)), hann2d((7, 8)))
