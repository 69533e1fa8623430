"""HOG against a slow version written from the paper, and its symmetries."""

import math

import numpy as np
import pytest
import torch

from saccade.ops.hog import hog


def slow_cells(gray: np.ndarray) -> np.ndarray:
    """Histograms of 18 signed orientations by four-cell bilinear votes of every pixel, in plain loops."""
    height, width = gray.shape[0] - 2, gray.shape[1] - 2
    bins = np.zeros((height // 4, width // 4, 18))
    for y in range(height):
        for x in range(width):
            dx = gray[y + 1, x + 2] - gray[y + 1, x]
            dy = gray[y + 2, x + 1] - gray[y, x + 1]
            magnitude = math.hypot(dx, dy)
            orientation = (math.atan2(dy, dx) + math.pi) / (2 * math.pi) * 18
            lower, share = int(orientation), orientation - int(orientation)
            # sub-cells of two pixels vote, as `hog` documents: their middles, in cells
            cy, cx = (y // 2 + 0.5) / 2 - 0.5, (x // 2 + 0.5) / 2 - 0.5
            for row in (math.floor(cy), math.floor(cy) + 1):
                for column in (math.floor(cx), math.floor(cx) + 1):
                    if 0 <= row < height // 4 and 0 <= column < width // 4:
                        vote = magnitude * (1 - abs(cy - row)) * (1 - abs(cx - column))
                        bins[row, column, lower % 18] += vote * (1 - share)
                        bins[row, column, (lower + 1) % 18] += vote * share
    return bins


def slow_hog(gray: np.ndarray) -> np.ndarray:
    bins = slow_cells(gray)
    rows, columns, _ = bins.shape
    energy = np.pad(((bins[..., :9] + bins[..., 9:]) ** 2).sum(-1), 1, mode="edge")
    out = np.zeros((31, rows, columns))
    for y in range(rows):
        for x in range(columns):
            for i, (oy, ox) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
                norm = 1 / math.sqrt(energy[y + oy : y + oy + 2, x + ox : x + ox + 2].sum() + 100)
                signed = np.minimum(bins[y, x] * norm, 0.2)
                unsigned = np.minimum((bins[y, x, :9] + bins[y, x, 9:]) * norm, 0.2)
                out[:18, y, x] += 0.5 * signed
                out[18:27, y, x] += 0.5 * unsigned
                out[27 + i, y, x] = 0.2357 * signed.sum()
    return out


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Smooth random brightness with a margin of one pixel."""
    coarse = torch.rand(1, 1, height // 4 + 2, width // 4 + 2, generator=torch.Generator().manual_seed(seed))
    size = (height + 2, width + 2)
    return 255 * torch.nn.functional.interpolate(coarse, size, mode="bicubic", align_corners=False)[0].clamp(
        0, 1
    )


@pytest.mark.parametrize(("height", "width", "contrast"), [(24, 24, 1.0), (16, 40, 1.0), (24, 24, 0.02)])
def test_equals_the_slow_version(height: int, width: int, contrast: float) -> None:
    gray = contrast * picture(height, width)
    expected = slow_hog(gray[0].double().numpy())
    np.testing.assert_allclose(hog(gray)[0].numpy(), expected, atol=2e-5)


def test_flat_pictures_have_no_gradients() -> None:
    assert hog(torch.full((1, 18, 18), 200.0)).abs().max() < 1e-6


def test_a_batch_equals_its_pictures() -> None:
    batch = torch.cat([picture(24, 24, seed) for seed in range(3)])
    single = torch.cat([hog(batch[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(hog(batch), single, rtol=0, atol=1e-6)


def test_large_pictures_are_looked_at_one_by_one() -> None:
    batch = torch.cat([picture(256, 240, seed) for seed in range(2)])
    torch.testing.assert_close(hog(batch)[1:], hog(batch[1:]), rtol=0, atol=1e-6)


def test_contrast_does_not_matter_where_there_is_structure() -> None:
    gray = picture(32, 32)
    torch.testing.assert_close(hog(gray), hog(0.5 * gray + 60), rtol=0, atol=0.02)


def test_inverted_contrast_turns_orientations_around() -> None:
    gray = picture(32, 32)
    there, back = hog(gray), hog(255 - gray)
    torch.testing.assert_close(there[:, :9], back[:, 9:18], rtol=0, atol=1e-4)
    torch.testing.assert_close(there[:, 18:], back[:, 18:], rtol=0, atol=1e-4)


def test_more_precise_pictures_have_more_precise_features() -> None:
    gray = torch.rand(1, 18, 26, dtype=torch.float64) * 255
    found = hog(gray)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.float(), hog(gray.float()), atol=1e-4, rtol=0)
