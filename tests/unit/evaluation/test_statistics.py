"""Bootstrap intervals and the paired comparison: by hand, against scipy, and what they may not depend on."""

import numpy as np
import pytest
import scipy.stats

from saccade.evaluation.metrics import bootstrap_intervals, compare_paired, resampled_intervals

SCORES = np.random.default_rng(0).normal(0.6, 0.1, (60, 3))


def test_an_interval_is_that_of_the_normal_law_when_sequences_are_many() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.2, (800, 1))
    (interval,) = bootstrap_intervals(scores)
    half = 1.96 * scores.std() / np.sqrt(800)
    assert (interval.low, interval.high) == pytest.approx(
        (scores.mean() - half, scores.mean() + half), abs=8e-4
    )


def test_an_interval_is_scipys() -> None:
    (interval,) = bootstrap_intervals(SCORES[:, :1], resamples=40_000)
    reference = scipy.stats.bootstrap(
        (SCORES[:, 0],), np.mean, n_resamples=40_000, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), abs=1e-3)


def test_intervals_repeat_and_do_not_depend_on_company() -> None:
    together = bootstrap_intervals(SCORES, seed=5)
    assert together == bootstrap_intervals(SCORES, seed=5)
    alone = bootstrap_intervals(SCORES[:, 1:2], seed=5)[0]
    assert (together[1].low, together[1].high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert together != bootstrap_intervals(SCORES, seed=6)


def test_weights_are_those_of_the_mean() -> None:
    lengths = np.arange(1.0, 61)
    (interval,) = bootstrap_intervals(SCORES[:, :1], weights=lengths)
    assert interval.low < np.average(SCORES[:, 0], weights=lengths) < interval.high
    # a sequence that weighs everything leaves nothing to draw, but for draws without it
    (heavy,) = bootstrap_intervals(np.array([[0.0], [1.0]]), weights=np.array([1.0, 1e12]), level=0.4)
    assert (heavy.low, heavy.high) == pytest.approx((1.0, 1.0))


def test_equal_scores_leave_no_doubt() -> None:
    (interval,) = bootstrap_intervals(np.full((5, 1), 0.25))
    assert (interval.low, interval.high) == (0.25, 0.25)


def test_few_sequences_are_tried_in_all_signs() -> None:
    # of the eight signs, the one found and its opposite are as far from 0
    comparison = compare_paired(np.array([3.0, 2.0, 1.0]), np.zeros(3))
    assert comparison.difference == 2.0
    assert comparison.p_value == 2 / 8
    # 3 - 2 - 1 = 0: with the last sign turned, sums are 6, 4, 2, 0 and their opposites
    assert compare_paired(np.array([3.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0])).p_value == 4 / 8


def test_the_order_in_which_differences_are_summed_does_not_matter() -> None:
    # the sum of these is by its last digit more than that of the same six, signs multiplied in
    found = compare_paired(np.array([0.43, 0.61, 0.83, 0.22, 0.99, 0.49]), np.zeros(6))
    assert found.p_value == 2 / 64


def test_sequences_without_a_difference_do_not_make_it_inexact() -> None:
    assert (
        compare_paired(np.array([0.1, 0.2, 0.3] + [0.5] * 20), np.array([0.0] * 3 + [0.5] * 20)).p_value
        == 2 / 8
    )


def test_a_p_value_is_scipys() -> None:
    first, second = SCORES[:40, 0], SCORES[:40, 1] + 0.02
    ours = compare_paired(first, second, resamples=50_000)
    reference = scipy.stats.permutation_test(
        (first, second),
        lambda a, b: np.mean(a - b),
        permutation_type="samples",
        n_resamples=50_000,
        rng=np.random.default_rng(7),
    )
    assert ours.p_value == pytest.approx(reference.pvalue, abs=0.01)
    few = compare_paired(first[:9], second[:9])
    exact = scipy.stats.permutation_test(
        (first[:9], second[:9]), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert few.p_value == pytest.approx(exact.pvalue, abs=1e-12)


def test_who_is_first_only_turns_the_sign() -> None:
    there, back = compare_paired(SCORES[:, 0], SCORES[:, 1]), compare_paired(SCORES[:, 1], SCORES[:, 0])
    assert there.difference == -back.difference
    assert (there.interval.low, there.interval.high) == pytest.approx(
        (-back.interval.high, -back.interval.low)
    )
    assert there.p_value == back.p_value
    assert there.sequences == 60


def test_a_comparison_has_the_interval_of_its_differences() -> None:
    first, second = SCORES[:, 0], SCORES[:, 1]
    options = {"level": 0.8, "resamples": 200, "seed": 4}
    (expected,) = bootstrap_intervals((first - second)[:, None], **options)
    assert compare_paired(first, second, **options).interval == expected


def test_sameness_and_clear_difference() -> None:
    same = compare_paired(SCORES[:, 0], SCORES[:, 0])
    assert (same.difference, same.p_value) == (0.0, 1.0)
    assert compare_paired(SCORES[:, 0] + 0.1, SCORES[:, 0]).p_value == pytest.approx(1 / 10_001)


def test_a_true_nothing_is_seldom_called_a_difference() -> None:
    rng = np.random.default_rng(11)
    p_values = [compare_paired(*rng.normal(size=(2, 25)), resamples=400).p_value for _ in range(200)]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_intervals(SCORES[:1]), "at least two sequences"),
        (lambda: bootstrap_intervals(np.array([[0.1], [np.nan]])), "sequence 1: a score is not finite"),
        (lambda: bootstrap_intervals(SCORES, weights=np.ones(3)), "60 weights above 0"),
        (lambda: bootstrap_intervals(SCORES, weights=np.zeros(60)), "60 weights above 0"),
        (lambda: bootstrap_intervals(SCORES, weights=np.arange(60.0)), "60 weights above 0"),
        (lambda: bootstrap_intervals(SCORES, level=1.0), "level between 0 and 1"),
        (lambda: bootstrap_intervals(SCORES, level=0.0), "level between 0 and 1"),
        (lambda: compare_paired(SCORES[:, 0], SCORES[:50, 0]), "60 and 50 scores"),
        (lambda: compare_paired(np.array([0.1, np.nan]), np.zeros(2)), "sequence 1: a score is not finite"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_judged_is_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_scores_of_draws_lie_where_their_bootstrap_says():
    values = SCORES[:, 0]
    (expected,) = bootstrap_intervals(values[:, None], resamples=400)
    drawn = resampled_intervals(
        lambda choice: {
            "mean": float(values[choice].mean()),
            "some": values[choice[0]] if choice[0] else None,
        },
        len(values),
    )
    assert list(drawn) == ["mean"]  # a score that a draw leaves without meaning has no interval
    assert np.allclose([drawn["mean"].low, drawn["mean"].high], [expected.low, expected.high], atol=0.02)
    choices: list[list[int]] = []

    def score(choice: list[int]) -> dict[str, float]:
        choices.append(choice)
        return {"sum": float(sum(choice))}

    found = resampled_intervals(score, 9, level=0.8, resamples=50, seed=3)["sum"]
    assert {name for choice in choices for name in choice} == set(range(9))
    assert [len(choice) for choice in choices] == [9] * 50
    assert (found.low, found.high) == tuple(np.quantile([sum(choice) for choice in choices], [0.1, 0.9]))
    assert set(resampled_intervals(score, 2, resamples=5)) == {"sum"}
    with pytest.raises(ValueError, match="at least two sequences"):
        resampled_intervals(lambda choice: {}, 1)
