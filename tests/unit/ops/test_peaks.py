"""Maxima to a fraction of a cell."""

import pytest
import torch

from saccade.ops.peaks import highest_inside, peak1d, peak2d


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


def test_a_maximum_next_to_the_end_of_a_row_is_refined() -> None:
    rows = torch.tensor([[2.0, 3.0, 1.0, 0.0], [0.0, 1.0, 3.0, 2.0]])
    assert peak1d(rows).tolist() == pytest.approx([1 - 1 / 6, 2 + 1 / 6])


def test_a_lower_maximum_left_of_the_top_pulls_it_there() -> None:
    """The vertex of the parabola through 2, 3, 1 is 1/6 of a cell left of its middle."""
    assert peak1d(torch.tensor([[0.0, 2.0, 3.0, 1.0, 0.0]])).tolist() == pytest.approx([2 - 1 / 6])
    scores = torch.zeros(1, 4, 5)
    scores[0, 1, 1:4] = torch.tensor([2.0, 3.0, 1.0])
    scores[0, [0, 2], 2] = torch.tensor([1.0, 2.0])
    assert peak2d(scores)[0].tolist() == pytest.approx([2 - 1 / 6, 1 + 1 / 6])


@pytest.mark.parametrize(
    ("centre", "size", "highest"),
    [
        pytest.param((2.0, 3.0), (8.0, 4.0), 4.4, id="two cells to either side, one up and down"),
        pytest.param((2.0, 3.0), (4.0, 8.0), 5.3, id="one cell to either side, two up and down"),
        pytest.param((2.0, 3.0), (0.0, 0.0), 4.3, id="never less than a cell to either side"),
        pytest.param((2.4, 3.0), (7.0, 4.0), 4.4, id="a fraction of a cell"),
        pytest.param((2.0, 3.0), (10.0, 4.0), 4.4, id="a quarter of the box to either side"),
        pytest.param((20.0, 3.0), (8.0, 4.0), 0.0, id="beyond the map"),
    ],
)
def test_the_highest_score_in_the_inner_half_of_a_box(
    centre: tuple[float, float], size: tuple[float, float], highest: float
) -> None:
    rows, columns = torch.arange(6.0)[:, None], torch.arange(7.0)
    scores = (rows + columns / 10)[None, None]
    found = highest_inside(scores, torch.tensor([centre]), torch.tensor([size]))
    assert found.shape == (1, 1)
    assert float(found) == pytest.approx(highest)


def test_of_unknown_scores_none_is_high() -> None:
    unknown = torch.full((1, 1, 3, 3), torch.nan)
    assert highest_inside(unknown, torch.ones(1, 2), torch.ones(1, 2)).tolist() == [[0.0]]


def test_each_box_has_the_highest_of_its_own_map() -> None:
    scores = torch.randn(2, 2, 6, 7)
    centres, sizes = torch.tensor([[1.0, 1.0], [5.0, 4.0]]), torch.full((2, 2), 4.0)
    found = highest_inside(scores, centres, sizes)
    assert torch.equal(found[:, 0], scores[:, 0, :3, :3].amax((1, 2)))
    assert torch.equal(found[:, 1], scores[:, 1, 3:, 4:].amax((1, 2)))
