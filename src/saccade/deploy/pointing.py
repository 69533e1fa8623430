"""From what a user points with - boxes, a mask picture, the mouse - to targets."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from saccade.core import Frame, TargetError, Targets
from saccade.core.targets import Box
from saccade.ops.masks import VOID, read_palette_png


@runtime_checkable
class Picker(Protocol):
    """What asks the user for boxes; a `Window`, say."""

    def pick(self, picture: UInt8[np.ndarray, "H W 3"]) -> Sequence[Box]:
        """Boxes (x, y, w, h) in frame pixels; none when the user gives up."""
        ...


def targets_of_mask(path: Path) -> Targets:
    """The targets in a palette picture: every pixel value but 0 is one, and the value is its id.

    A mask of 0 and 255, as in DAVIS 2016, is that of target 1: beside other values, 255 is not an id.

    Raises:
        TargetError: when there is no such picture, or no target in it, or 255 stands beside ids.
    """
    try:
        picture = read_palette_png(path)
    except (OSError, ValueError) as error:
        # a picture of the wrong kind names itself
        reason = f"{path}: cannot be read as a picture" if isinstance(error, OSError) else str(error)
        raise TargetError(
            f"{reason}; give a palette PNG whose pixel values are ids, 0 for background"
        ) from None
    ids = np.unique(picture[picture > 0]).tolist()
    if not ids:
        raise TargetError(f"{path}: every pixel is background (0); mark the targets with 1, 2, …")
    if ids == [VOID]:
        return Targets(ids=[1], masks=[picture == VOID])
    if VOID in ids:
        raise TargetError(
            f"{path}: {VOID} stands beside {len(ids) - 1} other values, as where edges were smoothed or "
            f"pixels are not scored; give a mask of 0 and {VOID} alone, or ids from 1 to {VOID - 1}"
        )
    return Targets(ids=ids, masks=[picture == value for value in ids])


def targets_of(boxes: Sequence[Box], mask: Path | None) -> Targets | None:
    """The targets that a command line names; None when it names none.

    Raises:
        TargetError: when both boxes and a mask are given, or the mask holds no target.
    """
    if boxes and mask is not None:
        raise TargetError("boxes and a mask both say where the targets are; give --box or --mask, not both")
    if mask is not None:
        return targets_of_mask(mask)
    return Targets(boxes=boxes) if boxes else None


def pick_targets(frames: Iterable[Frame], view: Picker) -> tuple[Targets, Iterator[Frame]]:
    """Lets the user draw boxes on the first frame.

    Returns:
        the targets, and all the frames, the first included.

    Raises:
        TargetError: when the user draws none.
    """
    rest = iter(frames)
    first = next(rest)
    boxes = view.pick(first.image)
    if not boxes:
        raise TargetError("no box was drawn; drag one with the mouse and press Enter, or give --box X,Y,W,H")
    return Targets(boxes=boxes), chain([first], rest)
