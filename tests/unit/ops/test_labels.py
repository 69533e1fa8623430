"""Gaussian labels: their peaks, and that both kinds are the same function."""

import pytest
import torch

from saccade.ops.fourier import sample_series
from saccade.ops.labels import gaussian_label, gaussian_series


@pytest.mark.parametrize(
    ("centre", "peak"),
    [
        ((0.0, 0.0), (3, 4)),  # the middle of 7 x 9 cells
        ((2.0, -1.0), (2, 6)),  # x to the right, y up
        ((0.4, 0.0), (3, 4)),  # between two cells, nearer to the left one
    ],
)
def test_the_peak_is_where_it_was_asked_for(centre: tuple[float, float], peak: tuple[int, int]) -> None:
    label = gaussian_label((9, 7), torch.tensor([1.2, 0.8]), torch.tensor(centre))
    assert label.shape == (7, 9)
    assert divmod(int(label.argmax()), 9) == peak


def test_extra_cells_do_not_move_the_middle() -> None:
    sigma, centre = torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.0])
    larger = gaussian_label((9, 7), sigma, centre, extra_cells=(1, 2))
    assert larger.shape == (9, 10)
    assert torch.equal(larger[:7, :9], gaussian_label((9, 7), sigma, centre))


def test_a_batch_equals_its_single_labels() -> None:
    sigma, centre = torch.rand(3, 2) + 0.5, torch.randn(3, 2)
    batch = gaussian_label((9, 7), sigma, centre)
    for one, s, c in zip(batch, sigma, centre, strict=True):
        assert torch.equal(one, gaussian_label((9, 7), s, c))


@pytest.mark.parametrize("size", [(15, 15), (21, 15)])
def test_the_series_is_a_gaussian_at_the_origin(size: tuple[int, int]) -> None:
    sigma = torch.tensor([1.1, 0.9], dtype=torch.float64)
    width, height = size
    values = sample_series(gaussian_series(size, sigma).to(torch.complex128), (height, width))
    expected = gaussian_label(size, sigma, torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(values.roll((height // 2, width // 2), (0, 1)), expected, atol=5e-3, rtol=0)
