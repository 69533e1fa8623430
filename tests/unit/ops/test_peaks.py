"""Maxima to a fraction of a cell."""

import pytest
import torch

from saccade.ops.peaks import peak1d, peak2d


def bell(at: float, n: int, width: float = 2.0) -> torch.Tensor:
    distance = (torch.arange(n) - at + n / 2) % n - n / 2
    return torch.exp(-0.5 * (distance / width) ** 2)


@pytest.mark.parametrize("x", [3.0, 7.25, 11.4, 0.3, 15.8])
@pytest.mark.parametrize("y", [2.0, 9.7])
def test_finds_the_top_of_a_bell_even_across_the_border(x: float, y: float) -> None:
    found = peak2d(torch.outer(bell(y, 12), bell(x, 16))[None])[0]
    expected = torch.tensor([x, y])
    assert ((found - expected + 6) % torch.tensor([16, 12]) - 6).abs().max() < 0.03


def test_each_map_of_a_batch_has_its_own() -> None:
    maps = torch.zeros(3, 5, 6)
    for i, (x, y) in enumerate([(1, 1), (4, 3), (2, 2)]):
        maps[i, y, x] = 1
    assert peak2d(maps).tolist() == [[1, 1], [4, 3], [2, 2]]


def test_a_flat_map_stays_on_a_cell() -> None:
    assert peak2d(torch.ones(1, 4, 4)).tolist() == [[0, 0]]


@pytest.mark.parametrize("at", [4.0, 5.3, 8.75])
def test_rows(at: float) -> None:
    assert abs(float(peak1d(bell(at, 17)[None])) - at) < 0.03


def test_a_maximum_at_the_end_of_a_row_is_not_refined() -> None:
    assert peak1d(torch.tensor([[3.0, 2.0, 0.0], [0.0, 2.0, 3.0]])).tolist() == [0, 2]
