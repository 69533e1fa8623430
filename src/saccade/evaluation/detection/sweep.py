"""Precision, recall and F1 against the threshold on scores."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

Values = Float64[np.ndarray, " K"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a detector does at one threshold.

    Attributes:
        threshold: of scores from which detections are kept; NaN where there are none to be kept.
        right: detections that are a truth.
        wrong: detections that are none.
        missed: truths that no detection is.
    """

    threshold: float
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of detections that are right; NaN when there are none."""
        return _ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of truths that are found; NaN when there are none."""
        return _ratio(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both, 2 right / (2 right + wrong + missed); NaN when there is nothing."""
        return _ratio(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Counts at every threshold.

    Attributes:
        scores: that occur, the highest first.
        right: how many detections of at least that score are true.
        kept: how many detections there are of at least that score.
        num_truths: how many there are to be found.
    """

    scores: Values
    right: Int64[np.ndarray, " K"]
    kept: Int64[np.ndarray, " K"]
    num_truths: int

    @classmethod
    def of(cls, scores: Float64[np.ndarray, " D"], hits: Bool[np.ndarray, " D"], num_truths: int) -> "Sweep":
        """The sweep over detections of any order."""
        order = np.argsort(-scores, kind="stable")
        # those of equal score are kept or dropped together
        ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
        right = hits[order].cumsum()[ends].astype(np.int64)
        return cls(scores[order][ends], right, (ends + 1).astype(np.int64), num_truths)

    def best(self) -> Operation:
        """Where F1 is highest; of several such thresholds the highest.

        The threshold is halfway between the lowest score that is kept and the highest that is not, so that it
        may be rounded, and be meant with or without what is equal to it.
        """
        if not len(self.scores):
            return self.at(float("nan"))
        f1 = 2 * self.right / (self.kept + self.num_truths)
        last = int(f1.argmax())
        lowest, following = self.scores[last], self.scores[last + 1] if last + 1 < len(self.scores) else 0.0
        return self.at(float(min(lowest, (lowest + following) / 2)))

    def at(self, threshold: float) -> Operation:
        """What is kept from a threshold on."""
        count = int((self.scores >= threshold).sum())
        right, kept = (int(self.right[count - 1]), int(self.kept[count - 1])) if count else (0, 0)
        return Operation(threshold=threshold, right=right, wrong=kept - right, missed=self.num_truths - right)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
