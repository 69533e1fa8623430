"""Laws of smoothed poses: what rests rests, jitter shrinks, a step arrives, and nothing overshoots."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core import Instances
from saccade.core.instances import NOBODY, id_array
from saccade.pose.smoothing import OneEuro, PoseSmoother

RATES = st.sampled_from([5.0, 12.5, 25.0, 30.0, 60.0, 120.0])
SEEDS = st.integers(0, 2**32 - 1)
JOINTS = 5


def person(points, *, time, size=100.0, ids=(0,), scores=None, frame=0):
    points = np.asarray(points, dtype=float).reshape(len(ids), -1, 2)
    scores = np.ones(points.shape[:2]) if scores is None else np.asarray(scores, float)
    return Instances(
        boxes=np.array([[0.0, 0.0, size, size]] * len(ids)),
        scores=np.ones(len(ids)),
        ids=id_array(list(ids)),
        keypoints=points,
        keypoint_scores=scores,
        frame=frame,
        time=time,
    )


def smoothed(track, times, config=None, size=100.0):
    """A track (F, K, 2) of one person, smoothed."""
    smoother = PoseSmoother(config)
    frames = zip(track, times, strict=True)
    return np.stack([smoother.update(person(p, time=t, size=size)).keypoints[0] for p, t in frames])


def uneven_times(rng, count, rate):
    """Seconds of frames whose pace varies, and of which some are missing."""
    return np.cumsum(rng.uniform(0.5, 1.5, count) / rate * rng.choice([1, 1, 1, 3], count))


@given(seed=SEEDS, rate=RATES)
@settings(max_examples=10)
def test_what_rests_stays_where_it_is(seed, rate):
    rng = np.random.default_rng(seed)
    track = np.repeat(rng.uniform(-500, 4000, (1, JOINTS, 2)), 20, axis=0)
    np.testing.assert_allclose(smoothed(track, uneven_times(rng, 20, rate)), track, atol=1e-9)


@given(seed=SEEDS, rate=RATES, noise=st.floats(0.001, 0.03))
@settings(max_examples=10)
def test_jitter_shrinks(seed, rate, noise):
    rng, size, count = np.random.default_rng(seed), 120.0, 60
    track = 300 + rng.normal(0, noise * size, (count, JOINTS, 2))
    steps = np.abs(np.diff(track[5:], axis=0)).mean()
    calm = np.abs(np.diff(smoothed(track, np.arange(count) / rate, size=size)[5:], axis=0)).mean()
    # the fewer frames a second, the longer ago the last was, and the less it says of where a joint is now
    assert calm < (0.75 if rate >= 25 else 1) * steps


@given(seed=SEEDS, rate=RATES, step=st.floats(-400, 400))
@settings(max_examples=10)
def test_a_step_arrives_within_a_second_and_does_not_overshoot(seed, rate, step):
    rng = np.random.default_rng(seed)
    begin = rng.uniform(0, 500, (JOINTS, 2))
    times = np.arange(int(2 * rate) + 2) / rate
    track = begin + step * (times >= 1)[:, None, None]
    after = smoothed(track, times)
    share = (after - begin) / step if abs(step) > 1e-6 else np.ones_like(after)
    assert (share[times >= 2 - 1e-9] > 0.98).all() and share.max() <= 1 + 1e-6
    assert (np.diff(share[times >= 1], axis=0) >= -1e-6).all()


@given(seed=SEEDS, rate=RATES)
@settings(max_examples=10)
def test_a_smoothed_point_lies_between_those_that_were_found(seed, rate):
    rng = np.random.default_rng(seed)
    track = rng.uniform(0, 1000, (15, JOINTS, 2))
    after = smoothed(track, uneven_times(rng, 15, rate))
    assert (after >= np.minimum.accumulate(track) - 1e-9).all()
    assert (after <= np.maximum.accumulate(track) + 1e-9).all()


@given(seed=SEEDS, scale=st.sampled_from([0.1, 3.0, 20.0]))
@settings(max_examples=8)
def test_a_larger_picture_changes_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    times, track = uneven_times(rng, 12, 25.0), rng.uniform(0, 300, (12, JOINTS, 2))
    small = smoothed(track, times, size=80.0)
    np.testing.assert_allclose(smoothed(scale * track, times, size=scale * 80), scale * small, rtol=1e-9)


@given(seed=SEEDS, order=st.permutations(range(4)))
@settings(max_examples=8)
def test_people_are_smoothed_apart_in_whatever_order_they_come(seed, order):
    rng = np.random.default_rng(seed)
    names = ["a", 7, "c", 0]
    tracks = rng.uniform(0, 300, (4, 8, JOINTS, 2))
    alone = [smoothed(track, np.arange(8) / 25) for track in tracks]
    smoother = PoseSmoother(fps=25)
    for frame in range(8):
        rows = list(order) if frame % 2 else list(range(4))
        together = smoother.update(
            person(tracks[rows, frame], time=None, ids=[names[row] for row in rows], frame=frame)
        )
        np.testing.assert_allclose(together.keypoints, [alone[row][frame] for row in rows], atol=1e-9)


def test_the_first_frame_and_nobody_are_left_as_they_were_found():
    smoother = PoseSmoother()
    for frame in range(3):
        points = np.random.default_rng(frame).uniform(0, 100, (2, JOINTS, 2))
        found = person(points, time=frame / 25, ids=(NOBODY, 3))
        after = smoother.update(found).keypoints
        assert np.array_equal(after[0], points[0])
        assert np.array_equal(after[1], points[1]) == (frame == 0)
    without = Instances(boxes=np.zeros((1, 4)), scores=np.ones(1))
    assert smoother.update(without) is without


def test_after_a_gap_a_person_begins_anew():
    for gap, is_new in ((0.4, False), (0.6, True)):
        smoother = PoseSmoother()
        smoother.update(person(np.zeros((JOINTS, 2)), time=1.0))
        smoother.update(person(np.full((JOINTS, 2), 9.0), time=1.1, ids=("other",)))
        after = smoother.update(person(np.full((JOINTS, 2), 50.0), time=1.0 + gap))
        assert (after.keypoints == 50).all() == is_new


def test_a_joint_that_is_not_sure_is_left_alone_and_forgotten_after_the_gap():
    for unsure_frames, is_new in ((3, False), (20, True)):
        smoother = PoseSmoother(fps=25)
        smoother.update(person([[0, 0], [0, 0]], time=None, frame=0))
        for frame in range(1, unsure_frames + 1):
            after = smoother.update(
                person([[0, 0], [77, 5]], time=None, frame=frame, scores=[[1, 0.1]])
            ).keypoints
            assert after[0].tolist() == [[0, 0], [77, 5]]
        after = smoother.update(person([[0, 0], [10, 0]], time=None, frame=unsure_frames + 1)).keypoints
        assert (after[0, 1, 0] == 10) == is_new and 0 < after[0, 1, 0] <= 10


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_point_that_is_no_number_does_no_lasting_harm(bad):
    smoother = PoseSmoother(fps=25)
    for frame, x in enumerate([10.0, bad, 10.0, 10.0]):
        after = smoother.update(person([[x, 10.0]], time=None, frame=frame)).keypoints
    assert after.tolist() == [[[10.0, 10.0]]]


def test_memory_does_not_grow_with_who_is_gone():
    smoother = PoseSmoother(fps=25)
    for frame in range(200):
        smoother.update(person(np.zeros((JOINTS, 2)), time=None, ids=(frame,), frame=frame))
    assert len(smoother._memory.ids) < 20


@given(fps=st.sampled_from([10.0, 25.0, 50.0]))
@settings(max_examples=3)
def test_without_a_clock_the_rate_counts_and_left_out_frames_too(fps):
    track = np.random.default_rng(0).uniform(0, 100, (6, JOINTS, 2))
    places = [0, 1, 2, 5, 6, 7]
    by_clock, by_rate = PoseSmoother(), PoseSmoother(fps=fps)
    for place, points in zip(places, track, strict=True):
        one = by_clock.update(person(points, time=place / fps, frame=place)).keypoints
        two = by_rate.update(person(points, time=None, frame=place)).keypoints
        np.testing.assert_allclose(one, two, atol=1e-9)


def test_lag_falls_and_jitter_grows_with_beta():
    rng = np.random.default_rng(0)
    times = np.arange(100) / 25
    still = rng.normal(0, 1, (100, JOINTS, 2))
    moving = 60 * np.sin(2 * np.pi * times)[:, None, None] * np.ones((1, JOINTS, 2))
    lag, jitter = [], []
    for beta in (0.0, 4.0, 16.0, 64.0):
        config = OneEuro(beta=beta)
        lag.append(np.abs(smoothed(moving, times, config) - moving)[25:].mean())
        jitter.append(np.abs(np.diff(smoothed(still, times, config)[25:], axis=0)).mean())
    assert lag == sorted(lag, reverse=True) and jitter == sorted(jitter)
