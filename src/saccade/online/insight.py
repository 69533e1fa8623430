"""Insight: what an online tracker would see of its targets in a frame, for people who want to look inside.

Looking inside is a function of a run and a frame, asked for before the frame is stepped on. It learns and
draws nothing, so that a run that is looked into gives the numbers of one that is not, and costs nothing where
nobody asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.targets import TargetId
from saccade.online.state import TargetState
from saccade.ops.crops import CropView

S_contra = TypeVar("S_contra", bound=TargetState, contravariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """What is seen of one target.

    Attributes:
        region: corners (x1, y1, x2, y2) of the search region in frame pixels.
        scores: the score map of that region.
        loss: what the target model still does wrong on what it remembers, as its method measures that.
        weights: how much each slot of the sample memory counts, 0 for free ones; empty for methods that keep
            no single samples.
        newest: the slot that was filled last; -1 while there are only samples of the first frame.
        stored: samples ever remembered.
    """

    region: tuple[float, float, float, float]
    scores: Float32[np.ndarray, "h w"]
    loss: float
    weights: Float32[np.ndarray, " T"]
    newest: int = -1
    stored: int = 0


@runtime_checkable
class Inspectable(Protocol[S_contra]):
    """A tracker that lets itself be looked into."""

    def inspect(self, frame: Frame, state: S_contra) -> Sequence[Insight]:
        """What `track` would see of N targets in this frame; changes nothing."""
        ...


@runtime_checkable
class InspectableRun(Protocol):
    """A run that lets itself be looked into."""

    def inspect(self, frame: Any) -> dict[TargetId, Insight]:
        """What the next step would see of each target in this frame; changes nothing.

        Targets of methods that do not let themselves be looked into are left out.

        Raises:
            FrameError: when `frame` is no picture.
        """
        ...


def insights(view: CropView, scores: Tensor, loss: Tensor, memory: Any = None) -> list[Insight]:
    """The insights into N targets.

    Args:
        view: their search regions (N).
        scores: (N, h, w).
        loss: (N).
        memory: `SampleWeights`; None for methods without.
    """
    width, height = view.size_wh
    whole = view.scale.new_tensor([[0.0, 0.0, width, height]]).expand(len(scores), 4)
    boxes = view.to_frame(whole).cpu()
    maps, losses = scores.float().cpu().numpy(), loss.float().cpu().tolist()
    found = []
    for row, (x1, y1, x2, y2) in enumerate(
        torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1).tolist()
    ):
        # the run goes on changing its own in place
        kept = np.zeros(0, np.float32) if memory is None else memory.weights[row].float().cpu().numpy().copy()
        newest, stored = (-1, 0) if memory is None else (int(memory.previous[row]), int(memory.count[row]))
        found.append(Insight((x1, y1, x2, y2), maps[row], losses[row], kept, newest, stored))
    return found
