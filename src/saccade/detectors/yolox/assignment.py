"""SimOTA: which points of a picture learn which of its boxes, judged by what they say already."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torchvision.ops import box_iou

from saccade.detectors.yolox.config import Assignment
from saccade.detectors.yolox.points import Points

_NEVER = 1e6
"""what a point costs a box around whose middle it does not lie: more than any other"""
_LOG_ZERO = -100.0
"""the logarithm of a probability of zero, as PyTorch's cross entropy has it"""


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """What each point learns.

    Attributes:
        is_positive: whether it learns a box at all.
        truth: which one; zero where it learns none.
        iou: how far its own box overlaps that one now; zero where it learns none.
    """

    is_positive: Bool[Tensor, " P"]
    truth: Int64[Tensor, " P"]
    iou: Float[Tensor, " P"]


@torch.no_grad()
def assign(
    boxes: Float[Tensor, "P 4"],
    objectness: Float[Tensor, " P"],
    classes: Float[Tensor, "P C"],
    truth_boxes: Float[Tensor, "M 4"],
    truth_labels: Int64[Tensor, " M"],
    points: Points,
    config: Assignment,
) -> Assigned:
    """Gives every box the points that say it best (YOLOX, section 2.1: SimOTA).

    A box gets as many points as the overlaps of its best candidates add up to, at least one: those that
    cost it the least. A point that several boxes want goes to the box that it costs the least.

    Args:
        boxes: predicted, in pixels.
        objectness: logits.
        classes: logits.
        truth_boxes: in pixels; there may be none.
    """
    num_points, num_truths = len(boxes), len(truth_boxes)
    if not num_truths:
        nothing = torch.zeros(num_points, dtype=torch.int64, device=boxes.device)
        return Assigned(nothing.bool(), nothing, nothing.float())
    is_central = _is_central(truth_boxes, points, config.radius)
    is_candidate = is_central.any(0)
    ious = box_iou(truth_boxes, boxes) * is_candidate
    cost = _class_cost(objectness, classes, truth_labels) - config.overlap_cost * (ious + 1e-8).log()
    cost = cost.where(is_central, cost + _NEVER).masked_fill(~is_candidate, torch.inf)
    candidates = min(config.candidates, num_points)
    counts = ious.topk(candidates).values.sum(1).int().clamp(min=1)
    cheapest = cost.topk(candidates, largest=False)
    is_taken = torch.arange(candidates, device=counts.device) < counts[:, None]
    is_wanted = torch.zeros_like(is_central).scatter_(
        1, cheapest.indices, is_taken & cheapest.values.isfinite()
    )
    num_wanting = is_wanted.sum(0)
    truth = torch.where(num_wanting > 1, cost.argmin(0), is_wanted.int().argmax(0))
    iou = ious.gather(0, truth[None])[0] * (num_wanting > 0)
    return Assigned(num_wanting > 0, truth, iou)


def _is_central(truth_boxes: Float[Tensor, "M 4"], points: Points, radius: float) -> Bool[Tensor, "M P"]:
    """Whether the middle of a cell lies within `radius` cells of the middle of a box, along each axis."""
    middles = (truth_boxes[:, :2] + truth_boxes[:, 2:]) / 2
    distances = (points.centres - middles[:, None]).abs().amax(-1)
    return distances < radius * points.strides[:, 0]


def _class_cost(
    objectness: Float[Tensor, " P"], classes: Float[Tensor, "P C"], labels: Int64[Tensor, " M"]
) -> Float[Tensor, "M P"]:
    """Binary cross entropy between the root of class times objectness, and each box's class.

    Its terms for a wrong class do not depend on the box: they are added up once, and the term of the right
    class is put in the place of its own, so that nothing has an entry for box, point and class.
    """
    log_p = (F.logsigmoid(classes) + F.logsigmoid(objectness)[:, None]) / 2
    log_not_p = (-log_p.exp()).log1p().clamp(min=_LOG_ZERO)
    log_p = log_p.clamp(min=_LOG_ZERO)
    swap = (log_not_p - log_p)[:, labels].T
    return swap - log_not_p.sum(1)
