"""Hann windows: their symmetries."""

import pytest
import torch

from saccade.ops.windows import hann


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
