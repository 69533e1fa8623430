"""Whether an exported part says what the model says, and how fast both say it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from saccade.deploy.export.part import Compute, Part, Tensors
from saccade.ops.heat_maps import decode

BOUND = 1e-4
"""largest difference of a float32 export: of scores, of boxes by the longer side of the picture, and of other
numbers by the largest of their kind, if that is more than 1"""
UNMATCHED = 0.01
"""share of detections, at most, that one of both may have and the other not: rounding decides which of two
boxes suppresses the other where their scores, or their overlap and its limit, are the same to seven digits"""
_SAME = 0.5
"""IoU from which a box of the one can be one of the other"""
_SAME_PX = 0.01
"""pixels that the edges of boxes may be apart which are the same, however small they are"""
_WARM_UP = 2
"""times that each computes before the clock runs"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far what was exported is from the model, over some frames.

    Attributes:
        difference: the largest, as `BOUND` measures it.
        outputs: the largest difference of each output in its own unit, where they are compared number by
            number.
        matches: of boxes: how many are matched, the lowest and the mean IoU, the largest difference of their
            scores, how many only one of both has.
        keypoint_px: the largest and the mean distance of key points, in pixels of the network's picture.
    """

    difference: float
    outputs: dict[str, float]
    matches: dict[str, float | int] | None = None
    keypoint_px: dict[str, float | int] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found by either, so that nothing was compared."""
        return self.matches is not None and not self.matches["matched"] + self.matches["unmatched"]

    def holds(self, bound: float) -> bool:
        """Whether it stays within a bound, and anything was compared at all."""
        unmatched = 0.0 if self.matches is None else self.matches["unmatched_share"]
        return self.difference <= bound and unmatched <= max(UNMATCHED, bound) and not self.is_empty

    def to_json(self) -> dict[str, Any]:
        """As JSON values; without what there was nothing of."""
        values = {
            "largest_difference": self.difference,
            "outputs": self.outputs or None,
            "boxes": self.matches,
            "keypoints_px": self.keypoint_px,
        }
        return {name: value for name, value in values.items() if value is not None}


@torch.inference_mode()
def agreement(part: Part, compute: Compute, expected: Sequence[Tensors]) -> Agreement:
    """How far what computes is from what was expected of a part's examples."""
    found = [part.finish(*compute(*inputs)) for inputs in part.examples]
    pairs = list(zip(expected, found, strict=True))
    if part.kind in ("detections", "people"):
        return _of_boxes(part, pairs)
    outputs = [_differences(pair) for pair in pairs]
    pixels = [_key_point_pixels(part, pair) for pair in pairs] if part.kind == "heatmaps" else []
    return Agreement(
        difference=max((relative for each in outputs for _, relative in each), default=0.0),
        outputs={name: max(each[index][0] for each in outputs) for index, name in enumerate(part.outputs)},
        keypoint_px=_summary(pixels) if pixels else None,
    )


def _differences(pair: tuple[Tensors, Tensors]) -> list[tuple[float, float]]:
    """For each output, the largest difference, and that by the largest number, if it is more than 1."""
    found = []
    for expected, got in zip(*pair, strict=True):
        difference = float((expected - got).abs().max()) if expected.numel() else 0.0
        found.append((difference, difference / max(1.0, float(expected.abs().max()))))
    return found


def _key_point_pixels(part: Part, pair: tuple[Tensors, Tensors]) -> Float[Tensor, " k"]:
    """Pixels between the peaks of heat maps, which are the last output."""
    (expected, _), (got, _) = (decode(outputs[-1], "quarter", sigma=2.0) for outputs in pair)
    cell = part.examples[0][0].shape[3] / pair[0][-1].shape[3]
    return (expected - got).norm(dim=-1).flatten() * cell


def _summary(pixels: Sequence[Float[Tensor, " _"]]) -> dict[str, float | int]:
    all_of_them = torch.cat(list(pixels))
    return {"largest": float(all_of_them.max()), "mean": float(all_of_them.mean()), "count": len(all_of_them)}


def _of_boxes(part: Part, pairs: Sequence[tuple[Tensors, Tensors]]) -> Agreement:
    side = max(part.examples[0][0].shape[2:])
    overlaps, scores, shifts, points = [], [], [], []
    missing = total = 0
    for expected, got in pairs:
        rows = matched(expected, got)
        boxes, others = expected[0][0][rows[0]], got[0][0][rows[1]]
        overlaps.append(_overlaps(boxes, others))
        shifts.append((boxes - others).abs().amax(1) / side)
        scores.append((expected[1][0][rows[0]] - got[1][0][rows[1]]).abs())
        if part.kind == "people":
            points.append((expected[2][0][rows[0]] - got[2][0][rows[1]]).norm(dim=-1).flatten())
        counts = [int((each[1] > 0).sum()) for each in (expected, got)]
        total += sum(counts)
        missing += sum(counts) - 2 * len(rows[0])
    ious, shift, score = (torch.cat(each) for each in (overlaps, shifts, scores))
    is_any = len(ious) > 0
    return Agreement(
        difference=float(torch.cat([shift, score]).max()) if is_any else 0.0,
        outputs={},
        matches={
            "matched": len(ious),
            "unmatched": missing,
            "unmatched_share": missing / max(total, 1),
            "lowest_iou": float(ious.min()) if is_any else 1.0,
            "mean_iou": float(ious.mean()) if is_any else 1.0,
            "largest_score_difference": float(score.max()) if is_any else 0.0,
            "largest_shift_px": float(shift.max()) * side if is_any else 0.0,
        },
        keypoint_px=_summary(points) if points and is_any else None,
    )


def matched(expected: Tensors, got: Tensors) -> tuple[Tensor, Tensor]:
    """Rows of one picture's detections that are the same ones, the best overlaps first."""
    ours, theirs = ((each[1][0] > 0).nonzero()[:, 0] for each in (expected, got))
    boxes, others = expected[0][0][ours], got[0][0][theirs]
    # of boxes that are all but empty, rounding decides how much they overlap
    overlaps = torch.maximum(_overlaps(boxes[:, None], others), _are_same(boxes[:, None], others))
    if expected[2].dtype == torch.int64:
        overlaps = overlaps * (expected[2][0][ours][:, None] == got[2][0][theirs])
    pairs = []
    # of several that overlap as much, e.g. without area, the one of the nearest score
    apart = (expected[1][0][ours][:, None] - got[1][0][theirs]).abs()
    merit = overlaps - 1e-3 * apart
    for _ in range(min(overlaps.shape, default=0)):
        row, column = divmod(int(merit.argmax()), merit.shape[1])
        if overlaps[row, column] < _SAME:
            break
        pairs.append((row, column))
        merit[row], merit[:, column] = -np.inf, -np.inf
    rows = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    return ours[rows[:, 0]], theirs[rows[:, 1]]


def _overlaps(boxes: Float[Tensor, "*#n 4"], others: Float[Tensor, "*#n 4"]) -> Float[Tensor, "*n"]:
    """The IoU of boxes; that of boxes of no area is 1 where they are the same."""
    first, last = torch.maximum(boxes, others)[..., :2], torch.minimum(boxes, others)[..., 2:]
    common = (last - first).clamp(min=0).prod(-1)
    areas = [(each[..., 2:] - each[..., :2]).clamp(min=0).prod(-1) for each in (boxes, others)]
    union = areas[0] + areas[1] - common
    return torch.where(union > 0, common / union, _are_same(boxes, others))


def _are_same(boxes: Float[Tensor, "*#n 4"], others: Float[Tensor, "*#n 4"]) -> Float[Tensor, "*n"]:
    return ((boxes - others).abs().amax(-1) < _SAME_PX).to(boxes)


def latencies(computes: dict[str, Compute], examples: Sequence[Tensors]) -> dict[str, float]:
    """Milliseconds (median) of a picture in each of several, which take turns.

    They are called on the same examples, one picture at a time, after a warm-up.
    """
    spent: dict[str, list[float]] = {name: [] for name in computes}
    for inputs in (*[examples[0]] * _WARM_UP, *examples):
        for name, compute in computes.items():
            begun = time.perf_counter()
            compute(*inputs)
            spent[name].append(1e3 * (time.perf_counter() - begun))
    return {name: float(np.median(each[_WARM_UP:])) for name, each in spent.items()}
