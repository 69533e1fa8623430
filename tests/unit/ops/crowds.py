"""Crowds of stick figures, and the maps that a network should make of them."""

from typing import NamedTuple

import torch
from torch import Tensor

from saccade.core import COCO_18, Skeleton
from saccade.ops.heat_maps import gaussian_maps
from saccade.ops.limbs import limb_fields

_FIGURE = {
    "nose": (0.50, 0.10), "neck": (0.50, 0.22), "right_shoulder": (0.35, 0.24), "right_elbow": (0.28, 0.38),
    "right_wrist": (0.25, 0.52), "left_shoulder": (0.65, 0.24), "left_elbow": (0.72, 0.38),
    "left_wrist": (0.75, 0.52), "right_hip": (0.42, 0.53), "right_knee": (0.40, 0.75),
    "right_ankle": (0.39, 0.97), "left_hip": (0.58, 0.53), "left_knee": (0.60, 0.75),
    "left_ankle": (0.61, 0.97), "right_eye": (0.46, 0.07), "left_eye": (0.54, 0.07),
    "right_ear": (0.42, 0.09), "left_ear": (0.58, 0.09),
}  # fmt: skip
"""(x, y) in a square that is as high as the figure"""
SIGMA = 7 / 8
"""of OpenPose's Gaussians, in cells"""


class Crowd(NamedTuple):
    """People, in cells of the maps, and the maps.

    Attributes:
        points: (N, K, 2).
        is_known: (N, K), which of them are there.
        heats: (K, h, w).
        fields: (2L, h, w).
    """

    points: Tensor
    is_known: Tensor
    heats: Tensor
    fields: Tensor


def figures(at: Tensor, heights: Tensor, skeleton: Skeleton = COCO_18) -> Tensor:
    """People who stand upright, (N, K, 2); `at` is the upper left of each (N, 2), `heights` are (N,)."""
    shape = torch.tensor([_FIGURE[point] for point in skeleton.points])
    return shape * heights[:, None, None] + at[:, None]


def drawn(
    points: Tensor,
    size_hw: tuple[int, int],
    *,
    is_known: Tensor | None = None,
    noise: float = 0.0,
    skeleton: Skeleton = COCO_18,
) -> Crowd:
    """The maps of people; with noise, like those of a network."""
    known = torch.ones(points.shape[:2], dtype=torch.bool) if is_known is None else is_known
    heats = gaussian_maps(points, known, size_hw, sigma=SIGMA)
    fields = limb_fields(points, known, skeleton.limb_indices, size_hw)
    heats += noise * torch.randn(heats.shape)
    return Crowd(points, known, heats, fields + 2 * noise * torch.randn(fields.shape))


def crowd(
    count: int,
    size_hw: tuple[int, int] = (46, 82),
    *,
    seed: int = 0,
    missing: float = 0.1,
    noise: float = 0.02,
    skeleton: Skeleton = COCO_18,
) -> Crowd:
    """People anywhere, over one another, of whom a share of the joints is missing."""
    torch.manual_seed(seed)
    height, width = size_hw
    heights = height * (0.3 + 0.5 * torch.rand(count))
    room = torch.tensor([width, height]) - heights[:, None]
    points = figures(torch.rand(count, 2) * room, heights, skeleton)
    points += 0.03 * heights[:, None, None] * torch.randn(points.shape)
    is_known = torch.rand(points.shape[:2]) >= missing
    return drawn(points, size_hw, is_known=is_known, noise=noise, skeleton=skeleton)
