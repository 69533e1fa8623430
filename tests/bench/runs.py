"""Many runs out of few sequences: each from several starts, forwards and backwards."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from saccade.data import Sequence

SHORTEST = 15
"""frames below which a run says nothing"""


@dataclass(frozen=True)
class Run:
    """Frames of a sequence in the order in which they are played."""

    sequence: str
    way: str
    start: int
    order: np.ndarray

    @property
    def is_one_pass(self) -> bool:
        """Whether it is the whole sequence as it was filmed."""
        return self.way == "forwards" and self.start == 0


def runs(sequence: Sequence, starts: int) -> Iterator[Run]:
    """The k-th of n starts lies k/(n+1) into the sequence, or where the target next comes in view."""
    frames = np.arange(len(sequence))
    for way, order in (("forwards", frames), ("backwards", frames[::-1])):
        for start in range(starts):
            rest = order[start * len(frames) // (starts + 1) :]
            rest = rest[np.argmax(sequence.truth.is_present[rest]) :]
            if len(rest) >= SHORTEST:
                yield Run(sequence.name, way, start, rest)
