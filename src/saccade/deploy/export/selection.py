"""From candidates to a fixed number of detections, without a branch: what graphs can be exported of."""

import math

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torchvision import ops

CANDIDATES = 3000
"""of a picture that suppress each other, at most"""
_ASIDE = (-2.0, -2.0, -1.0, -1.0)
"""box of all that is no candidate"""
_ALWAYS = ((-4.0, -4.0, -3.0, -3.0), (-6.0, -6.0, -5.0, -5.0))
"""boxes that overlap with none"""

Rows = tuple[Float[Tensor, "B D 4"], Float[Tensor, "B D"], Int64[Tensor, "B D"]]
"""boxes, scores and labels, best first; behind the last one, boxes and scores are 0 and labels -1"""


def select(
    boxes: Float[Tensor, "B A g 4"],
    scores: Float[Tensor, "B A C"],
    labels: Int64[Tensor, " C"],
    *,
    threshold: float,
    nms: float,
    limit: int,
    min_side: float = -1.0,
) -> Rows:
    """The best detections of each class, without those whose IoU with a better one of it is above `nms`.

    It is what `batched_nms` gives, but for two things: only the best candidates take part; and as many rows
    as there may be come out.

    Args:
        boxes: of every anchor; one for all classes, or one a class.
        scores: of every anchor and output of the network.
        labels: what each output means; -1 for one that is no class.
        threshold: score that a detection must exceed.
        limit: detections of a picture, at most.
        min_side: of a detection's box, which must exceed it.
    """
    outputs = scores.shape[2]
    # none of the best pairs of an anchor and an output is of an anchor outside of the best
    anchors = _best(scores.amax(2), min(CANDIDATES, scores.shape[1]))
    near = rows_at(scores, anchors).flatten(1)
    places = _best(near, min(CANDIDATES, near.shape[1]))
    best = near.gather(1, places)
    rows, output = places // outputs, places % outputs
    # gathered by anchor first: of the boxes of all anchors and classes, few are wanted
    chosen = rows_at(boxes.flatten(2), anchors)
    column = output if boxes.shape[2] > 1 else torch.zeros_like(output)
    chosen = rows_at(chosen.unflatten(2, (-1, 4)).flatten(1, 2), rows * boxes.shape[2] + column)
    is_found = (best > threshold) & ((chosen[..., 2:] - chosen[..., :2]) > min_side).all(2)
    is_found = is_found & kept(chosen, best, output, is_found, iou=nms, num_groups=outputs)
    best, order = torch.where(is_found, best, 0).topk(min(limit, best.shape[1]))
    label = torch.where(best > 0, labels[output].gather(1, order), -1)
    # what is no class has counted, and goes
    best, places = torch.where(label >= 0, best, 0).topk(min(limit, best.shape[1]))
    order, label = order.gather(1, places), label.gather(1, places)
    is_there = best > 0
    return (
        torch.where(is_there[..., None], rows_at(chosen, order), 0),
        best,
        torch.where(is_there, label, -1),
    )


def kept(
    boxes: Float[Tensor, "B K 4"],
    scores: Float[Tensor, "B K"],
    groups: Int64[Tensor, "B K"],
    is_candidate: Bool[Tensor, "B K"],
    *,
    iou: float,
    num_groups: int,
) -> Bool[Tensor, "B K"]:
    """Which candidates no better one of their picture and group overlaps with more than that IoU.

    All pictures and groups are one set of boxes, each on a tile of its own. Tiles lie in a square, not in a
    row: the further out, the fewer digits are left for a box. What is no candidate is all in one place, where
    the first of it suppresses the rest.

    Args:
        boxes: with no edge below 0.
        groups: from 0.
    """
    picture = torch.arange(boxes.shape[0], device=boxes.device)[:, None]
    across = math.isqrt(num_groups - 1) + 1
    tile = torch.stack([groups % across, groups // across + picture * across], dim=2)
    extent = boxes.max() + 1
    apart = boxes + (tile.to(boxes.dtype) * extent).repeat(1, 1, 2)
    apart = torch.where(is_candidate[..., None], apart, boxes.new_tensor(_ASIDE))
    ranks = torch.where(is_candidate, scores, -1.0).flatten()
    # two that are always kept: a traced program takes it for granted that there are so many
    apart = torch.cat([apart.flatten(0, 1), boxes.new_tensor(_ALWAYS)])
    chosen = ops.nms(apart, torch.cat([ranks, ranks.new_full((len(_ALWAYS),), -2.0)]), iou)
    is_kept = torch.zeros_like(apart[:, 0], dtype=torch.int64).scatter(0, chosen, torch.ones_like(chosen))
    return (is_kept[: -len(_ALWAYS)].unflatten(0, scores.shape) > 0) & is_candidate


def _best(scores: Float[Tensor, "B A"], count: int) -> Int64[Tensor, "B K"]:
    """Where the highest are, the first first: of two that are as high, it is to suppress the other."""
    return scores.topk(count).indices.sort().values


def rows_at(values: Float[Tensor, "B A n"], indices: Int64[Tensor, "B K"]) -> Float[Tensor, "B K n"]:
    """Some rows of each picture."""
    return values.gather(1, indices[..., None].expand(-1, -1, values.shape[2]))


def clipped(boxes: Float[Tensor, "B P 4"], edges: Float[Tensor, "B 1 4"]) -> Float[Tensor, "B P 4"]:
    """Boxes that end where the image in a picture does: `edges` are its width and height, twice."""
    return torch.minimum(boxes.clamp(min=0), edges)
