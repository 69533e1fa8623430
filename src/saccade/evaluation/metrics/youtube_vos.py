"""YouTube-VOS' scores of masks: J and F of objects of categories seen in training, and of others.

Xu et al., YouTube-VOS: A Large-Scale Video Object Segmentation Benchmark (2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saccade.evaluation.metrics.davis import ObjectScores


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUnseenScores:
    """Means over the objects of seen and of unseen categories, in [0, 1]; NaN where there is none."""

    j_seen: float
    j_unseen: float
    f_seen: float
    f_unseen: float

    @property
    def overall(self) -> float:
        """G, the mean of the four, in [0, 1]."""
        return (self.j_seen + self.j_unseen + self.f_seen + self.f_unseen) / 4


def score_seen_unseen(objects: Sequence[tuple[ObjectScores, bool]]) -> SeenUnseenScores:
    """Scores of a data set.

    Args:
        objects: of each object its J and F in the frames that count, and whether its category is in the
            training set. `score_objects` with `counts_last` finds the former.

    Raises:
        ValueError: when there is none.
    """
    if not objects:
        raise ValueError("no mean of no objects")
    return SeenUnseenScores(
        j_seen=_mean([o.j.mean() for o, is_seen in objects if is_seen]),
        j_unseen=_mean([o.j.mean() for o, is_seen in objects if not is_seen]),
        f_seen=_mean([o.f.mean() for o, is_seen in objects if is_seen]),
        f_unseen=_mean([o.f.mean() for o, is_seen in objects if not is_seen]),
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan
