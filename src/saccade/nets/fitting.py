"""Networks whose images torchvision's transform resizes: what it makes of them, and how large that is."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from saccade.nets.detection import Target, check_pictures, check_targets

_ROUNDING = 1e-6
"""what a side that should be whole may lack of it"""


class Resized(NamedTuple):
    """Images as the network sees them.

    Attributes:
        images: one normalised batch, and the (height, width) of each picture in it.
        sizes: (height, width) of each image as it was given.
    """

    images: ImageList
    sizes: list[tuple[int, int]]

    @property
    def pictures(self) -> Float[Tensor, "B 3 H W"]:
        """The batch."""
        return self.images.tensors


class Resizing(nn.Module):
    """A network that begins with torchvision's transform; whoever makes one says the rest."""

    transform: GeneralizedRCNNTransform

    @property
    def num_classes(self) -> int:
        """How many classes it tells apart; background is none of them."""
        raise NotImplementedError

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> Any:
        """All that is computed of whole pictures; second of the three steps in evaluation mode.

        Args:
            batch: normalised RGB.
        """
        raise NotImplementedError

    def find(self, dense: Any, resized: Resized) -> list[Any]:
        """What was found in each image, in its own pixels; last of the three steps."""
        raise NotImplementedError

    def losses(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target]
    ) -> dict[str, Tensor]:
        """What adds up to the loss of images that are known to be some, and of such targets."""
        raise NotImplementedError

    def forward(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[Any]:
        """Losses in training mode, which add up to the loss; what was found in evaluation mode.

        Args:
            images: RGB with values from 0 to 1, of any size.
            targets: in training mode, one an image.

        Raises:
            FrameError: for what is no such image.
            DatasetError: for targets that nothing can be learned from.
        """
        if not self.training:
            resized = self.collate(images)
            return self.find(self.dense(resized.pictures), resized)
        check_pictures(images)
        check_targets(images, targets, self.num_classes)
        assert targets is not None
        return self.losses(images, targets)

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image of that size is resized to: one that has it is resized no further."""
        return fitted_size(self.transform, height, width)

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the batch that such an image makes alone."""
        return canvas_size(self.transform, height, width)

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Resized:
        """Images of any size as one normalised batch; first of the three steps.

        Raises:
            FrameError: for what is no image.
        """
        check_pictures(images)
        batch = transformed(self.transform, images)
        return Resized(batch, [(image.shape[1], image.shape[2]) for image in images])


def fitted_size(transform: GeneralizedRCNNTransform, height: int, width: int) -> tuple[int, int]:
    """(height, width) that an image is resized to: one that has it is resized no further."""
    if transform.fixed_size is not None:
        columns, rows = transform.fixed_size
        return rows, columns
    scale = min(transform.min_size[-1] / min(height, width), transform.max_size / max(height, width))
    rows, columns = (max(math.floor(side * scale + _ROUNDING), 1) for side in (height, width))
    return rows, columns


def canvas_size(transform: GeneralizedRCNNTransform, height: int, width: int) -> tuple[int, int]:
    """(height, width) of the batch that such an image makes alone: filled up to multiples of the stride."""
    stride = transform.size_divisible
    rows, columns = (-(-side // stride) * stride for side in fitted_size(transform, height, width))
    return rows, columns


def transformed(transform: GeneralizedRCNNTransform, images: Sequence[Float[Tensor, "3 _ _"]]) -> ImageList:
    """Images of any size as one normalised batch; also strips, of which torchvision would leave no row."""
    batch: ImageList = transform([_with_rows(transform, image.float()) for image in images])[0]
    return batch


def _with_rows(transform: GeneralizedRCNNTransform, image: Float[Tensor, "3 _ _"]) -> Float[Tensor, "3 _ _"]:
    height, width = image.shape[1:]
    if min(height, width) * transform.max_size >= max(height, width):
        return image
    size = fitted_size(transform, height, width)
    return F.interpolate(image[None], size, mode="bilinear", align_corners=False)[0]
