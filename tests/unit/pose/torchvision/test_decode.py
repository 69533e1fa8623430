"""Key points from heat maps: what torchvision finds box by box, for all boxes at once."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection.roi_heads import heatmaps_to_keypoints

from saccade.pose.torchvision.decode import decode


def boxes(count: int, low: float, high: float) -> Tensor:
    corners = 300 * torch.rand(count, 2)
    return torch.cat([corners, corners + low + (high - low) * torch.rand(count, 2)], dim=1)


def peaked(count: int, joints: int) -> Tensor:
    """As of a network that has learned: a peak above a floor, and noise."""
    middles, cells = 56 * torch.rand(count, joints, 2, 1), torch.arange(56.0)
    squares = (cells - middles) ** 2
    hills = torch.exp(-(squares[:, :, 0, None] + squares[:, :, 1, :, None]) / 18)
    return 12 * hills - 3 + 0.2 * torch.randn(count, joints, 56, 56)


def smooth(count: int, joints: int) -> Tensor:
    return F.interpolate(5 * torch.randn(count, joints, 14, 14), scale_factor=4, mode="bilinear")


def noise(count: int, joints: int) -> Tensor:
    return torch.randn(count, joints, 56, 56)


def same(maps: Tensor, where: Tensor) -> None:
    points, values = decode(maps, where)
    wished, reached = heatmaps_to_keypoints(maps, where)
    torch.testing.assert_close(values, reached, rtol=0, atol=1e-4)
    torch.testing.assert_close(points, wished[..., :2], rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", [peaked, smooth, noise])
@pytest.mark.parametrize(("low", "high"), [(2, 50), (50, 300)], ids=["small", "large"])
def test_points_are_torchvision_s(kind: type, low: float, high: float) -> None:
    same(kind(11, 3), boxes(11, low, high))


@pytest.mark.parametrize(
    "size",
    [(0.3, 0.2), (1, 1), (0, 0), (57, 56), (56, 112), (900, 3), (3, 900), (112, 113)],
    ids=str,
)
def test_boxes_of_any_size(size: tuple[float, float]) -> None:
    where = torch.tensor([[7.5, 3.25, 7.5 + size[0], 3.25 + size[1]]])
    same(peaked(1, 4), where)


def test_the_first_of_equal_positions_counts() -> None:
    maps = torch.zeros(2, 2, 56, 56)
    maps[0, 0, 20, 10] = maps[0, 0, 20, 40] = maps[0, 0, 40, 3] = 1
    same(maps, torch.tensor([[0.0, 0.0, 56.0, 56.0]]).expand(2, 4))


@pytest.mark.parametrize(("height", "width", "joints"), [(28, 40, 1), (5, 3, 30)])
def test_maps_of_any_size(height: int, width: int, joints: int) -> None:
    same(torch.randn(3, joints, height, width), boxes(3, 5, 90))


def test_nobody_is_fine() -> None:
    points, values = decode(torch.zeros(0, 17, 56, 56), torch.zeros(0, 4))
    assert (points.shape, values.shape) == ((0, 17, 2), (0, 17))
