"""What an exported detector sees of a frame: pictures of one size, whatever that of the frame is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

_ROUNDING = 1e-6
"""what a side that should be whole may lack of it"""


class Seen(NamedTuple):
    """Images as an exported network sees them.

    Attributes:
        pictures: one batch, each image in the upper left of its picture.
        sizes: (height, width) in pixels that each image has there.
        before: (height, width) of each image as it was given.
    """

    pictures: Float[Tensor, "B 3 H W"]
    sizes: Float[Tensor, "B 2"]
    before: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How images of any size become pictures of one: RGB with values from 0 to 1.

    Attributes:
        size: (height, width) of the pictures.
        inner: (height, width) of the part of them that an image may fill.
        shorter: pixels that the shorter side of an image gets, if the others let it; 0 where images are
            stretched to fill the inner part.
        longer: pixels that the longer side gets at most.
        fill: colour of what an image leaves free.
    """

    size: tuple[int, int]
    inner: tuple[int, int]
    shorter: int
    longer: int
    fill: tuple[float, float, float]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Sight":
        """From JSON values.

        Raises:
            LookupError: when one is missing.
            TypeError: when one is of another kind.
        """
        height, width = (int(side) for side in values["size"])
        rows, columns = (int(side) for side in values["inner"])
        red, green, blue = (float(value) for value in values["fill"])
        return cls(
            size=(height, width),
            inner=(rows, columns),
            shorter=int(values["shorter"]),
            longer=int(values["longer"]),
            fill=(red, green, blue),
        )

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image is resized to: one that has it is resized no further."""
        if not self.shorter:
            return self.inner
        wished = min(self.shorter / min(height, width), self.longer / max(height, width))
        rows, columns = (max(math.floor(side * wished + _ROUNDING), 1) for side in (height, width))
        if rows <= self.inner[0] and columns <= self.inner[1]:
            return rows, columns
        scale = min(self.inner[0] / height, self.inner[1] / width)
        rows, columns = (max(math.floor(side * scale + _ROUNDING), 1) for side in (height, width))
        return rows, columns

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Seen:
        """Images of any size as one batch."""
        before = [(image.shape[1], image.shape[2]) for image in images]
        fill = images[0].new_tensor(self.fill, dtype=torch.float32)
        pictures = fill[:, None, None].repeat(len(images), 1, *self.size)
        sizes = [self.fitted(*size) for size in before]
        for picture, image, (rows, columns) in zip(pictures, images, sizes, strict=True):
            if (rows, columns) != tuple(image.shape[1:]):
                image = F.interpolate(
                    image[None].float(), (rows, columns), mode="bilinear", align_corners=False
                )[0]
            picture[:, :rows, :columns] = image
        return Seen(pictures, pictures.new_tensor(sizes), before)


def normalised(network: Any, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
    """Pictures with values from 0 to 1 as torchvision's transform would give them."""
    mean, deviation = (
        pictures.new_tensor(values)[:, None, None]
        for values in (network.transform.image_mean, network.transform.image_std)
    )
    return (pictures - mean) / deviation
