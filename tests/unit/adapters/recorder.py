"""A tracker that keeps what it was shown."""

import numpy as np
import torch

from saccade.online.run import LOST, TRACKED, Estimate
from saccade.trackers.still.config import STILL
from saccade.trackers.still.tracker import StillTracker

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


class Recorder(StillTracker):
    """Stands still, keeps what it was shown, and loses the target on every second frame."""

    def __init__(self) -> None:
        super().__init__(STILL)
        object.__setattr__(self, "frames", [])

    def begin(self, frame, boxes, generators, stopwatch):
        self.frames.append(frame)
        return super().begin(frame, boxes, generators, stopwatch)

    def track(self, frame, state, generators, stopwatch):
        self.frames.append(frame)
        status = LOST if len(self.frames) % 2 else TRACKED
        return Estimate(state.boxes, torch.ones(len(state)), torch.tensor([status], dtype=torch.int8))
