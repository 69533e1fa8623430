"""What proposals are to be, and the loss of those that are furthest from it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor
from torchvision.ops import box_area, box_iou

from saccade.detectors.rfcn.deltas import encode
from saccade.nets.detection import Target, without_crowds

BACKGROUND, IGNORED = 0, -1
"""what a proposal is that no class is; classes are from 1 on here, and nowhere else"""
_IN_CROWD = 0.5
"""share of a proposal in a crowd from which it is ignored"""


class Wished(NamedTuple):
    """What the proposals of a picture are to be.

    Attributes:
        proposals: with the true boxes among them, so that there are some to learn from.
        classes: `BACKGROUND`, `IGNORED`, or a label + 1.
        deltas: to the true box; zero for background.
    """

    proposals: Float[Tensor, "R 4"]
    classes: Int64[Tensor, " R"]
    deltas: Float[Tensor, "R 4"]


@torch.no_grad()
def wish(proposals: Float[Tensor, "R0 4"], target: Target, overlap: float) -> Wished:
    """Gives each proposal the true box that it overlaps most, if by `overlap` (IoU) or more."""
    truth, crowds = without_crowds(target)
    proposals = torch.cat([proposals, truth["boxes"]])
    classes = torch.full_like(proposals[:, 0], BACKGROUND, dtype=torch.int64)
    deltas = torch.zeros_like(proposals)
    if len(crowds):
        classes[_share_in(proposals, crowds) >= _IN_CROWD] = IGNORED
    if len(truth["boxes"]):
        iou, nearest = box_iou(proposals, truth["boxes"]).max(1)
        is_positive = iou >= overlap
        nearest = nearest[is_positive]
        classes[is_positive] = truth["labels"][nearest] + 1
        deltas[is_positive] = encode(truth["boxes"][nearest], proposals[is_positive])
    return Wished(proposals, classes, deltas)


def hard_losses(
    logits: Float[Tensor, "R c"],
    deltas: Float[Tensor, "R 4"],
    wished: Sequence[Wished],
    hard_proposals: int,
) -> dict[str, Tensor]:
    """The loss of the proposals of each picture with the highest (OHEM, Shrivastava et al. 2016).

    All of them have been computed already, and cost next to nothing, which is what makes it so cheap here.
    """
    classes = torch.cat([of_picture.classes for of_picture in wished])
    wished_deltas = torch.cat([of_picture.deltas for of_picture in wished])
    of_class = F.cross_entropy(logits, classes, ignore_index=IGNORED, reduction="none")
    of_box = F.smooth_l1_loss(deltas, wished_deltas, reduction="none").sum(1) * (classes > BACKGROUND)
    hardness = (of_class + of_box).detach().masked_fill(classes == IGNORED, -torch.inf)
    is_kept = torch.cat([_highest(part, hard_proposals) for part in _parts(hardness, wished)])
    number = is_kept.sum().clamp(min=1)
    return {
        "loss_class": of_class[is_kept].sum() / number,
        "loss_box": of_box[is_kept].sum() / (hard_proposals * len(wished)),
    }


def _parts(rows: Float[Tensor, " R"], wished: Sequence[Wished]) -> Sequence[Tensor]:
    parts: Sequence[Tensor] = rows.split([len(of_picture.classes) for of_picture in wished])
    return parts


def _highest(values: Float[Tensor, " n"], number: int) -> Tensor:
    """Which of the values are among the highest, of those that are not -inf."""
    is_kept = torch.zeros_like(values, dtype=torch.bool)
    highest = values.topk(min(number, len(values)))
    is_kept[highest.indices] = highest.values > -torch.inf
    return is_kept


def _share_in(boxes: Float[Tensor, "N 4"], crowds: Float[Tensor, "M 4"]) -> Float[Tensor, " N"]:
    """Largest part of each box that lies in one crowd."""
    corner = torch.maximum(boxes[:, None, :2], crowds[:, :2])
    shared = (torch.minimum(boxes[:, None, 2:], crowds[:, 2:]) - corner).clamp(min=0).prod(-1)
    return shared.amax(1) / box_area(boxes).clamp(min=1e-6)
