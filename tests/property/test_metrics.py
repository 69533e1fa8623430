"""Laws that every score of one pass keeps, whatever the boxes are."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saccade.evaluation.metrics import (
    DIALECTS,
    Dialect,
    OnePassScores,
    centre_error,
    dialect,
    normalised_centre_error,
    overlap,
    precision_curve,
    score_one_pass,
    success_curve,
)

RULES = dialect("pytracking")
# the others differ from the first only in frames without truth
DIFFERENT = ("pytracking", "got10k", "trackingnet")
ALL_RULES = pytest.mark.parametrize("rules", [DIALECTS[name] for name in DIFFERENT], ids=DIFFERENT)
NAMES = ("auc", "precision", "norm_precision", "op50", "op75")


@st.composite
def boxes(draw: st.DrawFn, frames: int) -> np.ndarray:
    """Boxes whose four numbers are all above 0, on a grid of quarter pixels so that sums are exact."""
    quarters = draw(arrays(np.int64, (frames, 4), elements=st.integers(1, 2000)))
    return quarters / 4


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    frames = draw(st.integers(2, 12))
    truth = draw(boxes(frames))
    near = truth + np.concatenate([draw(boxes(frames))[:, :2] / 16, np.zeros((frames, 2))], axis=1)
    return draw(st.sampled_from([near, draw(boxes(frames))])), truth


def score(
    predicted: np.ndarray, truth: np.ndarray, present: np.ndarray | None = None, rules: Dialect = RULES
) -> OnePassScores:
    return score_one_pass(predicted, truth, np.ones(len(truth), bool) if present is None else present, rules)


def values(scores: OnePassScores) -> list[float]:
    return [getattr(scores, name) for name in NAMES]


@ALL_RULES
@given(pair=pairs())
def test_scores_are_shares_and_curves_are_monotonous(
    pair: tuple[np.ndarray, np.ndarray], rules: Dialect
) -> None:
    scores = score(*pair, rules=rules)
    assert all(0 <= value <= 1 + 1e-12 for value in values(scores))
    assert (np.diff(scores.success_curve) <= 0).all()
    assert (np.diff(scores.precision_curve) >= 0).all()
    assert (np.diff(scores.norm_precision_curve) >= 0).all()
    assert scores.op75 <= scores.op50


@ALL_RULES
@given(pair=pairs())
def test_truth_against_itself_is_perfect(pair: tuple[np.ndarray, np.ndarray], rules: Dialect) -> None:
    # TrackingNet's rounding leaves nothing of sides of half a pixel
    truth = np.maximum(pair[1], 1.0)
    scores = score(truth, truth, rules=rules)
    assert scores.auc == pytest.approx(20 / 21 if rules.is_strict else 1.0)
    assert values(scores)[1:] == pytest.approx([1.0] * 4)


@given(pairs())
def test_all_missed_is_nothing_but_the_first_frame(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth = pair[1]
    scores = score(truth + np.array([5000.0, 5000.0, 0.0, 0.0]), truth)
    assert scores.auc == pytest.approx(20 / 21 / len(truth))
    assert values(scores)[1:] == pytest.approx([1 / len(truth)] * 4)


@ALL_RULES
@given(pair=pairs(), random=st.randoms(use_true_random=False))
def test_the_order_of_frames_does_not_matter(
    pair: tuple[np.ndarray, np.ndarray], random: object, rules: Dialect
) -> None:
    predicted, truth = pair
    # the first frame stays where it is: its box is given
    order = list(range(1, len(truth)))
    random.shuffle(order)
    order = [0, *order]
    shuffled = score(predicted[order], truth[order], rules=rules)
    assert values(shuffled) == pytest.approx(values(score(predicted, truth, rules=rules)))


@given(pairs(), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_overlap_and_normalised_error_do_not_know_the_scale(
    pair: tuple[np.ndarray, np.ndarray], scale: float
) -> None:
    predicted, truth = pair
    np.testing.assert_array_equal(overlap(scale * predicted, scale * truth), overlap(predicted, truth))
    np.testing.assert_array_equal(
        normalised_centre_error(scale * predicted, scale * truth), normalised_centre_error(predicted, truth)
    )
    np.testing.assert_allclose(
        centre_error(scale * predicted, scale * truth), scale * centre_error(predicted, truth)
    )


@given(pairs())
def test_overlap_is_symmetric_and_a_share(pair: tuple[np.ndarray, np.ndarray]) -> None:
    there, back = overlap(*pair), overlap(*pair[::-1])
    np.testing.assert_array_equal(there, back)
    assert ((there >= 0) & (there <= 1)).all()


@given(pairs(), st.data())
def test_what_stands_in_frames_without_target_does_not_matter(
    pair: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    predicted, truth = pair
    present = data.draw(arrays(bool, len(truth)))
    present[0] = True
    assume(not present.all())
    unknown, other = truth.copy(), predicted.copy()
    unknown[~present] = np.nan
    other[~present] = 1.0
    assert values(score(other, unknown, present)) == values(score(predicted, truth, present))


@ALL_RULES
@given(pair=pairs())
def test_a_better_box_never_scores_less(pair: tuple[np.ndarray, np.ndarray], rules: Dialect) -> None:
    predicted, truth = pair
    better = predicted.copy()
    better[-1] = truth[-1]
    assert all(
        new >= old
        for new, old in zip(
            values(score(better, truth, rules=rules)),
            values(score(predicted, truth, rules=rules)),
            strict=True,
        )
    )


numbers = st.one_of(
    st.floats(0, 60), st.integers(0, 60).map(float), st.integers(0, 20).map(lambda n: n * 0.05)
)


@given(
    st.lists(numbers, max_size=30),
    st.sampled_from([np.linspace(0, 1, 21), np.linspace(0, 50, 51), np.linspace(0, 0.5, 51)]),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_curves_are_the_plain_definition_to_the_last_bit(
    found: list[float], thresholds: np.ndarray, others: int, hits: int
) -> None:
    hits, frames = min(hits, others), len(found) + others
    assume(frames)
    for strict in (True, False):
        plain = [sum(v > t if strict else v >= t for v in found) + hits for t in thresholds]
        curve = success_curve(np.array(found), thresholds, frames, strict=strict, hits=hits)
        assert curve.tolist() == [count / frames for count in plain]
    plain = [sum(v <= t for v in found) + hits for t in thresholds]
    curve = precision_curve(np.array(found), thresholds, frames, hits=hits)
    assert curve.tolist() == [count / frames for count in plain]


@given(pairs())
def test_boxes_are_compared_by_the_plain_definition_to_the_last_bit(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    predicted, truth = pair
    ious, errors, normalised = [], [], []
    for (px, py, pw, ph), (gx, gy, gw, gh) in zip(predicted.tolist(), truth.tolist(), strict=True):
        shared = max(min(px + pw, gx + gw) - max(px, gx), 0) * max(min(py + ph, gy + gh) - max(py, gy), 0)
        ious.append(shared / (pw * ph + gw * gh - shared))
        dx, dy = px + pw / 2 - (gx + gw / 2), py + ph / 2 - (gy + gh / 2)
        errors.append(np.sqrt(dx * dx + dy * dy))
        normalised.append(np.sqrt(dx / gw * (dx / gw) + dy / gh * (dy / gh)))
    assert overlap(predicted, truth).tolist() == ious
    assert centre_error(predicted, truth).tolist() == errors
    assert normalised_centre_error(predicted, truth).tolist() == normalised
