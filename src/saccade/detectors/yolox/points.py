"""The points that a YOLOX predicts at, one a cell of each level, and boxes by them."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.detectors.yolox.backbone import STRIDES
from saccade.ops.constants import constant


class Points(NamedTuple):
    """Where predictions are made, in the order of the head's rows.

    Attributes:
        corners: upper left corner of each cell in pixels.
        strides: width and height of each cell in pixels.
    """

    corners: Float[Tensor, "P 2"]
    strides: Float[Tensor, "P 1"]

    @property
    def centres(self) -> Float[Tensor, "P 2"]:
        """Middle of each cell in pixels."""
        return self.corners + self.strides / 2


def points_of(size: tuple[int, int], device: torch.device) -> Points:
    """The points of pictures of (height, width) in pixels, multiples of the largest stride."""
    rows = _rows(*size, device)
    return Points(rows[:, :2], rows[:, 2:])


@constant
def _rows(height: int, width: int, device: torch.device) -> Tensor:
    levels = []
    for stride in STRIDES:
        ys, xs = torch.meshgrid(
            torch.arange(0, height, stride), torch.arange(0, width, stride), indexing="ij"
        )
        levels.append(torch.stack([xs.flatten(), ys.flatten(), torch.full_like(xs, stride).flatten()], dim=1))
    return torch.cat(levels).to(device, torch.float32)


def decode(raw: Float[Tensor, "*B P 4"], points: Points) -> Float[Tensor, "*B P 4"]:
    """Corners of boxes in pixels: the centre is a shift in cells, the size the exponential of one."""
    centres = raw[..., :2] * points.strides + points.corners
    halves = raw[..., 2:].exp() * points.strides / 2
    return torch.cat([centres - halves, centres + halves], dim=-1)


def encode(boxes: Float[Tensor, "P 4"], points: Points) -> Float[Tensor, "P 4"]:
    """What `decode` would have to be given at each point for a box."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sizes = boxes[:, 2:] - boxes[:, :2]
    shifts = (centres - points.corners) / points.strides
    return torch.cat([shifts, (sizes / points.strides).log()], dim=1)
