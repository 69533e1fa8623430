"""The cost volume against its definition, cell by cell."""

import itertools

import pytest
import torch
from torch import Tensor

from saccade.ops.cost_volume import cost_volume


def by_definition(x: Tensor, y: Tensor, patch: int, reach: int) -> Tensor:
    """V[r', c', r, c] of single maps (C, h, w), term by term."""
    height, width = x.shape[-2:]
    volume = x.new_zeros(height, width, height, width)
    cells = list(itertools.product(range(height), range(width)))
    offsets = range(-(patch // 2), patch // 2 + 1)
    for (down, across), (row, column) in itertools.product(cells, cells):
        if max(abs(down - row), abs(across - column)) > reach:
            continue
        for i, j in itertools.product(offsets, offsets):
            if {(row + i, column + j), (down + i, across + j)} <= set(cells):
                terms = x[:, row + i, column + j] * y[:, down + i, across + j]
                volume[down, across, row, column] += terms.sum()
    return volume


@pytest.mark.parametrize(
    ("size_hw", "patch", "reach"),
    [
        pytest.param((4, 5), 3, 9, id="all within reach"),
        pytest.param((5, 4), 3, 2, id="some out of reach"),
        pytest.param((4, 4), 3, 0, id="the same cell only"),
        pytest.param((4, 5), 1, 9, id="patches of a cell"),
        pytest.param((5, 4), 5, 3, id="larger patches"),
        pytest.param((2, 3), 7, 9, id="patches larger than the map"),
        pytest.param((1, 1), 3, 9, id="a single cell"),
    ],
)
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last], ids=["planar", "last"])
def test_it_is_what_it_is_defined_as(
    size_hw: tuple[int, int], patch: int, reach: int, memory: torch.memory_format
) -> None:
    x, y = (torch.randn(2, 3, *size_hw).contiguous(memory_format=memory) for _ in range(2))
    found = cost_volume(x, y, patch=patch, reach=reach)
    for n in range(2):
        torch.testing.assert_close(found[n], by_definition(x[n], y[n], patch, reach), atol=1e-5, rtol=1e-5)


def test_patches_of_three_cells_and_nine_of_reach_where_nothing_is_said() -> None:
    x, y = torch.randn(2, 1, 3, 2, 12)
    torch.testing.assert_close(cost_volume(x, y)[0], by_definition(x[0], y[0], 3, 9), atol=1e-5, rtol=1e-5)


def test_the_other_way_round() -> None:
    x, y = torch.randn(2, 1, 6, 5, 7)
    torch.testing.assert_close(
        cost_volume(x, y, reach=3), cost_volume(y, x, reach=3).permute(0, 3, 4, 1, 2), atol=1e-5, rtol=1e-5
    )


def test_gradients() -> None:
    x, y = (torch.randn(2, 2, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda x, y: cost_volume(x, y, reach=2), (x, y))


def test_a_map_matches_itself_best_where_it_is() -> None:
    x = torch.nn.functional.normalize(torch.randn(1, 64, 8, 8), dim=1)
    volume = cost_volume(x, x)[0].flatten(0, 1).flatten(1)
    assert volume.argmax(dim=0).tolist() == list(range(64))


def test_a_batch_of_none() -> None:
    nothing = torch.zeros(0, 3, 5, 4)
    assert cost_volume(nothing, nothing, reach=2).shape == (0, 5, 4, 5, 4)
