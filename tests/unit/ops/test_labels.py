"""Gaussian labels: their peaks, and that both kinds are the same function."""

import pytest
import torch

from saccade.ops.fourier import cfft2, sample_series
from saccade.ops.labels import gaussian_density, gaussian_label, gaussian_series


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


@pytest.mark.parametrize(("width", "height"), [(9, 7), (8, 6), (9, 6)])
def test_the_series_has_the_shape_of_the_transform(width: int, height: int) -> None:
    series = gaussian_series((width, height), torch.tensor([1.1, 0.9], dtype=torch.float64))
    assert series.shape == cfft2(torch.zeros(height, width)).shape
    torch.testing.assert_close(series, series.flip(0))


def test_a_density_sums_to_one_and_peaks_at_its_centre() -> None:
    centres = torch.tensor([[9.0, 7.0], [6.3, 8.8]])
    density = gaussian_density((19, 17), 0.9, centres)
    torch.testing.assert_close(density.sum(dim=(1, 2)), torch.ones(2), atol=1e-3, rtol=0)
    assert [divmod(int(d.argmax()), 17) for d in density] == [(7, 9), (9, 6)]


def test_a_density_is_cut_by_the_border_unless_its_sum_is_made_one() -> None:
    places = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    cut, whole = (gaussian_density((9, 9), 2.0, places, **how) for how in ({}, {"normalises": True}))
    assert (cut.sum(dim=(1, 2)) < 0.7).all()
    torch.testing.assert_close(whole, torch.stack([one / one.sum() for one in cut]))


def test_a_density_without_width_is_one_cell() -> None:
    density = gaussian_density((3, 4), 0.0, torch.tensor([[2.4, 0.6], [9.0, 0.0]]))
    assert density[0].nonzero().tolist() == [[1, 2]]
    assert float(density[0].max()) == 1
    assert not density[1].any()  # its centre is outside of the map


def test_small_densities_are_cut_off_before_the_sum_is_made_one() -> None:
    density = gaussian_density((9, 9), 1.0, torch.tensor([[4.0, 4.0]]), threshold=0.05, normalises=True)
    assert density.count_nonzero() == 9  # the centre, its neighbours and the diagonal ones
    torch.testing.assert_close(density.sum(dim=(1, 2)), torch.ones(1))
