"""What a YOLOX is told about its predictions."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.detectors.yolox.assignment import Assigned, assign
from saccade.detectors.yolox.config import YOLOXConfig
from saccade.detectors.yolox.points import Points, decode, encode
from saccade.nets.detection import Target, without_crowds


def detection_losses(
    raw: Float[Tensor, "B P c"],
    points: Points,
    targets: Sequence[Target],
    config: YOLOXConfig,
    *,
    uses_l1: bool,
) -> dict[str, Tensor]:
    """The parts of the loss, each a sum over the points that learn a box, divided by their number.

    Objectness is summed over all points, but for those that learn none and lie in a crowd. A batch without
    any box has that part alone.

    Args:
        targets: in pixels of the batch.
        uses_l1: whether what encodes the boxes is compared too, as in the last epochs.
    """
    boxes = decode(raw[..., :4], points)
    assigned, truth_boxes, truth_labels, is_counted = [], [], [], []
    for index, target in enumerate(targets):
        truth, crowds = without_crowds(target)
        found = assign(
            boxes[index], raw[index, :, 4], raw[index, :, 5:], truth["boxes"], truth["labels"], points,
            config.assignment,
        )  # fmt: skip
        taken = found.truth[found.is_positive]
        assigned.append(found)
        truth_boxes.append(truth["boxes"][taken])
        truth_labels.append(truth["labels"][taken])
        is_counted.append(found.is_positive | ~_lies_in(points, crowds))
    is_positive = torch.stack([found.is_positive for found in assigned])
    wished = torch.cat(truth_boxes)
    number = max(len(wished), 1)
    losses = {
        "loss_box": config.box_weight * (1 - _iou(boxes[is_positive], wished).square()).sum() / number,
        "loss_objectness": _objectness_loss(raw[..., 4], is_positive, torch.stack(is_counted)) / number,
        "loss_class": _class_loss(raw[..., 5:][is_positive], torch.cat(truth_labels), assigned) / number,
    }
    if uses_l1:
        cells = is_positive.nonzero()[:, 1]
        there = Points(points.corners[cells], points.strides[cells])
        losses["loss_l1"] = (raw[..., :4][is_positive] - encode(wished, there)).abs().sum() / number
    return losses


def _objectness_loss(
    logits: Float[Tensor, "B P"], is_positive: Bool[Tensor, "B P"], is_counted: Bool[Tensor, "B P"]
) -> Float[Tensor, ""]:
    each = F.binary_cross_entropy_with_logits(logits, is_positive.float(), reduction="none")
    return (each * is_counted).sum()


def _class_loss(
    logits: Float[Tensor, "n C"], labels: Tensor, assigned: Sequence[Assigned]
) -> Float[Tensor, ""]:
    """The class is to be as sure as the box is good."""
    iou = torch.cat([found.iou[found.is_positive] for found in assigned])
    wished = F.one_hot(labels, logits.shape[1]) * iou[:, None]
    return F.binary_cross_entropy_with_logits(logits, wished, reduction="sum")


def _iou(a: Float[Tensor, "n 4"], b: Float[Tensor, "n 4"]) -> Float[Tensor, " n"]:
    """Overlap row by row."""
    overlap = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    return overlap / (areas - overlap + 1e-16)


def _lies_in(points: Points, boxes: Float[Tensor, "M 4"]) -> Bool[Tensor, " P"]:
    """Whether the middle of a cell lies in one of the boxes."""
    centres = points.centres[:, None]
    return ((centres > boxes[:, :2]) & (centres < boxes[:, 2:])).all(-1).any(-1)
