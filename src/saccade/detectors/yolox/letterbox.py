"""Pictures of any size in one batch: each is fitted into the upper left, and the rest is grey."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.detectors.yolox.backbone import STRIDES

_GREY = 114 / 255


class Letterboxed(NamedTuple):
    """Images as a network sees them.

    Attributes:
        pictures: one batch; sides are multiples of the largest stride.
        factors: what corners (x1, y1, x2, y2) in pixels of each image were multiplied by.
        sizes: (height, width) of each image.
    """

    pictures: Float[Tensor, "B 3 H W"]
    factors: Float[Tensor, "B 4"]
    sizes: list[tuple[int, int]]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the pictures."""
        return self.pictures.shape[2], self.pictures.shape[3]


def letterbox(images: Sequence[Float[Tensor, "3 _ _"]], size: int, *, square: bool) -> Letterboxed:
    """Scales images so that the longer side has `size` pixels; one that has it is not touched.

    Args:
        square: whether they are padded to a square, else only to the next multiples of the largest stride.
    """
    sizes = [(image.shape[1], image.shape[2]) for image in images]
    fitted = [fitted_size(*before, size) for before in sizes]
    canvases = [canvas_size(*before, size, square=square) for before in sizes]
    height, width = (max(sides) for sides in zip(*canvases, strict=True))
    pictures = images[0].new_full((len(images), 3, height, width), _GREY, dtype=torch.float32)
    for picture, image, before, after in zip(pictures, images, sizes, fitted, strict=True):
        if before != after:
            image = F.interpolate(image[None].float(), after, mode="bilinear", align_corners=False)[0]
        picture[:, : after[0], : after[1]] = image
    factors = torch.tensor(fitted) / torch.tensor(sizes)
    return Letterboxed(pictures, factors.flip(1).repeat(1, 2).to(pictures.device), sizes)


def fitted_size(height: int, width: int, size: int) -> tuple[int, int]:
    """(height, width) that an image is scaled to."""
    longer = max(height, width)
    return max(height * size // longer, 1), max(width * size // longer, 1)


def canvas_size(height: int, width: int, size: int, *, square: bool) -> tuple[int, int]:
    """(height, width) that an image alone is padded to."""
    if square:
        return size, size
    rows, columns = (-(-side // STRIDES[-1]) * STRIDES[-1] for side in fitted_size(height, width, size))
    return rows, columns
