"""OxUvA's rates and their geometric mean, with the worked examples of the benchmark."""

import numpy as np
import pytest

from saccade.evaluation.metrics import overlap
from saccade.evaluation.metrics.oxuva import (
    IOU_THRESHOLDS,
    PresenceCounts,
    count_presence,
    max_geometric_mean,
)


def test_overlap_of_relative_boxes() -> None:
    # x from 0.1 to 0.4 and y from 0.5 to 0.9, against 0.3 to 0.5 and 0.5 to 1.0
    a, b = np.array([[0.1, 0.5, 0.3, 0.4]]), np.array([[0.3, 0.5, 0.2, 0.5]])
    assert overlap(a, b) == pytest.approx([0.04 / 0.18])


def test_counts_by_hand() -> None:
    overlaps = np.array([0.5, 0.49, np.nan, np.nan, np.nan])
    predicts = np.array([True, True, False, True, False])
    present = np.array([True, True, True, False, False])
    counts = count_presence(overlaps, predicts, present)
    assert counts == PresenceCounts(tp=1, fp=1, tn=1, fn=2)
    assert count_presence(overlaps, predicts, present, 0.3).tp == 2
    assert (counts.tpr, counts.tnr) == (1 / 3, 1 / 2)
    assert counts.gm == pytest.approx(np.sqrt(1 / 6))
    assert counts + counts == PresenceCounts(tp=2, fp=2, tn=2, fn=4)
    assert PresenceCounts(tp=2, fp=3, tn=3, fn=2).gm == 0.5
    assert count_presence(np.zeros(5), predicts, present).tp == 0, "no overlap is one that counts"


def test_withdrawing_boxes_at_random() -> None:
    assert max_geometric_mean(1.0, 0.0) == pytest.approx(0.5), "from (0, 1) to (1, 0)"
    assert max_geometric_mean(0.8, 0.9) == pytest.approx(np.sqrt(0.72)), "nothing to gain"
    assert max_geometric_mean(0.0, 1.0) == 0.0
    assert np.isnan(max_geometric_mean(0.5, np.nan))
    assert PresenceCounts(tp=3, fp=2, tn=0, fn=0).max_gm == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("tpr", "tnr"), [(0.9, 0.1), (0.5, 0.3), (1.0, 0.45), (0.7, 0.5), (0.6, 1.0), (0.4, 0.0)]
)
def test_the_highest_mean_is_the_highest_of_all_shares(tpr: float, tnr: float) -> None:
    shares = np.linspace(0, 1, 20001)
    best = np.sqrt((1 - shares) * tpr * ((1 - shares) * tnr + shares)).max()
    assert max_geometric_mean(tpr, tnr) == pytest.approx(best, abs=1e-8)


def test_keeping_the_surest_boxes() -> None:
    """The benchmark's example: scores 40, 30, 20 (of an absent target), 10; one frame without any box."""
    scores = np.array([40.0, 30, 20, 10, -1, -1, -1])
    present = np.array([True, True, False, True, True, False, False])
    found = [count_presence(np.ones(7), scores >= least, present) for least in (50, 40, 30, 20, 10)]
    assert [(c.tp, c.fp, c.tn, c.fn) for c in found] == [
        (0, 0, 3, 4),
        (1, 0, 3, 3),
        (2, 0, 3, 2),
        (2, 1, 2, 2),
        (3, 1, 2, 1),
    ]


def test_the_benchmark_reports_three_thresholds() -> None:
    assert IOU_THRESHOLDS == (0.3, 0.5, 0.7)


def test_rates_of_nothing_are_nothing() -> None:
    assert np.isnan(PresenceCounts(tp=0, fp=1, tn=1, fn=0).tpr)
    assert np.isnan(PresenceCounts(tp=1, fp=0, tn=0, fn=1).tnr)


@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_counted_is_refused() -> None:
    yes = np.ones(2, dtype=bool)
    with pytest.raises(ValueError, match="must agree"):
        count_presence(np.ones(3), yes, yes)
    for overlap_of_second in (np.nan, -0.5, 1.5):
        with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
            count_presence(np.array([0.5, overlap_of_second]), yes, yes)
