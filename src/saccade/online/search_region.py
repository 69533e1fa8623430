"""The search region: the part of a frame that a target is looked for in."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.core.frame import Frame
from saccade.core.ranges import above_to, at_least, check_ranges
from saccade.ops.constants import literal
from saccade.ops.crops import CropView, sample_patch

LARGEST_SIDE = 2048
"""crop pixels; a frame of larger crops takes minutes"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRegion:
    """How large a region is looked at, and how it is cut."""

    side: int = 288
    """width and height of the crop in crop pixels; a multiple of 16"""
    area: float = 5.0
    """side of the region / square root of the target's area"""
    border: Literal["replicate", "inside_major"] = "replicate"
    """what becomes of regions that reach beyond the frame: its border pixels are repeated; or the region is
    shrunk until one side fits, and moved inside as far as possible"""
    largest_shrink: float = 1.5
    """by how much regions may shrink to fit into the frame, if the border mode does that"""
    scale_factors: tuple[float, ...] = (1.0,)
    """scales that are searched / last scale"""
    geometry: Literal["measured", "nominal"] = "measured"
    """where a crop is reckoned to lie: where its corners were cut (DiMP), or at the rounded centre and the
    scale asked for (ATOM), although it is cut at the truncated centre, in whole pixels"""
    legacy: bool = False
    """whether crops are cut with the integer division of PyTorch before 1.5, which most published results of
    these trackers come from"""

    def __post_init__(self) -> None:
        if not 16 <= self.side <= LARGEST_SIDE or self.side % 16:
            raise ConfigError(
                f"search.side is {self.side}; it must be a multiple of 16 up to {LARGEST_SIDE}, such as 288"
            )
        if not self.scale_factors:
            raise ConfigError("search.scale_factors is empty; give at least 1.0")
        check_ranges(
            "search", self, area=above_to(0, 100), largest_shrink=at_least(1), scale_factors=above_to(0, 10)
        )

    @property
    def side_wh(self) -> tuple[int, int]:
        """Width and height of the crop."""
        return self.side, self.side

    def scale(self, size: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch"]:
        """Frame pixels in a crop pixel, for targets of `size` (w, h) frame pixels."""
        return ((size * self.area).prod(dim=-1).double().sqrt() / self.side).float()

    def look(
        self,
        frame: Frame,
        centre: Float[Tensor, "N 2"],
        scale: Float[Tensor, " N"],
        offset: float = 0.0,
    ) -> tuple[CropView, Float[Tensor, "N S 3 side side"]]:
        """Cut the regions around N targets at S scales.

        Args:
            centre: (x, y) in frame pixels.
            scale: frame pixels in a crop pixel at a scale factor of 1.
            offset: crop pixels by which regions lie further right and down than their target.

        Returns:
            The views (N, S), and the crops with values 0 ... 255.
        """
        shape = (len(scale), len(self.scale_factors))
        scales = scale[:, None] * scale.new_tensor(self.scale_factors)
        centres = (centre + (offset * scale)[:, None])[:, None].expand(*shape, 2)
        crops, corners = sample_patch(
            frame.image,
            centres.flatten(0, 1),
            (self.side * scales.flatten())[:, None].expand(-1, 2),
            self.side_wh,
            mode=self.border,
            max_scale_change=self.largest_shrink,
            legacy=self.legacy,
        )
        if self.geometry == "measured":
            view = CropView.of_corners(corners.unflatten(0, shape), self.side_wh)
        else:
            view = CropView(centres.round(), scales, self.side_wh)
        return view, crops.unflatten(0, shape)

    def look_first(
        self,
        frame: Frame,
        centre: Float[Tensor, "2"],
        scale: Float[Tensor, ""],
        patch_wh: tuple[int, int],
    ) -> tuple[CropView, Float[Tensor, "3 h w"]]:
        """Cut what the pictures of a target's first frame are made of, at the middle of which its view lies.

        The border is replicated whatever the mode, as the original trackers do.
        """
        # DiMP cuts where it reckons to, ATOM truncates the centre that it then rounds
        cut_at = centre.round() if self.geometry == "measured" else centre
        size = scale * scale.new_tensor(patch_wh)
        patch, _ = sample_patch(frame.image, cut_at[None], size[None], patch_wh, legacy=self.legacy)
        return CropView(centre.round()[None], scale[None], self.side_wh), patch[0]


def keep_inside(
    centre: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"], frame_wh: tuple[int, int]
) -> Float[Tensor, "N 2"]:
    """Centres moved so that at least a fifth of the target, along each axis, stays in the frame."""
    reach = 0.3 * size
    return torch.maximum(torch.minimum(centre, literal(frame_wh, centre) + reach), -reach)
