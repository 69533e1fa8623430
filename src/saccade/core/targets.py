"""Targets: what a user points at."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Real
from typing import Any, SupportsFloat

import numpy as np
from jaxtyping import Bool, Float, Shaped

from saccade.core.errors import TargetError, warn

TargetId = int | str
Box = Sequence[SupportsFloat] | Shaped[np.ndarray, "4"]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What is to be followed from this frame on, and what no longer.

    Args:
        boxes: (x, y, w, h), top-left and size in frame pixels, one a target.
        ids: a number or name for each; the run numbers them from 0 when not given. An id that is already
            followed is learnt anew from this box.
        masks: one boolean mask (H, W) a target instead of, or beside, the boxes.
        drop: ids that are followed no longer.

    Raises:
        TargetError: when a box is no box, ids repeat, or the numbers of boxes, masks and ids differ.
    """

    boxes: Sequence[Box] | Shaped[np.ndarray, "N 4"] = ()
    ids: Sequence[TargetId] | Shaped[np.ndarray, " N"] | None = None
    masks: Sequence[Bool[np.ndarray, "H W"]] | Bool[np.ndarray, "N H W"] | None = None
    drop: Sequence[TargetId] | Shaped[np.ndarray, " M"] = ()

    def __post_init__(self) -> None:
        if isinstance(self.drop, str):
            raise TargetError(f"drop takes a list of ids: write drop=[{self.drop!r}]")
        if len(self.boxes) == 4 and all(isinstance(value, Real) for value in self.boxes):
            raise TargetError(
                f"boxes takes a list of boxes: write boxes=[({box_text(np.asarray(self.boxes))})]"
            )
        for i, box in enumerate(self.boxes):
            check_box(box, f"target {self._name(i)}")
        if self.masks is not None and len(self.boxes) and len(self.boxes) != len(self.masks):
            raise TargetError(
                f"{len(self.boxes)} boxes but {len(self.masks)} masks; give one of each a target"
            )
        if self.ids is not None:
            if len(self.ids) != len(self):
                raise TargetError(f"{len(self.ids)} ids for {len(self)} targets; give one id a target")
            if len(set(self.ids)) != len(self.ids):
                raise TargetError(f"ids must differ from one another, got {list(self.ids)}")

    def __len__(self) -> int:
        return len(self.boxes) if len(self.boxes) or self.masks is None else len(self.masks)

    def _name(self, i: int) -> object:
        return self.ids[i] if self.ids is not None and i < len(self.ids) else i

    def on_frame(self, size_wh: tuple[int, int], where: str) -> Float[np.ndarray, "N 4"]:
        """The boxes (x, y, w, h) as they lie on a frame of this size: partly outside is clipped, and said so.

        Where only a mask is given, the box is the tightest one around it.

        Args:
            where: how a message names the frame.

        Raises:
            TargetError: when a box lies wholly outside, a mask is empty, of another size than the frame or a
                picture of several ids, or most of a target's mask lies outside its box.
        """
        given = () if self.masks is None else self.masks
        masks = [self._one_mask(i, np.asarray(mask), where) for i, mask in enumerate(given)]
        of_masks = [self._mask_box(i, mask, size_wh, where) for i, mask in enumerate(masks)]
        boxes = self.boxes if len(self.boxes) else of_masks
        rows = [clip_box(box, size_wh, f"{where}: target {self._name(i)}") for i, box in enumerate(boxes)]
        for i, (box, mask) in enumerate(zip(rows, masks, strict=False)):
            self._check_agreement(i, box, mask, where)
        return np.array(rows, dtype=np.float64).reshape(-1, 4)

    def _check_agreement(self, i: int, box: Box, mask: Bool[np.ndarray, "H W"], where: str) -> None:
        """Boxes are drawn loosely, or around what is hidden too; but they are drawn around the mask."""
        x, y, w, h = (float(v) for v in box)
        inside = mask[int(y) : ceil(y + h), int(x) : ceil(x + w)].sum() / mask.sum()
        if inside < 0.5:
            raise TargetError(
                f"{where}: box and mask of target {self._name(i)} disagree: {inside:.0%} of the mask lies in "
                f"the box {box_text(box)}; give one of them, or both of the same target"
            )

    def _one_mask(self, i: int, mask: Shaped[np.ndarray, "..."], where: str) -> Bool[np.ndarray, "..."]:
        values = np.unique(mask[mask != 0]) if mask.dtype != bool else mask[:0]
        if len(values) > 1:
            raise TargetError(
                f"{where}: the mask of target {self._name(i)} holds {len(values)} values besides 0; give one "
                f"mask a target, e.g. masks=[labels == 1, labels == 2], ids=[1, 2]"
            )
        return mask.astype(bool, copy=False)

    def _mask_box(self, i: int, mask: Bool[np.ndarray, "H W"], size_wh: tuple[int, int], where: str) -> Box:
        from saccade.ops.masks import mask_box

        if mask.shape != size_wh[::-1]:
            raise TargetError(
                f"{where}: the mask of target {self._name(i)} has shape {mask.shape}, "
                f"the frame {size_wh[::-1]} (H, W); draw the mask at the frame's size"
            )
        if not mask.any():
            raise TargetError(
                f"{where}: the mask of target {self._name(i)} is empty; mark the target's pixels"
            )
        x1, y1, x2, y2 = mask_box(mask)
        return (x1, y1, x2 - x1, y2 - y1)


def check_box(box: Any, where: str) -> None:
    """Refuses what is no box.

    Raises:
        TargetError: when `box` is not four finite numbers (x, y, w, h) with positive width and height.
    """
    try:
        x, y, w, h = (float(v) for v in box)
    except (OverflowError, TypeError, ValueError):
        raise TargetError(f"{where}: expected four numbers x,y,w,h, got {box!r}") from None
    if not np.isfinite([x, y, w, h]).all():
        raise TargetError(
            f"{where}: the box {box_text(box)} has a value that is not finite; give four numbers x,y,w,h"
        )
    if w <= 0 or h <= 0:
        raise TargetError(
            f"{where}: the box {box_text(box)} has no area; boxes are x,y,w,h: top-left corner, width and "
            f"height"
        )


def clip_box(box: Box, size_wh: tuple[int, int], where: str) -> tuple[float, float, float, float]:
    """The part of a box (x, y, w, h) that lies on the frame; a warning says so when something was cut off.

    Raises:
        TargetError: when no part of it does.
    """
    x, y, w, h = (float(v) for v in box)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, float(size_wh[0])), min(y + h, float(size_wh[1]))
    if right <= left or bottom <= top:
        raise TargetError(
            f"{where}: the box {box_text(box)} lies outside the frame of {size_wh[0]}x{size_wh[1]} pixels; "
            f"boxes are x,y,w,h: top-left corner, width and height"
        )
    clipped = (left, top, right - left, bottom - top)
    if (left, top) == (x, y) and right == x + w and bottom == y + h:
        return x, y, w, h
    warn(
        f"{where}: the box {box_text(box)} reaches outside the frame of {size_wh[0]}x{size_wh[1]} pixels; "
        f"its inner part {box_text(clipped)} is used"
    )
    return clipped


def is_on_frame(box: Box, size_wh: tuple[int, int]) -> bool:
    """Whether any of a box (x, y, w, h) lies on a frame of this size."""
    x, y, w, h = (float(v) for v in box)
    return x < size_wh[0] and y < size_wh[1] and x + w > 0 and y + h > 0


def box_text(box: Box) -> str:
    """A box as users write it: x,y,w,h."""
    return ",".join(f"{float(v):g}" for v in box)
