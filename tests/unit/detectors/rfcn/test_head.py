"""Position-sensitive pooling and the vote, against loops written from the paper."""

import itertools
import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from saccade.detectors.rfcn import RFCNNetworkConfig
from saccade.detectors.rfcn.deltas import decode, encode
from saccade.detectors.rfcn.head import PositionSensitiveMaps, vote

HEIGHT, WIDTH = 12, 16
PROPOSALS = [
    torch.tensor([[16.0, 32, 120, 150], [0, 0, 255, 191], [100, 60, 101, 61]]),
    torch.tensor([[-20.0, -9, 60, 70], [37.3, 51.9, 141.2, 99.5], [200, 150, 400, 400]]),
]


def _pooled(of_picture: Tensor, box: list[float], cells: int) -> Tensor:
    """Eq. 1 of the paper: the mean of the positions in each cell, of the map of that cell."""
    outputs = of_picture.shape[0] // cells**2
    # corners are rounded to positions; a box has one position at least
    left, top, right, bottom = (math.floor(edge / 16 + 0.5) for edge in box)
    cell_width, cell_height = max(right - left, 1) / cells, max(bottom - top, 1) / cells
    read = torch.zeros(outputs, cells, cells)
    for c, i, j in itertools.product(range(outputs), range(cells), range(cells)):
        rows = range(math.floor(i * cell_height) + top, math.ceil((i + 1) * cell_height) + top)
        columns = range(math.floor(j * cell_width) + left, math.ceil((j + 1) * cell_width) + left)
        values = [
            of_picture[(c * cells + i) * cells + j, y, x].item()
            for y in rows
            for x in columns
            if 0 <= y < HEIGHT and 0 <= x < WIDTH
        ]
        read[c, i, j] = sum(values) / len(values) if values else 0.0
    return read


def _between(plane: Tensor, y: float, x: float) -> float:
    """Bilinear interpolation; zero outside, and the border stretches by one position."""
    if not (-1 <= y <= HEIGHT and -1 <= x <= WIDTH):
        return 0.0
    y, x = min(max(y, 0.0), HEIGHT - 1), min(max(x, 0.0), WIDTH - 1)
    top, left = min(int(y), HEIGHT - 1), min(int(x), WIDTH - 1)
    bottom, right = min(top + 1, HEIGHT - 1), min(left + 1, WIDTH - 1)
    down, across = y - top, x - left
    upper = (1 - across) * plane[top, left].item() + across * plane[top, right].item()
    lower = (1 - across) * plane[bottom, left].item() + across * plane[bottom, right].item()
    return (1 - down) * upper + down * lower


def _aligned(of_picture: Tensor, box: list[float], cells: int, samples: int) -> Tensor:
    """The mean of samples x samples points in each cell; nothing is rounded."""
    outputs = of_picture.shape[0] // cells**2
    left, top, right, bottom = (edge / 16 - 0.5 for edge in box)
    cell_width, cell_height = (right - left) / cells, (bottom - top) / cells
    read = torch.zeros(outputs, cells, cells)
    for c, i, j in itertools.product(range(outputs), range(cells), range(cells)):
        values = [
            _between(
                of_picture[(c * cells + i) * cells + j],
                top + (i + (k + 0.5) / samples) * cell_height,
                left + (j + (m + 0.5) / samples) * cell_width,
            )
            for k, m in itertools.product(range(samples), range(samples))
        ]
        read[c, i, j] = sum(values) / len(values)
    return read


@pytest.mark.parametrize("pooling", ["pool", "align"])
@pytest.mark.parametrize(("cells", "outputs"), [(7, 2), (3, 4), (1, 1)])
def test_vote_is_the_mean_of_what_each_cell_reads_in_its_map(
    pooling: Literal["pool", "align"], cells: int, outputs: int
) -> None:
    maps = torch.randn(2, cells**2 * outputs, HEIGHT, WIDTH)
    found = vote(maps, PROPOSALS, cells=cells, pooling=pooling, samples=2)
    expected = [
        (_pooled(plane, box, cells) if pooling == "pool" else _aligned(plane, box, cells, 2)).mean((1, 2))
        for plane, boxes in zip(maps, PROPOSALS, strict=True)
        for box in boxes.tolist()
    ]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-5)


def test_each_cell_reads_its_own_map() -> None:
    """A part of a thing is looked for where it belongs: one map each speaks, and no other is heard."""
    cells = 3
    box = [torch.tensor([[0.0, 0, 144, 144]])]
    for c, i, j in itertools.product(range(2), range(cells), range(cells)):
        maps = torch.zeros(1, 2 * cells**2, 9, 9)
        maps[0, (c * cells + i) * cells + j, 3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = 9.0
        (found,) = vote(maps, box, cells=cells, pooling="pool", samples=2)
        assert found.tolist() == [float(c == 0), float(c == 1)]


@pytest.mark.parametrize("pooling", ["pool", "align"])
def test_gradients_reach_the_maps_also_under_autocast(pooling: Literal["pool", "align"]) -> None:
    maps = torch.randn(2, 9, HEIGHT, WIDTH, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        read = vote(maps, PROPOSALS, cells=3, pooling=pooling, samples=2)
    assert read.dtype == torch.float32
    read.sum().backward()
    assert maps.grad is not None and maps.grad.abs().sum() > 0


@pytest.mark.parametrize("pooling", ["pool", "align"])
def test_no_proposals_no_votes(pooling: Literal["pool", "align"]) -> None:
    found = vote(torch.randn(1, 18, 4, 4), [torch.zeros(0, 4)], cells=3, pooling=pooling, samples=2)
    assert found.shape == (0, 2)


@pytest.mark.parametrize(("with_background", "boxes"), [(False, 4 * 49), (True, 8 * 49)])
def test_maps_are_as_many_as_the_paper_says(with_background: bool, boxes: int) -> None:
    maps = PositionSensitiveMaps(RFCNNetworkConfig(background_boxes=with_background))
    assert maps.reduce.weight.shape == (1024, 2048, 1, 1)
    assert maps.classes.weight.shape == (49 * (20 + 1), 1024, 1, 1)
    assert maps.boxes.weight.shape == (boxes, 1024, 1, 1)
    of_classes, of_boxes = maps(torch.randn(1, 2048, 3, 5))
    assert of_classes.shape == (1, 1029, 3, 5)
    assert of_boxes.shape == (1, boxes, 3, 5)


def test_decoding_undoes_encoding() -> None:
    corners = torch.rand(50, 4) * 100
    boxes, proposals = (
        torch.cat([part, part + 1 + torch.rand(50, 2) * 80], dim=1) for part in corners.split(2, 1)
    )
    torch.testing.assert_close(decode(encode(boxes, proposals), proposals), boxes, rtol=1e-4, atol=1e-3)


def test_deltas_are_shifts_by_size_and_logarithms_of_ratios() -> None:
    box, proposal = torch.tensor([[20.0, 0, 60, 20]]), torch.tensor([[0.0, 0, 40, 10]])
    assert encode(box, proposal).tolist()[0] == pytest.approx([5, 5, 0, math.log(2) / 0.2])


def test_a_wild_delta_stays_finite() -> None:
    wild = decode(torch.tensor([[0.0, 0, 1e4, 1e4]]), torch.tensor([[0.0, 0, 10, 10]]))
    assert wild.isfinite().all()
