"""Crops at any centre and scale."""

import numpy as np
import pytest
import torch

from saccade.ops.crops import CropView
from saccade.ops.warps import warp_crops


def ramp(width: int = 200, height: int = 150) -> np.ndarray:
    """A picture whose red tells the column and whose green tells the row."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(width), np.arange(height)[:, None]
    return image


def view(x: float, y: float, scale: float, side: int = 32) -> CropView:
    centre, scales = torch.tensor([[x, y]], dtype=torch.float64), torch.tensor([scale], dtype=torch.float64)
    return CropView(centre, scales, (side, side))


# whole, magnified, reduced a little, reduced with averaging, reduced more, off the pixel grid
CASES = [
    (100, 70, 1.0),
    (100, 70, 0.5),
    (90.3, 71.6, 1.7),
    (100, 70, 2.0),
    (101.25, 69.5, 3.4),
    (80.5, 60.25, 1.0),
]


@pytest.mark.parametrize(("x", "y", "scale"), CASES)
def test_pixels_are_where_the_view_says(x: float, y: float, scale: float) -> None:
    where = view(x, y, scale)
    crop = warp_crops(ramp(), where)[0].astype(float)
    for column, row in ((3, 5), (16, 16), (28, 20)):
        frame = where.to_frame(torch.tensor([[column, row]], dtype=torch.float64))[0].tolist()
        # half a level of rounding when blocks are averaged, again when they are resampled, and the 1/32 pixel
        # to which OpenCV rounds positions
        assert np.allclose(crop[row, column, :2], frame, atol=1 + scale / 32)


@pytest.mark.parametrize("size_wh", [(10, 6), (6, 10)])
@pytest.mark.parametrize(
    ("x", "y"),
    [(31, 24), (6.3, 5.8), (57.2, 43.7), (3, 45)],
    ids=["inside", "top left", "bottom right", "bottom left"],
)
@pytest.mark.parametrize("scale", [1.3, 2.0, 3.4, 4.9])
def test_every_pixel_of_a_crop(x: float, y: float, scale: float, size_wh: tuple[int, int]) -> None:
    where = CropView(torch.tensor([[x, y]]).double(), torch.tensor([scale]).double(), size_wh)
    # four levels a pixel, so that the means of blocks are whole numbers
    crop = warp_crops(4 * ramp(62, 48), where)[0] / 4
    columns, rows = np.meshgrid(np.arange(size_wh[0]), np.arange(size_wh[1]))
    there = torch.tensor(np.stack([columns, rows], axis=2), dtype=torch.float64).flatten(0, 1)
    frame = where.to_frame(there).numpy().reshape(*size_wh[::-1], 2)
    # at the right and the bottom, what makes no whole block is left out
    rim = 2 * int(scale)
    inside = ((frame > rim) & (frame < np.array([61, 47]) - rim)).all(axis=2)
    off = crop[..., :2] - frame
    assert inside.sum() > 4
    assert np.abs(off[inside]).max() < 0.15 + scale / 32
    assert np.abs(off[inside].mean(axis=0)).max() < 0.1
    assert np.abs(crop[..., :2] - frame.clip(0, [61, 47])).max() <= rim


@pytest.mark.parametrize(("away", "corner"), [(-500, (0, 0)), (900, (199, 149))])
@pytest.mark.parametrize("scale", [0.7, 2.6])
def test_beyond_the_frame_its_border_is_repeated(scale: float, away: float, corner: tuple[int, int]) -> None:
    crop = warp_crops(ramp(), view(away, away, scale))[0]
    assert (crop == crop[0, 0]).all()
    # the last pixel, or the mean of the last two
    assert np.abs(crop[0, 0, :2].astype(int) - corner).max() <= 1


@pytest.mark.parametrize("period", [2, 4])
def test_fine_patterns_are_averaged_and_do_not_alias(period: int) -> None:
    stripes = np.zeros((160, 160, 3), np.uint8)
    stripes[:, ::period] = 255
    crop = warp_crops(stripes, view(80, 80, 4.0))[0].astype(float)
    assert np.abs(crop - 255 / period).max() < 20


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (3, 5)])
def test_the_smallest_frames(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 77, np.uint8)
    for scale in (0.1, 2.5, 9.0):
        assert (warp_crops(image, view(1, 1, scale)) == 77).all()
