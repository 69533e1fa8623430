"""What torchvision's transform makes of images, and how large that is."""

import math
from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

_ROUNDING = 1e-6
"""what a side that should be whole may lack of it"""


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
