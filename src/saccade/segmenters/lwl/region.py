"""The part of a frame that a target is looked for in: wide, and inside of the frame if it fits."""

from dataclasses import dataclass
from typing import Literal, TypedDict

import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.core.frame import Frame
from saccade.core.ranges import above_to, at_least, check_ranges
from saccade.nets.resnet import STRIDES
from saccade.online.augmentation import Identity
from saccade.ops.crops import CropView, pixel_window, sample_patch
from saccade.segmenters.lwl.learner import KERNEL

STRIDE = STRIDES["layer3"]
SURE = 100.0
"""score of the pixels of a given mask"""
NOWHERE = -50.0
"""score of pixels beside a given mask, and of those that are not looked at: the original's -100 would change
no mask, and the sigmoids of less are numbers too small to compute with at full speed"""
MOST = 2048
"""crop pixels along a side; more takes minutes and gigabytes"""


class _Fitting(TypedDict):
    """How `sample_patch` makes regions fit into the frame."""

    mode: Literal["inside", "inside_major"]
    max_scale_change: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WideRegion:
    """How large a region is looked at.

    Regions larger than the frame are shrunk until one side fits, and moved inside as far as possible. Those
    of large targets therefore end up the same.
    """

    width: int = 832
    """of the crop in crop pixels; a multiple of 16"""
    height: int = 480
    """of the crop in crop pixels; a multiple of 16"""
    area: float = 5.0
    """square root of the region's area / square root of the target's area"""
    border: Literal["inside", "inside_major"] = "inside_major"
    """whether a region larger than the frame is shrunk until both sides fit, or only one"""
    largest_shrink: float | None = None
    """by how much regions may shrink for that; no limit when not given"""

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            side = getattr(self, name)
            if not 32 <= side <= MOST or side % STRIDE:
                raise ConfigError(f"search.{name} is {side}; it must be a multiple of 16 from 32 to {MOST}")
        check_ranges("search", self, area=above_to(0, 100), largest_shrink=at_least(1))

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the crop."""
        return self.width, self.height

    @property
    def size_hw(self) -> tuple[int, int]:
        """Rows and columns of the crop."""
        return self.height, self.width

    @property
    def smallest_scale(self) -> float:
        """Frame pixels in a crop pixel where a region is a single pixel of the frame high, or wide."""
        return 1 / min(self.width, self.height)

    @property
    def _fitting(self) -> _Fitting:
        return {"mode": self.border, "max_scale_change": self.largest_shrink}

    def scale(self, size: Float[Tensor, "N 2"]) -> Float[Tensor, " N"]:
        """Frame pixels in a crop pixel, for targets of `size` (w, h) frame pixels."""
        area = (size * self.area).prod(dim=1).double()
        return (area.sqrt() / (self.width * self.height) ** 0.5).float()

    def look(
        self, frame: Frame, centre: Float[Tensor, "N 2"], scale: Float[Tensor, " N"]
    ) -> tuple[CropView, Float[Tensor, "U 3 height width"], Integer[Tensor, " N"]]:
        """Cut the regions around N targets.

        Targets whose regions end up as the same pixels share a crop.

        Returns:
            The views (N), the U different crops with values 0 ... 255, and which of them is each target's.
        """
        middle, size = self._placed(centre, scale)
        window = pixel_window(frame.size_wh, middle, size, self.size_wh, **self._fitting)
        columns = (window.step[:, None], window.offset, window.first, window.stop)
        keys = [tuple(row) for row in torch.cat(columns, dim=1).tolist()]
        distinct = list(dict.fromkeys(keys))
        firsts = [keys.index(key) for key in distinct]
        crops, _ = sample_patch(frame.image, middle[firsts], size[firsts], self.size_wh, **self._fitting)
        view = CropView.of_corners(window.corners, self.size_wh)
        return view, crops, torch.tensor([distinct.index(key) for key in keys])

    def look_at_masks(
        self,
        masks: Float[Tensor, "N H W"],
        centre: Float[Tensor, "N 2"],
        scale: Float[Tensor, " N"],
    ) -> Float[Tensor, "N height width"]:
        """Cut from each target's mask what `look` cuts from the frame."""
        middle, size = self._placed(centre, scale)
        crops = [
            sample_patch(mask, at, extent, self.size_wh, is_mask=True, **self._fitting)[0]
            for mask, at, extent in zip(masks.split(1), middle.split(1), size.split(1), strict=True)
        ]
        return torch.cat(crops)[:, 0]

    def look_first(
        self,
        frame: Frame,
        mask: Float[Tensor, "1 H W"],
        centre: Float[Tensor, "2"],
        scale: Float[Tensor, ""],
    ) -> tuple[Float[Tensor, "3 height width"], Float[Tensor, "height width"]]:
        """Cut what a target is learnt from on its first frame: pixels and mask.

        The original cuts a patch twice as large, which may leave the frame, and takes from its middle what is
        inside of the frame if it fits.
        """
        frame_wh, crop_wh = centre.new_tensor(frame.size_wh), centre.new_tensor(self.size_wh)
        size = scale * crop_wh
        ratio = size / frame_wh
        shrink = ratio.amax() if self.border == "inside" else ratio.amin()
        size = size / shrink.clamp(1, self.largest_shrink)
        scale = (size / crop_wh).prod().sqrt()
        first, stop = centre - (size - 1) / 2, centre + size / 2 + 1
        shift = ((stop - frame_wh).clamp(min=0) - (-first).clamp(min=0)) / scale
        at, patch_size = centre.round()[None], (2 * scale * crop_wh)[None]
        patch_wh = (2 * self.width, 2 * self.height)
        picture, _ = sample_patch(frame.image, at, patch_size, patch_wh)
        patch, _ = sample_patch(mask, at, patch_size, patch_wh, is_mask=True)
        cut = Identity(shift=(int(shift[0]), int(shift[1])))
        return cut(picture[0], self.size_wh), cut(patch[0], self.size_wh)[0]

    def _placed(
        self, centre: Float[Tensor, "N 2"], scale: Float[Tensor, " N"]
    ) -> tuple[Float[Tensor, "N 2"], Float[Tensor, "N 2"]]:
        """Where regions lie, and how large they are, before they are made to fit."""
        # half a cell further right and down, unless features and filter are both even or both odd
        offset = [STRIDE / 2 * ((side // STRIDE + KERNEL) % 2) for side in self.size_wh]
        scale = scale[:, None]
        return centre + scale * scale.new_tensor(offset), scale * scale.new_tensor(self.size_wh)


def paste(scores: Float[Tensor, "N h w"], view: CropView, size_wh: tuple[int, int]) -> Float[Tensor, "N H W"]:
    """The scores of crops' pixels, brought into frames of `size_wh` pixels.

    Args:
        view: where the crops lie; on the host.
    """
    width, height = size_wh
    pasted = scores.new_full((len(scores), height, width), NOWHERE)
    places = zip(view.centre.tolist(), view.scale.tolist(), strict=True)
    for target, (centre, scale) in enumerate(places):
        piece = F.interpolate(scores[None, target : target + 1], scale_factor=scale, mode="bilinear")[0, 0]
        rows, columns = piece.shape
        left, top = int(centre[0] - 0.5 * columns), int(centre[1] - 0.5 * rows)
        x, y = max(left, 0), max(top, 0)
        inside = piece[y - top : height - top, x - left : width - left]
        pasted[target, y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return pasted
