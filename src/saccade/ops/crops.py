"""Crops: cutting search regions out of a frame, and the map between the pixels of both.

A pixel's centre lies at its integer coordinates: the box (x, y, w, h) covers the pixels x to x + w - 1, and
its centre is x + (w - 1) / 2.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor

from saccade.ops.constants import literal

BorderMode = Literal["replicate", "inside", "inside_major"]
"""how a region that leaves the frame is cut: the frame's border pixels are repeated; or it is shrunk until
both sides fit, or one of them does, and moved inside as far as possible"""


@dataclass(frozen=True, slots=True, eq=False)
class CropView:
    """The map between the pixels of a frame and those of a crop, or of a batch of crops.

    Attributes:
        centre: where the middle of the crop lies, (x, y) in frame pixels.
        scale: frame pixels in a crop pixel.
        size_wh: width and height of the crop in crop pixels.
    """

    centre: Float[Tensor, "*batch 2"]
    scale: Float[Tensor, "*batch"]
    size_wh: tuple[int, int]

    @classmethod
    def of_corners(cls, corners: Float[Tensor, "*batch 4"], size_wh: tuple[int, int]) -> "CropView":
        """The view of a crop of `size_wh` pixels with the corners that `sample_patch` measured."""
        top_left, bottom_right = corners[..., :2], corners[..., 2:]
        scale = ((bottom_right - top_left) / corners.new_tensor(size_wh)).prod(dim=-1).sqrt()
        return cls(0.5 * (top_left + bottom_right - 1), scale, size_wh)

    def __getitem__(self, index: Any) -> "CropView":
        """Some views of a batch."""
        return CropView(self.centre[index], self.scale[index], self.size_wh)

    def to(self, device: torch.device) -> "CropView":
        """The same views, for tensors on a device."""
        return CropView(self.centre.to(device), self.scale.to(device), self.size_wh)

    def to_crop(self, coordinates: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Points (x, y) or boxes (x, y, w, h) of the frame in crop pixels."""
        centre, size = _split(coordinates)
        scale = self.scale[..., None]
        return _join((centre - self.centre) / scale + self._middle(), size / scale)

    def to_frame(self, coordinates: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Points (x, y) or boxes (x, y, w, h) of the crop in frame pixels; the inverse of `to_crop`."""
        centre, size = _split(coordinates)
        scale = self.scale[..., None]
        return _join((centre - self._middle()) * scale + self.centre, size * scale)

    def _middle(self) -> Tensor:
        return (literal(self.size_wh, self.centre) - 1) / 2


def _split(coordinates: Tensor) -> tuple[Tensor, Tensor]:
    """Points, or the centres of boxes, and the (possibly zero-width) sizes that go with them."""
    if coordinates.shape[-1] not in (2, 4):
        raise ValueError(f"expected points (x, y) or boxes (x, y, w, h), got {coordinates.shape[-1]} columns")
    points, size = coordinates[..., :2], coordinates[..., 2:]
    return (points + (size - 1) / 2 if size.shape[-1] else points), size


def _join(centre: Tensor, size: Tensor) -> Tensor:
    return torch.cat([centre - (size - 1) / 2, size], dim=-1) if size.shape[-1] else centre


@dataclass(frozen=True, slots=True, eq=False)
class PixelWindow:
    """Which pixels of a frame make up each crop of a batch, before they are resized.

    Attributes:
        step: every how many-th pixel of the frame is used.
        offset: first pixel used, (x, y).
        first: first column and row of the window, counted in used pixels; may lie outside of the frame.
        stop: column and row behind the last ones.
        corners: (x1, y1, x2, y2) in frame pixels, as measured by the trackers.
    """

    step: Shaped[Tensor, " batch"]
    offset: Shaped[Tensor, "batch 2"]
    first: Shaped[Tensor, "batch 2"]
    stop: Shaped[Tensor, "batch 2"]
    corners: Float[Tensor, "batch 4"]


def pixel_window(
    frame_wh: tuple[int, int],
    centre: Float[Tensor, "batch 2"],
    size: Float[Tensor, "batch 2"],
    output_wh: tuple[int, int] | None = None,
    *,
    mode: BorderMode = "replicate",
    max_scale_change: float | None = None,
    legacy: bool = False,
) -> PixelWindow:
    """Decide which pixels a crop is made of, with the rounding that the online trackers are known by.

    The centre is truncated to a pixel. A region more than twice as large as the output is read at every
    `step`-th pixel first. The window of n pixels has the corners p - (n - 1) / 2 and p + n / 2 + 1, of which
    one is a half-integer, and is then truncated: windows of even size come out one pixel larger. `legacy`
    halves with integer division instead, as PyTorch did before 1.5: the window has exactly n pixels and
    integer corners.

    Args:
        centre: (x, y) in frame pixels.
        size: (width, height) of the region in frame pixels.
        output_wh: size the crop will be resized to, if it will.
        max_scale_change: by how much "inside" and "inside_major" may shrink the region; no limit by default.
    """
    frame = centre.new_tensor(frame_wh)
    middle = centre.trunc()
    if mode != "replicate":
        ratio = size / frame
        shrink = ratio.amax(dim=1) if mode == "inside" else ratio.amin(dim=1)
        size = (size / shrink.clamp(1, max_scale_change)[:, None]).trunc()

    step = torch.ones_like(centre[:, :1])
    if output_wh is not None:
        ratio = size / centre.new_tensor(output_wh)
        step = (ratio.amin(dim=1, keepdim=True) - 0.1).trunc().clamp(min=1)
    offset = middle.remainder(step)
    middle = (middle - offset) / step
    extent = ((frame - offset) / step).ceil()

    pixels = (size / step).round().clamp(min=2)
    before, after = (pixels - 1) / 2, pixels / 2
    if legacy:
        before, after = before.floor(), after.floor()
    first, stop = middle - before, middle + after + 1
    if mode != "replicate":
        shift = (-first).clamp(min=0) - (stop - extent).clamp(min=0)
        first, stop = first + shift, stop + shift
        # what still sticks out does so on both sides alike
        outside = (((-first).clamp(min=0) + (stop - extent).clamp(min=0)) / 2).floor()
        centring = torch.where(outside > 0, -first - outside, 0)
        first, stop = first + centring, stop + centring
    corners = torch.cat([step * first, step * stop], dim=1)
    return PixelWindow(step[:, 0].long(), offset.long(), first.long(), stop.long(), corners)


def sample_patch(
    image: np.ndarray | Tensor,
    centre: Float[Tensor, "batch 2"],
    size: Float[Tensor, "batch 2"],
    output_wh: tuple[int, int] | None = None,
    *,
    mode: BorderMode = "replicate",
    max_scale_change: float | None = None,
    is_mask: bool = False,
    legacy: bool = False,
) -> tuple[Float[Tensor, "batch c h w"], Float[Tensor, "batch 4"]]:
    """Cut regions out of a frame, as float32 in the frame's range of values.

    The frame is thinned and cut before it is converted and resized: the cost follows the crop, not the frame.

    Args:
        image: array (H, W, C) or tensor (C, H, W) of any type.
        centre: (x, y) of each region in frame pixels.
        size: (width, height) of each region in frame pixels.
        output_wh: size of the crops, reached by bilinear interpolation (nearest for masks); without it the
            crops keep their pixels, and must be of one size to be stacked.
        mode, max_scale_change, legacy: see `pixel_window`.
        is_mask: continue with zeros beyond the frame, where a picture repeats its border.

    Returns:
        The crops, and their corners (x1, y1, x2, y2) in frame pixels for `CropView.of_corners`.
    """
    height, width = image.shape[-2:] if isinstance(image, Tensor) else image.shape[:2]
    window = pixel_window(
        (width, height), centre, size, output_wh, mode=mode, max_scale_change=max_scale_change, legacy=legacy
    )
    table = torch.cat([window.step[:, None], window.offset, window.first, window.stop], dim=1).tolist()
    crops = []
    for step, offset_x, offset_y, first_x, first_y, stop_x, stop_y in table:
        thinned = _slice(image, slice(offset_y, None, step), slice(offset_x, None, step))
        crop = _cut(thinned, (first_y, stop_y), (first_x, stop_x), "zero" if is_mask else "replicate")
        crops.append(_resized(crop[None], output_wh, is_mask))
    return torch.cat(crops), window.corners


def _slice(image: Any, rows: slice, columns: slice) -> Any:
    return image[:, rows, columns] if isinstance(image, Tensor) else image[rows, columns]


def _cut(
    image: np.ndarray | Tensor,
    rows: tuple[int, int],
    columns: tuple[int, int],
    border: Literal["zero", "replicate"],
) -> Float[Tensor, "c h w"]:
    """The given rows and columns of a picture, which may lie outside of it, as float32."""
    height, width = image.shape[-2:] if isinstance(image, Tensor) else image.shape[:2]
    # the part inside of the picture, at least its nearest pixel: a window may lie wholly outside
    top, bottom = min(max(rows[0], 0), height - 1), max(min(rows[1], height), 1)
    left, right = min(max(columns[0], 0), width - 1), max(min(columns[1], width), 1)
    inside = _slice(image, slice(top, bottom), slice(left, right))
    if isinstance(inside, Tensor):
        pixels = inside
    else:
        # copied as bytes, then made planes of floats by torch: far faster than numpy's astype
        pixels = torch.from_numpy(np.array(inside, order="C")).permute(2, 0, 1)
    crop = pixels.to(torch.float32, memory_format=torch.contiguous_format)
    padding = (left - columns[0], columns[1] - right, top - rows[0], rows[1] - bottom)
    if not any(padding):
        return crop
    return F.pad(crop[None], padding, mode="constant" if border == "zero" else "replicate")[0]


def _resized(crops: Float[Tensor, "b c h w"], output_wh: tuple[int, int] | None, is_mask: bool) -> Tensor:
    if output_wh is None or tuple(crops.shape[:-3:-1]) == output_wh:
        return crops
    size = (output_wh[1], output_wh[0])
    if is_mask:
        return F.interpolate(crops, size, mode="nearest")
    return F.interpolate(crops, size, mode="bilinear", align_corners=False)
