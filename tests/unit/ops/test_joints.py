"""Joints beside what they are on maps that OpenCV has made eight times as large."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.ops.heat_maps import gaussian_patches
from saccade.ops.joints import FINE, Joints, find_joints, refined
from tests.unit.ops.crowds import crowd

THRESHOLD, DISTANCE = 0.1, 6 / FINE


def literal_joints(heat: np.ndarray, distance: float) -> list[tuple[float, float, float]]:
    """(x, y, height) of a map's peaks, the highest first: enlarged as a whole, cell by cell, pair by pair."""
    wide = cv2.resize(np.pad(heat, 1, mode="edge"), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    rim = wide[FINE - 1 : 1 - FINE, FINE - 1 : 1 - FINE]
    middle = rim[1:-1, 1:-1]
    is_peak = (middle > THRESHOLD) & (middle >= rim[:-2, 1:-1]) & (middle > rim[2:, 1:-1])
    is_peak &= (middle >= rim[1:-1, :-2]) & (middle > rim[1:-1, 2:])
    rows, columns = np.nonzero(is_peak)
    found = [
        (float(x + 0.5) / FINE - 0.5, float(y + 0.5) / FINE - 0.5, float(middle[y, x]))
        for x, y in zip(columns, rows, strict=True)
    ]
    left: list[tuple[float, float, float]] = []
    for each in sorted(found, key=lambda one: -one[2]):
        if all(np.hypot(each[0] - one[0], each[1] - one[1]) >= distance for one in left):
            left.append(each)
    return left


def rows_of(joints: Joints) -> list[np.ndarray]:
    """(x, y, height) of each joint's candidates."""
    rows = torch.cat([joints.points, joints.scores[..., None]], dim=2)
    return [row[row[:, 2] > 0].numpy() for row in rows]


def check(maps: Tensor, distance: float = DISTANCE) -> list[np.ndarray]:
    joints = find_joints(maps, threshold=THRESHOLD, distance=distance, limit=1000)
    found = rows_of(joints)
    assert joints.scores.shape[1] == max(map(len, found)), "rows are as long as the longest"
    for row, heat in zip(found, maps.numpy(), strict=True):
        assert (np.diff(row[:, 2]) <= 0).all(), "the highest comes first"
        expected = np.array(literal_joints(heat, distance)).reshape(-1, 3)
        assert len(row) == len(expected)
        # equally high ones may come in another order
        order, its = (np.lexsort(np.round(each[:, :2], 3).T) for each in (row, expected))
        np.testing.assert_allclose(row[order], expected[its], atol=2e-5)
    return found


@pytest.mark.parametrize(
    ("count", "noise"), [(1, 0.0), (20, 0.0), (20, 0.02), (60, 0.0), (60, 0.02)], ids=str
)
def test_crowds_have_the_joints_of_the_enlarged_maps(count: int, noise: float) -> None:
    for seed in range(2):
        found = check(crowd(count, seed=seed, noise=noise).heats)
        assert sum(map(len, found)) > 0.7 * 18 * count * 0.9


def test_people_of_different_heights_side_by_side() -> None:
    torch.manual_seed(3)
    points = torch.rand(40, 6, 2) * torch.tensor([40.0, 30.0])
    heights = 0.2 + 0.8 * torch.rand(40, 6)
    maps = (gaussian_patches(points, (31, 41), sigma=7 / 8, radius=40) * heights[..., None, None]).amax(0)
    check(maps)
    check(maps, distance=0.0)


@pytest.mark.parametrize(
    "at", [(5.0, 4.0), (5.5, 4.0), (5.5, 4.5), (5.0625, 4.0625), (5.25, 4.75), (5.4375, 4.5625)], ids=str
)
def test_a_peak_between_cells_is_there_once(at: tuple[float, float]) -> None:
    """Also where two or four fine cells are equally high, in one cell or in two."""
    maps = gaussian_patches(torch.tensor([at]), (9, 11), sigma=7 / 8, radius=20)
    (row,) = rows_of(find_joints(maps, threshold=THRESHOLD))
    assert len(row) == 1
    np.testing.assert_allclose(row[0, :2], at, atol=1 / FINE)


@pytest.mark.parametrize("at", [(0.0, 0.0), (10.0, 8.0), (-0.4, 3.1), (4.1, 8.4)], ids=str)
def test_a_peak_at_the_rim_is_found(at: tuple[float, float]) -> None:
    check(gaussian_patches(torch.tensor([at]), (9, 11), sigma=7 / 8, radius=20))


def test_small_maps() -> None:
    check(torch.rand(4, 5, 2))
    check(torch.rand(4, 2, 2))


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 7), (7, 1)])
def test_lines_and_cells(size_hw: tuple[int, int]) -> None:
    """All fine cells across a line are equally high but for the last digit: there is one peak, or several."""
    maps = 0.2 + torch.rand(3, *size_hw)
    joints = find_joints(maps, threshold=THRESHOLD, distance=8.0)
    row, column = divmod(int(maps[0].argmax()), size_hw[1])
    if joints.scores.shape[1]:
        assert (joints.points[0, 0] - torch.tensor([column, row])).abs().max() < 0.5
        assert (joints.scores[:, 0] > 0.2).all()


@pytest.mark.parametrize(
    ("maps", "count"),
    [
        (lambda: torch.zeros(3, 6, 7), 0),
        (lambda: torch.full((3, 6, 7), 0.05), 0),
        (lambda: -torch.rand(3, 6, 7), 0),
    ],
    ids=["zero", "low", "below zero"],
)
def test_maps_without_peaks(maps: Callable[[], Tensor], count: int) -> None:
    joints = find_joints(maps(), threshold=THRESHOLD, distance=DISTANCE)
    assert int((joints.scores > 0).sum()) == count
    assert joints.points.shape == (*joints.scores.shape, 2)


def test_of_too_many_the_highest_are_left() -> None:
    torch.manual_seed(5)
    maps = torch.rand(2, 30, 30)
    some, all_of_them = (rows_of(find_joints(maps, threshold=THRESHOLD, limit=n)) for n in (10, 10_000))
    for row, whole in zip(some, all_of_them, strict=True):
        assert len(whole) > len(row) == 10
        np.testing.assert_array_equal(row, whole[:10])


def test_128_where_nothing_is_said() -> None:
    maps = torch.rand(1, 60, 60)
    assert find_joints(maps, threshold=THRESHOLD).scores.shape == (1, 128)


def test_refined_joints_are_in_the_middles_of_gaussians() -> None:
    torch.manual_seed(4)
    # also at the rim
    middles = torch.rand(200, 2) * torch.tensor([12.0, 9.0])
    maps = gaussian_patches(middles, (10, 13), sigma=7 / 8, radius=20)
    joints = find_joints(maps, threshold=THRESHOLD)
    found = refined(joints, maps)
    torch.testing.assert_close(found.points[:, 0], middles, atol=2e-3, rtol=0)
    torch.testing.assert_close(found.scores, joints.scores)
    assert (joints.points[:, 0] - middles).abs().max() > 0.1, "without, they are on eighths of cells"


def test_three_cells_are_enough_for_a_gaussian() -> None:
    maps = gaussian_patches(torch.tensor([[1.2, 0.9]]), (3, 3), sigma=7 / 8, radius=20)
    found = refined(find_joints(maps, threshold=THRESHOLD), maps)
    torch.testing.assert_close(found.points[0, 0], torch.tensor([1.2, 0.9]), atol=2e-3, rtol=0)


@pytest.mark.parametrize("middle", [(-1.3, 3.3), (3.3, -1.3), (13.3, 3.3), (3.3, 10.3)], ids=str)
def test_what_would_move_too_far_stays_on_both_axes(middle: tuple[float, float]) -> None:
    """Of a Gaussian whose middle is outside, the map's peak is at the rim."""
    maps = gaussian_patches(torch.tensor([middle]), (10, 13), sigma=7 / 8, radius=20)
    joints = find_joints(maps, threshold=THRESHOLD)
    assert joints.scores.shape == (1, 1)
    assert torch.equal(refined(joints, maps).points, joints.points)


def test_what_is_no_gaussian_stays() -> None:
    slope = torch.linspace(0.2, 1, 9).expand(1, 7, 9).contiguous()
    for maps in (slope, torch.rand(1, 2, 9), torch.zeros(1, 7, 9)):
        joints = find_joints(maps, threshold=THRESHOLD)
        assert (refined(joints, maps).points - joints.points).abs().sum() < 1
