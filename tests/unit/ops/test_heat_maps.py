"""Heat maps beside slow, literal versions of what the papers do."""

import math

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.ops.heat_maps import (
    decode,
    decode_dark,
    decode_quarter,
    gaussian_maps,
    gaussian_patches,
    nearest_cells,
    unflip,
    with_background,
)


def literal_patch(x: float, y: float, size_hw: tuple[int, int], sigma: float, radius: int) -> np.ndarray:
    """As SimpleBaseline draws it: a square cut out of a Gaussian, pasted at int(x + 0.5)."""
    patch = np.zeros(size_hw)
    column, row = int(x + 0.5), int(y + 0.5)
    for i in range(row - radius, row + radius + 1):
        for j in range(column - radius, column + radius + 1):
            if 0 <= i < size_hw[0] and 0 <= j < size_hw[1]:
                patch[i, j] = math.exp(-((i - row) ** 2 + (j - column) ** 2) / (2 * sigma**2))
    return patch


@pytest.mark.parametrize(
    ("sigma", "radius"), [(2.0, 6), (1.0, 3)], ids=["SimpleBaseline's 13 x 13", "Hourglass's 7 x 7"]
)
def test_patches_are_the_originals(sigma: float, radius: int) -> None:
    corners = torch.tensor([[0.0, 0.0], [11.49, 15.51], [-1.4, 3.0], [-6.4, 2.0], [17.4, 20.0], [50.0, 4.0]])
    points = torch.cat([corners, 24 * torch.rand(30, 2) - 4])
    drawn = gaussian_patches(nearest_cells(points), (16, 12), sigma=sigma, radius=radius)
    expected = [literal_patch(x, y, (16, 12), sigma, radius) for x, y in points.tolist()]
    np.testing.assert_allclose(drawn.numpy(), expected, atol=1e-6)
    assert drawn[0].max() == 1 and drawn[0, 0, 0] == 1, "the peak is 1"
    assert not drawn[5].any(), "who is far outside leaves nothing"


def literal_maps(points: Tensor, is_known: Tensor, size_hw: tuple[int, int], sigma: float) -> np.ndarray:
    """OpenPose's, in pixels: cell i is at 8 i + 3.5."""
    maps = np.zeros((points.shape[1], *size_hw))
    for person, known in zip(points.tolist(), is_known.tolist(), strict=True):
        for k, (x, y) in enumerate(person):
            for i in range(size_hw[0]) if known[k] else ():
                for j in range(size_hw[1]):
                    squares = (8 * j + 3.5 - x) ** 2 + (8 * i + 3.5 - y) ** 2
                    exponent = squares / (2 * sigma**2)
                    if exponent <= 4.6052:
                        maps[k, i, j] = max(maps[k, i, j], math.exp(-exponent))
    return maps


def test_maps_of_everybody_are_the_highest_of_each() -> None:
    pixels = 150 * torch.rand(5, 3, 2) - 20
    is_known = torch.rand(5, 3) > 0.3
    maps = gaussian_maps((pixels - 3.5) / 8, is_known, (14, 12), sigma=7 / 8)
    expected = literal_maps(pixels, is_known, (14, 12), 7.0)
    assert expected.any()
    np.testing.assert_allclose(maps.numpy(), expected, atol=1e-6)
    background = with_background(maps)[-1]
    np.testing.assert_allclose(background, 1 - expected.max(0), atol=1e-6)


def test_each_picture_of_a_batch_has_its_background() -> None:
    maps = torch.rand(2, 3, 4, 5)
    found = with_background(maps)
    assert found.shape == (2, 4, 4, 5)
    torch.testing.assert_close(found[1], with_background(maps[1]))


@pytest.mark.parametrize("count", [0, 2])
def test_maps_of_nobody_are_zero(count: int) -> None:
    maps = gaussian_maps(torch.rand(count, 3, 2), torch.zeros(count, 3, dtype=torch.bool), (4, 5), sigma=1.0)
    assert maps.shape == (3, 4, 5) and not maps.any()


def noisy_maps(batch: int = 2, joints: int = 6, size_hw: tuple[int, int] = (20, 16)) -> Tensor:
    """Gaussians anywhere, also at the rim, under noise; the last map is noise alone."""
    height, width = size_hw
    points = torch.rand(batch, joints, 2) * torch.tensor([width + 2.0, height + 2.0]) - 1
    maps = gaussian_patches(points, size_hw, sigma=2.0, radius=6)
    maps[:, -1] = 0
    return maps + 0.02 * torch.randn(maps.shape)


def literal_quarter(heat: np.ndarray) -> tuple[list[float], float]:
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    x, y = float(column), float(row)
    if 1 <= column <= heat.shape[1] - 2 and 1 <= row <= heat.shape[0] - 2:
        x += 0.25 * np.sign(heat[row, column + 1] - heat[row, column - 1])
        y += 0.25 * np.sign(heat[row + 1, column] - heat[row - 1, column])
    return [x, y], heat.max()


def literal_dark(heat: np.ndarray, sigma: float) -> tuple[list[float], float]:
    """The paper's, with OpenCV's blur on a map that is made larger by zeros."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    size = 2 * int(2.5 * sigma + 0.5) + 1
    border = size // 2
    padded = np.pad(heat, border)
    blurred = cv2.GaussianBlur(padded, (size, size), sigma)[border:-border, border:-border]
    f = np.log(np.maximum(blurred, 1e-10))
    point = np.array([column, row], float)
    if 1 < column < heat.shape[1] - 2 and 1 < row < heat.shape[0] - 2:
        c, r = column, row
        gradient = np.array([f[r, c + 1] - f[r, c - 1], f[r + 1, c] - f[r - 1, c]]) / 2
        dxy = (f[r + 1, c + 1] - f[r - 1, c + 1] - f[r + 1, c - 1] + f[r - 1, c - 1]) / 4
        dxx = (f[r, c + 2] - 2 * f[r, c] + f[r, c - 2]) / 4
        dyy = (f[r + 2, c] - 2 * f[r, c] + f[r - 2, c]) / 4
        hessian = np.array([[dxx, dxy], [dxy, dyy]])
        if np.linalg.det(hessian) > 1e-12 and dxx < 0:
            point += np.clip(-np.linalg.inv(hessian) @ gradient, -1, 1)
    return point.tolist(), heat.max()


@pytest.mark.parametrize("method", ["quarter", "dark"])
def test_decoding_is_the_literal_one(method: str) -> None:
    maps = torch.cat([noisy_maps() for _ in range(10)])
    points, scores = decode(maps, method, sigma=2.0)  # type: ignore[arg-type]
    for b in range(len(maps)):
        for k in range(maps.shape[1]):
            heat = maps[b, k].double().numpy()
            expected = literal_quarter(heat) if method == "quarter" else literal_dark(heat, 2.0)
            np.testing.assert_allclose(points[b, k], expected[0], atol=2e-3)
            assert scores[b, k] == pytest.approx(expected[1])


@pytest.mark.parametrize("size_hw", [(1, 1), (2, 3), (3, 2), (5, 5)])
def test_small_maps_have_a_peak_too(size_hw: tuple[int, int]) -> None:
    maps = torch.rand(2, 3, *size_hw)
    for points, scores in (decode_quarter(maps), decode_dark(maps, sigma=2.0)):
        assert points.isfinite().all() and (points >= 0).all()
        assert (points <= torch.tensor(size_hw[::-1]) - 1).all()
        torch.testing.assert_close(scores, maps.amax((2, 3)))


@pytest.mark.parametrize("level", [0.0, -1.0, 1.0])
def test_flat_maps_are_at_the_first_cell(level: float) -> None:
    for points, scores in (
        decode_quarter(torch.full((1, 2, 8, 8), level)),
        decode_dark(torch.full((1, 2, 8, 8), level), sigma=2.0),
    ):
        assert not points.any() and (scores == level).all()


def test_dark_finds_the_middle_of_a_gaussian() -> None:
    middles = 6 + 8 * torch.rand(1, 50, 2)
    maps = gaussian_patches(middles, (20, 20), sigma=2.0, radius=30)
    dark, quarter = decode_dark(maps, sigma=2.0)[0], decode_quarter(maps)[0]
    assert (dark - middles).abs().max() < 0.02
    assert (quarter - middles).abs().max() <= 0.5
    assert (dark - middles).abs().mean() < 0.1 * (quarter - middles).abs().mean()


def test_a_flipped_picture_is_flipped_back() -> None:
    points = torch.tensor([[[2.0, 3.0], [9.0, 4.0], [5.0, 1.0]]])
    width, mirror = 12, (1, 0, 2)
    maps = gaussian_patches(points, (8, width), sigma=1.0, radius=3)
    # in the mirrored picture, the left one is where the right one was, as far from the other side
    flipped_points = points[:, list(mirror)] * torch.tensor([-1, 1]) + torch.tensor([width - 1, 0])
    flipped = gaussian_patches(flipped_points, (8, width), sigma=1.0, radius=3)
    torch.testing.assert_close(unflip(flipped, mirror), maps)


def test_the_shift_of_one_cell_doubles_the_first_column() -> None:
    maps = torch.rand(2, 2, 3, 4)
    shifted = unflip(maps, (0, 1), shifts=True)
    back = maps.flip(3)
    torch.testing.assert_close(shifted[..., 1:], back[..., :-1])
    torch.testing.assert_close(shifted[..., 0], back[..., 0])
