"""Precise RoI pooling: against brute force, its gradients, and the laws of a mean."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saccade.ops.roi_pool import roi_pool, roi_pool_vjp

HEIGHT, WIDTH = 6, 9


def box_inside() -> st.SearchStrategy[tuple[float, float, float, float]]:
    """Corners in cells, within the outermost cells' centres, at least half a cell apart."""

    def interval(cells: int) -> st.SearchStrategy[tuple[float, float]]:
        ends = st.tuples(st.floats(0, cells - 1), st.floats(0, cells - 1)).map(lambda e: (min(e), max(e)))
        return ends.filter(lambda e: e[1] - e[0] >= 0.5)

    return st.tuples(interval(WIDTH), interval(HEIGHT)).map(lambda i: (i[0][0], i[1][0], i[0][1], i[1][1]))


def pooled(features: Tensor, box: tuple[float, ...], bins: int, stride: float) -> Tensor:
    result: Tensor = roi_pool(
        features, stride * torch.tensor(box, dtype=torch.float64).reshape(1, 1, 4), bins=bins, stride=stride
    )
    return result[0, 0]


@given(box=box_inside(), bins=st.integers(1, 5), stride=st.sampled_from([1, 8, 16]), value=st.floats(-9, 9))
def test_of_a_constant_map_it_is_the_constant(
    box: tuple[float, ...], bins: int, stride: int, value: float
) -> None:
    result = pooled(torch.full((1, 2, HEIGHT, WIDTH), value, dtype=torch.float64), box, bins, stride)
    torch.testing.assert_close(result, torch.full_like(result, value))


@given(box=box_inside(), bins=st.integers(1, 5), stride=st.sampled_from([1, 8, 16]))
def test_of_a_linear_map_it_is_the_value_at_the_middle_of_each_bin(
    box: tuple[float, ...], bins: int, stride: int
) -> None:
    y, x = torch.meshgrid(torch.arange(HEIGHT).double(), torch.arange(WIDTH).double(), indexing="ij")
    result = pooled(torch.stack([x, y, 3 - 2 * x + y])[None], box, bins, stride)
    middles = (torch.arange(bins) + 0.5).double() / bins
    by, bx = torch.meshgrid(
        box[1] + middles * (box[3] - box[1]), box[0] + middles * (box[2] - box[0]), indexing="ij"
    )
    torch.testing.assert_close(result, torch.stack([bx, by, 3 - 2 * bx + by]))


@given(x=st.floats(-50, 150), y=st.floats(-50, 150), w=st.floats(-50, 0), h=st.floats(-50, 50))
def test_a_box_without_area_pools_to_zero(x: float, y: float, w: float, h: float) -> None:
    result = pooled(torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.float64), (x, y, x + w, y + h), 3, 8)
    assert not result.any()


@given(seed=st.integers(0, 99), bins=st.integers(1, 5))
def test_it_is_the_mean_of_the_bilinear_map(seed: int, bins: int) -> None:
    """Against midpoint sums, for boxes that may leave the map."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(1, 2, HEIGHT, WIDTH, dtype=torch.float64, generator=generator)
    start = torch.rand(2, dtype=torch.float64, generator=generator) * 8 - 2
    x1, y1, x2, y2 = torch.cat([start, start + 0.2 + 5 * torch.rand(2, generator=generator)]).tolist()
    fine = 200
    points = (torch.arange(bins * fine).double() + 0.5) / (bins * fine)
    hats = [
        (1 - (low + points[:, None] * (high - low) - torch.arange(cells)).abs()).clamp(min=0)
        for low, high, cells in ((x1, x2, WIDTH), (y1, y2, HEIGHT))
    ]
    columns, rows = (hat.unflatten(0, (bins, fine)).mean(dim=1) for hat in hats)
    wanted = rows @ features[0] @ columns.T
    torch.testing.assert_close(pooled(features, (x1, y1, x2, y2), bins, 8), wanted, atol=2e-4, rtol=0)


BOXES = torch.tensor(
    [
        [[3.0, 7.1, 33.3, 30.2], [-9.3, -4.0, 20.0, 51.0], [41.0, 22.7, 43.2, 23.9]],
        [[5.0, 5.0, 5.0, 30.0], [60.5, 33.1, 95.0, 70.0], [30.0, 10.0, 20.0, 40.0]],
    ],
    dtype=torch.float64,
)
"""inside; over the corner; tiny; empty; over the other corner; turned inside out"""


@pytest.mark.parametrize("bins", [1, 3])
def test_gradients(bins: int) -> None:
    features = torch.randn(2, 2, HEIGHT, WIDTH, dtype=torch.float64, requires_grad=True)
    sized = torch.tensor([[True, True, True], [False, True, False]])

    def pool(features: Tensor, some: Tensor) -> Tensor:
        boxes = BOXES.masked_scatter(sized[..., None], some)
        result: Tensor = roi_pool(features, boxes, bins=bins, stride=8)
        return result

    assert torch.autograd.gradcheck(pool, (features, BOXES[sized].requires_grad_()), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_written_gradient_is_that_of_autograd(dtype: torch.dtype) -> None:
    features, boxes = torch.randn(2, 3, HEIGHT, WIDTH, dtype=dtype), BOXES.to(dtype).requires_grad_()
    result = roi_pool(features, boxes, bins=3, stride=8)
    upstream = torch.randn_like(result)
    (wanted,) = torch.autograd.grad(result, boxes, upstream)
    with torch.inference_mode():
        same, pull = roi_pool_vjp(features, boxes.detach(), bins=3, stride=8)
        torch.testing.assert_close(pull(upstream), wanted)
    assert same.dtype == dtype and torch.equal(same, result)
    assert not wanted[1, 0].any() and not wanted[1, 2].any()


def test_maps_in_bfloat16_are_pooled_in_float32() -> None:
    maps = torch.randn(2, 3, HEIGHT, WIDTH).bfloat16()
    boxes = torch.tensor([[[9.0, 3, 40, 30], [-5, 2, 90, 20]]]).expand(2, 2, 4)
    for features in (maps, maps.contiguous(memory_format=torch.channels_last)):
        found, pull = roi_pool_vjp(features, boxes, bins=3, stride=8)
        wanted, wanted_pull = roi_pool_vjp(maps.float(), boxes, bins=3, stride=8)
        torch.testing.assert_close(found, wanted)
        torch.testing.assert_close(pull(found), wanted_pull(wanted))


def test_each_box_of_several_is_pooled_as_if_it_were_alone() -> None:
    features = torch.randn(2, 3, HEIGHT, WIDTH, dtype=torch.float64)
    together = roi_pool(features, BOXES, bins=3, stride=8)
    for row in range(2):
        for place in range(3):
            alone = roi_pool(
                features[row : row + 1], BOXES[row : row + 1, place : place + 1], bins=3, stride=8
            )
            torch.testing.assert_close(together[row, place], alone[0, 0])


def test_no_box_at_all() -> None:
    features, none = torch.randn(2, 3, HEIGHT, WIDTH), torch.zeros(0, 4)
    assert roi_pool(features, none[None].expand(2, 0, 4), bins=3, stride=8).shape == (2, 0, 3, 3, 3)


def test_the_smallest_boxes_are_as_precise_as_others() -> None:
    features = torch.randn(1, 2, 40, 40)
    boxes = torch.tensor([[[600.3, 590.1, 601.3, 591.1]]])
    found, wanted = (
        roi_pool(features.to(t), boxes.to(t), bins=3, stride=16) for t in (torch.float, torch.double)
    )
    torch.testing.assert_close(found.double(), wanted, atol=1e-6, rtol=1e-6)


def test_boxes_that_are_not_finite_spoil_only_themselves() -> None:
    features = torch.randn(1, 2, HEIGHT, WIDTH)
    boxes = torch.tensor([[[0.0, 2.0, 30.0, 30.0], [torch.nan, 0.0, 9.0, 9.0]]])
    both = roi_pool(features, boxes, bins=3, stride=8)
    torch.testing.assert_close(both[:, 0], roi_pool(features, boxes[:, :1], bins=3, stride=8)[:, 0])
