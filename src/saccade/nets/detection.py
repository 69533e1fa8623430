"""What every detection network takes and gives, and what it refuses before it computes anything."""

import math
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torchvision.ops import batched_nms

from saccade.core.errors import DatasetError, FrameError

_GRID = 16
"""a pixel in so many, along each axis, tells the range of a picture's values"""


class Target(TypedDict):
    """What is in a picture that is learned from."""

    boxes: Tensor
    """(N, 4), corners in pixels of the picture, float32"""
    labels: Tensor
    """(N,), class index from 0, int64"""
    is_crowd: NotRequired[Tensor]
    """(N,), whether a box is around many at once: it is not learned, nor is what lies in it background"""


class Found(TypedDict):
    """What was found in a picture, best first."""

    boxes: Tensor
    """(N, 4), corners in pixels of the picture that was given, float32"""
    labels: Tensor
    """(N,), class index from 0, int64"""
    scores: Tensor
    """(N,), confidence in [0, 1], float32"""


def check_pictures(pictures: Sequence[Tensor]) -> None:
    """Refuses pictures that a network would look at without seeing anything.

    Raises:
        FrameError: when there are none, or one is no float tensor (3, H, W), or its values do not go from 0
            to 1. Values are looked at on a grid of pixels.
    """
    if not len(pictures):
        raise FrameError("the batch has no images")
    for index, picture in enumerate(pictures):
        is_picture = picture.ndim == 3 and picture.shape[0] == 3 and picture.numel() > 0
        if not is_picture or not picture.is_floating_point():
            kind = str(picture.dtype).removeprefix("torch.")
            raise FrameError(
                f"image {index} of the batch is {kind} of shape {tuple(picture.shape)}; expected floats of "
                f"shape (3, H, W), RGB, from 0 to 1"
            )
    ends = torch.stack([torch.stack(picture[:, ::_GRID, ::_GRID].aminmax()) for picture in pictures])
    # what augmentation overshoots is no reason to stop
    is_outside = ~((ends[:, 0] >= -0.5) & (ends[:, 1] <= 1.5))
    if is_outside.any():
        index = int(is_outside.int().argmax())
        low, high = ends[index].tolist()
        remedy = "divide it by 255" if high > 10 else "leave normalising to the network"
        remedy = "look where it comes from" if math.isnan(low) else remedy
        raise FrameError(
            f"image {index} of the batch has values from {low:.3g} to {high:.3g}; expected 0 to 1: {remedy}"
        )


def check_targets(pictures: Sequence[Tensor], targets: Sequence[Target] | None, num_classes: int) -> None:
    """Refuses targets that nothing can be learned from; having no box at all is fine.

    Raises:
        DatasetError: when there is not one target a picture, rows do not agree, a box has no area or numbers
            that are not finite, or a label is no class.
    """
    if targets is None or len(targets) != len(pictures):
        count = "no targets" if targets is None else f"{len(targets)} targets"
        raise DatasetError(f"{count} for {len(pictures)} images; in training every image has one")
    for index, target in enumerate(targets):
        boxes, labels = target["boxes"], target["labels"]
        if boxes.ndim != 2 or boxes.shape[1] != 4 or labels.shape != boxes.shape[:1]:
            raise DatasetError(
                f"image {index} of the batch: boxes of shape {tuple(boxes.shape)} and labels of shape "
                f"{tuple(labels.shape)}; expected (N, 4) and (N,), also for N = 0"
            )
    boxes = torch.cat([target["boxes"] for target in targets])
    labels = torch.cat([target["labels"] for target in targets])
    has_area = (boxes[:, 2:] > boxes[:, :2]).all(1) & boxes.isfinite().all(1)
    is_class = (labels >= 0) & (labels < num_classes)
    is_wrong = ~(has_area & is_class)
    if is_wrong.any():  # the one thing that the host waits for
        _complain(targets, int(is_wrong.int().argmax()), num_classes)


def _complain(targets: Sequence[Target], row: int, num_classes: int) -> None:
    index = 0
    while row >= len(targets[index]["boxes"]):
        row -= len(targets[index]["boxes"])
        index += 1
    corners = ", ".join(f"{edge:g}" for edge in targets[index]["boxes"][row].tolist())
    label = int(targets[index]["labels"][row])
    raise DatasetError(
        f"image {index} of the batch, box {row}: ({corners}) with label {label}; "
        f"expected finite x1 < x2, y1 < y2, and a label from 0 to {num_classes - 1}"
    )


def without_crowds(target: Target) -> tuple[Target, Float[Tensor, "M 4"]]:
    """A target that has no crowds, and the boxes of those it had."""
    boxes, labels = target["boxes"].float(), target["labels"]
    is_crowd = target.get("is_crowd")
    if is_crowd is None:
        return {"boxes": boxes, "labels": labels}, boxes[:0]
    is_crowd = is_crowd.bool()
    return {"boxes": boxes[~is_crowd], "labels": labels[~is_crowd]}, boxes[is_crowd]


def suppress(
    boxes: Float[Tensor, "N 4"],
    labels: Int64[Tensor, " N"],
    scores: Float[Tensor, " N"],
    *,
    nms: float,
    limit: int,
) -> Found:
    """The best boxes of each class, without those whose IoU with a better one of it is above `nms`."""
    kept = batched_nms(boxes, scores, labels, nms)[:limit]
    return {"boxes": boxes[kept], "labels": labels[kept], "scores": scores[kept]}
