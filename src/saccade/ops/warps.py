"""Crops at any centre and scale, to a fraction of a pixel."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from saccade.ops.crops import CropView


def warp_crops(image: UInt8[np.ndarray, "H W 3"], view: CropView) -> UInt8[np.ndarray, "N h w 3"]:
    """Resamples the pixels of N crops, bilinearly; beyond the frame its border is repeated.

    Where a crop pixel covers two or more frame pixels, these are averaged first, so that nothing aliases.
    Unlike `sample_patch`, which is bound to the rounding of published trackers, the crop lies exactly where
    the view says.
    """
    width, height = view.size_wh
    crops = np.empty((len(view.centre), height, width, 3), np.uint8)
    for crop, centre, scale in zip(crops, view.centre.tolist(), view.scale.tolist(), strict=True):
        _warp_one(image, np.array(centre), scale, crop)
    return crops


def _warp_one(
    image: UInt8[np.ndarray, "H W 3"],
    centre: Float[np.ndarray, "2"],
    scale: float,
    out: UInt8[np.ndarray, "h w 3"],
) -> None:
    size = np.array(out.shape[1::-1])
    factor = int(scale)
    if factor >= 2:
        image, corner = _shrink(image, centre, 0.5 * size * scale + 2 * factor, factor)
        centre = (centre - corner - (factor - 1) / 2) / factor
        scale /= factor
    offset = centre - scale * (size - 1) / 2
    cv2.warpAffine(
        image,
        np.array([[scale, 0, offset[0]], [0, scale, offset[1]]]),
        tuple(size.tolist()),
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _shrink(
    image: UInt8[np.ndarray, "H W 3"],
    centre: Float[np.ndarray, "2"],
    reach: Float[np.ndarray, "2"],
    factor: int,
) -> tuple[UInt8[np.ndarray, "h w 3"], Float[np.ndarray, "2"]]:
    """The part of a frame within `reach` of a point, averaged over blocks, and its top-left frame pixel."""
    limit = np.array(image.shape[1::-1])
    low = np.clip(np.floor(centre - reach).astype(int), 0, np.maximum(limit - factor, 0))
    high = np.clip(np.ceil(centre + reach).astype(int), np.minimum(low + factor, limit), limit)
    blocks = np.maximum((high - low) // factor, 1)
    part = image[low[1] : low[1] + blocks[1] * factor, low[0] : low[0] + blocks[0] * factor]
    return cv2.resize(part, tuple(blocks.tolist()), interpolation=cv2.INTER_AREA), low.astype(float)
