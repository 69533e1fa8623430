"""A detector that knows where squares are, for tests of what follows them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from saccade.core import Frame, Instances

SIZE = 40.0
IMAGE = np.zeros((240, 320, 3), np.uint8)


def squares(frame: int, corners: Sequence[tuple[float, float]], scores: Sequence[float], names=None):
    """Squares of `SIZE` pixels with these upper left corners."""
    boxes = np.array([(x, y, x + SIZE, y + SIZE) for x, y in corners], dtype=float).reshape(-1, 4)
    fields = {} if names is None else {"names": np.array(names), "labels": np.arange(len(names))}
    return Instances(boxes=boxes, scores=np.array(scores, dtype=float), frame=frame, **fields)


class Script:
    """Called with frames, says what a function of their index says."""

    name = "script"

    def __init__(self, at: Callable[[int], Instances]) -> None:
        self._at = at

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        return [replace(self._at(frame.index), time=frame.time) for frame in frames]
