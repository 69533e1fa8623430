"""Precision, recall and F1 against the threshold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.evaluation.detection.sweep import Sweep


def sweep(scores: list[float], hits: list[int], truths: int) -> Sweep:
    return Sweep.of(np.array(scores, float), np.array(hits, bool), truths)


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), max_size=12),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.1, 0.15, 0.5, 0.95]),
)
def test_counts_at_a_threshold(rows: list[tuple[float, bool]], more: int, threshold: float) -> None:
    truths = sum(hit for _, hit in rows) + more
    here = sweep([score for score, _ in rows], [hit for _, hit in rows], truths).at(threshold)
    right = sum(hit for score, hit in rows if score >= threshold)
    wrong = sum(not hit for score, hit in rows if score >= threshold)
    assert (here.right, here.wrong, here.missed) == (right, wrong, truths - right)


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12),
    st.integers(0, 4),
)
def test_no_threshold_is_better_than_the_best(rows: list[tuple[float, bool]], more: int) -> None:
    one = sweep([s for s, _ in rows], [h for _, h in rows], sum(hit for _, hit in rows) + more)
    rivals = [one.at(threshold).f1 for threshold in (0.05, 0.1, 0.15, 0.2, 0.5, 0.9)]
    assert one.best().f1 == pytest.approx(max(rivals))


@pytest.mark.parametrize(
    ("scores", "hits", "truths", "threshold"),
    [
        # halfway to the first that is dropped
        ([0.8, 0.4], [1, 0], 1, 0.6),
        # to nothing where none is dropped
        ([0.8, 0.4], [1, 1], 2, 0.2),
        # of equals the highest: both keep an F1 of 2/3
        ([0.9, 0.8, 0.7, 0.6], [1, 0, 0, 1], 2, 0.85),
        # those of equal score are kept together
        ([0.5, 0.5, 0.3], [0, 1, 0], 1, 0.4),
    ],
)
def test_the_best_threshold(scores: list[float], hits: list[int], truths: int, threshold: float) -> None:
    assert sweep(scores, hits, truths).best().threshold == pytest.approx(threshold)


@pytest.mark.parametrize(
    ("scores", "truths", "precision", "recall", "f1"),
    [
        ([], 0, math.nan, math.nan, math.nan),
        ([], 3, math.nan, 0.0, 0.0),
        ([0.5], 0, 0.0, math.nan, 0.0),
    ],
)
def test_rates_of_nothing(
    scores: list[float], truths: int, precision: float, recall: float, f1: float
) -> None:
    best = sweep(scores, [0] * len(scores), truths).best()
    assert (best.precision, best.recall, best.f1) == pytest.approx((precision, recall, f1), nan_ok=True)
