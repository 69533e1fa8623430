"""A tracker that believes that nothing moves. It exercises every loop without weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saccade.core import Frame, Stopwatch
from saccade.online.model import OnlineModel
from saccade.online.run import TRACKED, Estimate
from saccade.online.state import TargetState
from saccade.trackers.still.config import StillConfig


@dataclass(slots=True)
class StillState(TargetState):
    """What is remembered: where each target was pointed at."""

    boxes: Tensor
    """(N, 4) x, y, w, h in frame pixels"""


@dataclass(frozen=True, slots=True)
class StillTracker:
    """Answers every frame with the box of the first."""

    State = StillState
    device = torch.device("cpu")
    config: StillConfig

    def cohort(self, frame: Frame, box: Any) -> None:
        """All targets share one batch."""

    def begin(
        self, frame: Frame, boxes: Tensor, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> StillState:
        """Learns N targets from their first frame: remembers where they are."""
        return StillState(boxes.clone())

    def track(
        self, frame: Frame, state: StillState, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> Estimate:
        """Finds N targets in the next frame: where they were."""
        with stopwatch.stage("recall"):
            scores = torch.full((len(state),), self.config.confidence)
            return Estimate(state.boxes, scores, torch.full((len(state),), TRACKED, dtype=torch.int8))


def build(
    name: str, config: StillConfig, *, weights: Any, device: torch.device, precision: str
) -> OnlineModel:
    """The model for a configuration; it has no network, so weights and precision do not apply."""
    return OnlineModel(name, config, StillTracker(config))
