"""How far a score can be trusted: bootstrap intervals, and the paired comparison of two models.

Sequences are what is drawn again: frames of one video are no independent cases. Efron, Better Bootstrap
Confidence Intervals (1987); the test: Fisher's randomisation test of signs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float64

Values = Float64[np.ndarray, " S"]

LEVEL = 0.95
"""share of the bootstrap's means that an interval holds"""
RESAMPLES = 10_000
"""how often sequences, or signs, are drawn anew"""
POOLED_RESAMPLES = 400
"""the same where each draw is scored as a whole, which takes far longer than a mean"""
EXACT_UP_TO = 13
"""with so many sequences that differ, at most, all signs are tried rather than drawn"""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a mean lies, in the unit of the score."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on the same sequences.

    Attributes:
        difference: mean of the first less that of the second, in the unit of the score.
        interval: where that difference lies.
        p_value: the probability of a difference as large, either way, were it chance which model is which.
        sequences: how many there are.
    """

    difference: float
    interval: Interval
    p_value: float
    sequences: int


def bootstrap_intervals(
    scores: Float64[np.ndarray, "S M"],
    *,
    weights: Values | None = None,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Interval]:
    """Percentile intervals of the means over sequences of several scores or models.

    All see the same draws of sequences, so that an interval does not depend on who else is compared.

    Args:
        scores: a row a sequence, a column a score.
        weights: of the sequences in the mean, e.g. their lengths; all the same when not given.
        level: share of the draws inside of the interval, in (0, 1).

    Raises:
        ValueError: with fewer than two sequences, a score that is not finite, or weights that are none.
    """
    _check(scores, level)
    weights = np.ones(len(scores)) if weights is None else weights
    if len(weights) != len(scores) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError(f"expected {len(scores)} weights above 0")
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=resamples) * weights
    means = draws @ scores / draws.sum(axis=1, keepdims=True)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def resampled_intervals(
    score: Callable[[list[int]], Mapping[str, float | None]],
    sequences: int,
    *,
    level: float = LEVEL,
    resamples: int = POOLED_RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile intervals of scores that are no means over sequences, such as those of all frames together.

    Args:
        score: scores by name, of a choice of sequences by their numbers; one may be chosen several times.
        sequences: how many there are.

    Returns:
        intervals by name; none of a score that a draw leaves without meaning (None).

    Raises:
        ValueError: with fewer than two sequences.
    """
    if sequences < 2:
        raise ValueError(f"expected at least two sequences to draw from; got {sequences}")
    rng = np.random.default_rng(seed)
    found = [score(rng.integers(0, sequences, sequences).tolist()) for _ in range(resamples)]
    values = {name: [each[name] for each in found] for name in found[0]}
    return {
        name: Interval(*np.quantile(known, [(1 - level) / 2, (1 + level) / 2]).tolist())
        for name, draws in values.items()
        if len(known := [value for value in draws if value is not None]) == resamples
    }


def compare_paired(
    first: Values, second: Values, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compares two models by their scores on the same sequences.

    Were there no difference, each sequence's could as well have the other sign. The p-value is the share of
    signs that lead to a mean as far from 0 as the one found: of all there are with few sequences, else of
    drawn ones, the one found included.

    Args:
        first: scores by sequence.
        second: scores of the other model, by the same sequences in the same order.

    Raises:
        ValueError: with fewer than two sequences, different numbers of them, or a score that is not finite.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} scores; expected those of the same sequences")
    differences = first - second
    (interval,) = bootstrap_intervals(differences[:, None], level=level, resamples=resamples, seed=seed)
    return Comparison(
        difference=float(differences.mean()),
        interval=interval,
        p_value=_sign_flip(differences, resamples, seed),
        sequences=len(differences),
    )


def _sign_flip(differences: Values, resamples: int, seed: int) -> float:
    # sequences without a difference stay what they are whatever the sign
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    found = abs(differences.sum())
    # sums of the same numbers in another order may round to less
    found -= 1e-12 * np.abs(differences).sum()
    if len(differences) <= EXACT_UP_TO:
        signs = np.array(list(product((1.0, -1.0), repeat=len(differences))))
        return float((np.abs(signs @ differences) >= found).mean())
    signs = np.random.default_rng(seed).choice((1.0, -1.0), size=(resamples, len(differences)))
    return float(((np.abs(signs @ differences) >= found).sum() + 1) / (resamples + 1))


def _check(scores: Float64[np.ndarray, "S M"], level: float) -> None:
    if len(scores) < 2:
        raise ValueError(f"expected at least two sequences to draw from; got {len(scores)}")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"sequence {np.flatnonzero(~np.isfinite(scores).all(axis=1))[0]}: a score is not finite"
        )
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1; got {level}")
