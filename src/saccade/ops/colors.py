"""Soft colour memberships: how much a colour resembles each of eleven basic ones."""

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from saccade.ops.constants import constant

# black, mid grey, white, red, brown, orange, yellow, green, blue, purple, pink: the basic colour terms of
# Berlin and Kay
_ANCHORS = (
    (0, 0, 0), (128, 128, 128), (255, 255, 255), (200, 20, 20), (120, 70, 30), (240, 130, 20), (240, 220, 30),
    (30, 150, 50), (30, 60, 200), (120, 40, 150), (245, 150, 180),
)  # fmt: skip
_SPREAD = 25.0
"""standard deviation of a membership, in Lab units"""
_LEVELS = 32
"""quantisation of each RGB channel"""


def color_memberships(rgb: UInt8[Tensor, "B H W 3"]) -> Float[Tensor, "B H W 11"]:
    """The membership of every pixel in eleven basic colours, summing to one.

    A membership falls with the Lab distance d to the colour's anchor as exp(-d^2 / (2 * 25^2)), lightness
    counting half, so that no table has to be downloaded.
    """
    quantised = (rgb >> 3).int()
    index = (quantised[..., 0] * _LEVELS + quantised[..., 1]) * _LEVELS + quantised[..., 2]
    return _table()[index]


@constant
def _table() -> Float[Tensor, "32768 11"]:
    levels = (np.arange(_LEVELS, dtype=np.float32) * 8 + 4) / 255
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(1, -1, 3)
    anchors = np.array(_ANCHORS, dtype=np.float32)[None] / 255
    lab, wanted = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[0], cv2.cvtColor(anchors, cv2.COLOR_RGB2Lab)[0]
    difference = (lab[:, None] - wanted) * np.array([0.5, 1.0, 1.0], dtype=np.float32)
    nearness = np.exp(-(difference**2).sum(-1) / (2 * _SPREAD**2))
    return torch.from_numpy(nearness / nearness.sum(-1, keepdims=True))
