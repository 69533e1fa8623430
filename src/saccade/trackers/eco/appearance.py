"""What a search region looks like: HOG, brightness and colour on one grid of cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor

from saccade.ops.colors import color_memberships
from saccade.ops.crops import CropView
from saccade.ops.hog import CELL, hog
from saccade.ops.warps import warp_crops


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The pixels of N search regions, side S in crop pixels.

    Attributes:
        view: where they lie in the frame.
        gray: brightness, 0-255.
        color: RGB at half the resolution.
    """

    view: CropView
    gray: Float[Tensor, "N S S"]
    color: UInt8[Tensor, "N S/2 S/2 3"]

    @classmethod
    def cut(cls, image: UInt8[np.ndarray, "H W 3"], view: CropView) -> "Region":
        """Cuts the regions out of a frame."""
        crops = warp_crops(image, view)
        half = (view.size_wh[0] // 2, view.size_wh[1] // 2)
        gray = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops])
        color = np.stack([cv2.resize(crop, half, interpolation=cv2.INTER_AREA) for crop in crops])
        return cls(view, torch.from_numpy(gray).float(), torch.from_numpy(color))

    def cues(self) -> tuple[Float[Tensor, "N 31 n n"], Float[Tensor, "N 11 n n"], Float[Tensor, "N 1 n n"]]:
        """HOG, colour memberships and brightness of each cell."""
        gray = self.gray[:, None]
        gradients = hog(F.pad(gray, (1, 1, 1, 1), mode="replicate")[:, 0])
        colors = F.avg_pool2d(color_memberships(self.color).permute(0, 3, 1, 2), CELL // 2)
        return gradients, colors, F.avg_pool2d(gray / 255 - 0.5, CELL)


Cues = tuple[Tensor, Tensor, Tensor]


def principal_axes(cue: Float[Tensor, "N C h w"], count: int) -> Float[Tensor, "N count C"]:
    """The directions in which the cells of a cue vary most, the strongest first, one set a target."""
    cells = cue.flatten(2)
    centred = cells - cells.mean(-1, keepdim=True)
    # eigh is not reproducible to a float32's last digits between batch sizes; double hides that
    axes = torch.linalg.eigh((centred @ centred.mT).double()).eigenvectors
    return axes.flip(-1)[..., :count].mT.float()


def compress(cues: Cues, bases: Sequence[Tensor], has_color: Float[Tensor, " N"]) -> Float[Tensor, "N C n n"]:
    """The channels that the filter sees: each cue on its principal axes, brought to unit mean square.

    Args:
        bases: principal axes of HOG and of the colour memberships.
        has_color: 1 where colour is used, 0 where not.
    """
    gradients, colors, brightness = cues
    hog_basis, color_basis = bases
    seen = _unit(_project(color_basis, colors)) * has_color[:, None, None, None]
    return torch.cat([_unit(_project(hog_basis, gradients)), _unit(brightness), seen], dim=1)


def _project(basis: Float[Tensor, "N k C"], cue: Float[Tensor, "N C h w"]) -> Float[Tensor, "N k h w"]:
    return (basis @ cue.flatten(2)).unflatten(2, cue.shape[2:])


def _unit(channels: Float[Tensor, "N k h w"]) -> Float[Tensor, "N k h w"]:
    return channels * (channels.square().mean((1, 2, 3), keepdim=True) + 1e-10).rsqrt()
