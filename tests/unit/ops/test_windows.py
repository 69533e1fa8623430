"""Hann windows: their symmetries, and what becomes of them when they are clipped."""

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


@pytest.mark.parametrize(
    ("effective", "inside"),
    [
        ((13, 13), (13, 13)),  # the same parity as the map
        ((12, 13), (13, 13)),  # one cell larger, so that it can be centred
        ((21, 19), (19, 19)),  # larger than the map: its middle part
    ],
)
def test_a_clipped_window_repeats_its_border(effective: tuple[int, int], inside: tuple[int, int]) -> None:
    window = clipped_hann2d((19, 19), effective)
    margin_y, margin_x = (19 - inside[0]) // 2, (19 - inside[1]) // 2
    assert (window[: margin_y + 1] == window[margin_y]).all()
    assert (window[:, : margin_x + 1] == window[:, margin_x : margin_x + 1]).all()
    torch.testing.assert_close(window, window.flip(0, 1))


def test_a_clipped_window_around_the_origin_is_the_centred_one_rolled() -> None:
    rolled = clipped_hann2d((19, 18), (13, 10), centred=False)
    torch.testing.assert_close(rolled, clipped_hann2d((19, 18), (13, 10)).roll((-9, -9), (0, 1)))


def test_a_window_that_is_not_clipped_is_the_plain_one() -> None:
    torch.testing.assert_close(clipped_hann2d((7, 8), (7, 8)), hann2d((7, 8)))
