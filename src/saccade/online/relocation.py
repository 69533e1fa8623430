"""Recognising targets elsewhere in a frame, and putting them there, for who knows better where to look.

A tracker looks for its targets near where they were. Whoever finds candidates in the whole frame - a
detector, a person - asks the run how much each looks like each target, and relocates those that are there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.targets import Box, TargetId, check_box
from saccade.online.state import TargetState

Boxes = Sequence[Box] | Shaped[np.ndarray, "K 4"]
S_contra = TypeVar("S_contra", bound=TargetState, contravariant=True)


@runtime_checkable
class Recognising(Protocol[S_contra]):
    """A tracker whose target models tell targets in boxes that they have not led it to."""

    @property
    def recognised_from(self) -> float:
        """Score of a target model from which on a box holds the target beyond doubt.

        Clearly above the limit under which the tracker counts its target as lost; not above 0 where there is
        no such limit.
        """
        ...

    def appearance(self, frame: Frame, state: S_contra, boxes: Float[Tensor, "K 4"]) -> Float[Tensor, "N K"]:
        """How high each of N target models scores in the middle of each of K boxes; changes nothing.

        Each box is searched as if the target were there and that large; what else is in sight of it does not
        count.

        Args:
            boxes: (x, y, w, h) in frame pixels; on the host.
        """
        ...

    def relocate(self, frame: Frame, state: S_contra, boxes: Float[Tensor, "N 4"]) -> None:
        """Puts N targets into boxes (x, y, w, h) in frame pixels, in place; learns nothing."""
        ...


@runtime_checkable
class RecognisingRun(Protocol):
    """A run that may recognise its targets elsewhere."""

    @property
    def recognised_from(self) -> float | None:
        """Score of `appearance` from which on a box holds the target beyond doubt.

        None where the method cannot tell; not above 0 where it never counts a target as lost.
        """
        ...

    def appearance(
        self, frame: Any, targets: Sequence[TargetId], boxes: Boxes
    ) -> dict[TargetId, Float[np.ndarray, " K"]]:
        """How much each of K boxes looks like each target, to the target's own model; changes nothing.

        Args:
            frame: the next picture, before it is stepped on.
            targets: ids that are followed.
            boxes: (x, y, w, h) in frame pixels.

        Raises:
            FrameError: when `frame` is no picture.
            TargetError: for an id that is not followed, or a box that is none.
            ModelError: where the method cannot tell.
        """
        ...

    def relocate(self, frame: Any, boxes: Mapping[TargetId, Box]) -> None:
        """Goes on looking for targets where these boxes are, with all that has been learned of them.

        Unlike with `step(frame, Targets(…))` nothing is learned from the boxes, and nothing forgotten.

        Args:
            frame: the next picture, before it is stepped on.
            boxes: (x, y, w, h) in frame pixels, by target.

        Raises:
            FrameError, TargetError, ModelError: as `appearance` does; then nothing has changed.
        """
        ...


def middle(boxes: Float[Tensor, "K 4"]) -> tuple[Float[Tensor, "K 2"], Float[Tensor, "K 2"]]:
    """Centres (x, y) and sizes (w, h) of boxes (x, y, w, h)."""
    size = boxes[:, 2:]
    return boxes[:, :2] + (size - 1) / 2, size


def reshaped(
    boxes: Float[Tensor, "N 4"], size: Float[Tensor, "N 2"]
) -> tuple[Float[Tensor, "N 2"], Float[Tensor, "N 2"]]:
    """Centres of boxes (x, y, w, h), and sizes of their areas in the shapes of given ones."""
    centre, wished = middle(boxes)
    return centre, size * (wished.prod(dim=1) / size.prod(dim=1)).sqrt()[:, None]


def box_rows(boxes: Boxes) -> Float[Tensor, "K 4"]:
    """Boxes (x, y, w, h) as rows of doubles.

    Raises:
        TargetError: for what is no box.
    """
    for number, box in enumerate(boxes):
        check_box(box, f"box {number}")
    return torch.from_numpy(np.asarray(boxes, dtype=np.float64).reshape(-1, 4))
