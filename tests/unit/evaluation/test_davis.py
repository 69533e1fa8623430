"""DAVIS' J and F: the worked examples, and the values of the official evaluation on published results."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.evaluation.metrics.davis import (
    ObjectScores,
    boundary,
    boundary_accuracy,
    region_similarity,
    score_objects,
    summarise_object,
    summarise_objects,
)


def square(shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask


@pytest.mark.parametrize(
    ("shift", "j", "f"),
    [
        (0, 1.0, 1.0),
        (5, 0.904762, 1.0),
        (8, 0.851852, 1.0),
        (9, 0.834862, 0.540),
        (20, 0.666667, 0.485),
        (100, 0.0, 0.2925),
    ],
)
def test_a_shifted_square(shift: int, j: float, f: float) -> None:
    truth = square((480, 854), slice(100, 200), slice(100, 200))
    predicted = np.roll(truth, shift, axis=1)
    assert np.count_nonzero(boundary(truth)) == 400
    assert region_similarity(predicted, truth) == pytest.approx(j, abs=1e-6)
    assert boundary_accuracy(predicted, truth) == pytest.approx(f, abs=1e-6)


def test_the_radius_of_a_frame_of_davis_is_eight() -> None:
    truth = square((480, 854), slice(100, 200), slice(100, 200))
    assert boundary_accuracy(np.roll(truth, 9, axis=1), truth, bound=9 / np.hypot(480, 854)) == 1.0


def test_void_does_not_count() -> None:
    shape, all_columns = (200, 200), slice(100, 150)
    truth = square(shape, slice(100, 150), all_columns)
    predicted = square(shape, slice(50, 150), all_columns)
    void = square(shape, slice(50, 100), slice(0, 200))
    assert region_similarity(predicted, truth, void) == 1.0
    assert boundary_accuracy(predicted, truth, void) == 1.0
    assert region_similarity(predicted, truth) == 0.5


def test_empty_masks() -> None:
    empty, full = np.zeros((60, 80), dtype=bool), square((60, 80), slice(20, 40), slice(20, 40))
    assert region_similarity(empty, empty) == boundary_accuracy(empty, empty) == 1.0
    for pair in ((empty, full), (full, empty)):
        assert region_similarity(*pair) == boundary_accuracy(*pair) == 0.0


def test_the_boundary_looks_right_and_down() -> None:
    mask = square((4, 5), slice(1, 3), slice(1, 3))
    assert boundary(mask).astype(int).tolist() == [
        [1, 1, 1, 0, 0],
        [1, 0, 1, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    # what touches the end of the frame has no boundary there
    assert not boundary(np.ones((4, 5), dtype=bool)).any()
    assert boundary(square((3, 3), slice(2, 3), slice(0, 3))).astype(int).tolist() == [
        [0, 0, 0],
        [1, 1, 1],
        [0, 0, 0],
    ]


def test_only_looking_near_the_masks_changes_nothing() -> None:
    """The whole frame, dilated by a disk, on shapes in its corners and middle."""
    rng = np.random.default_rng(0)
    steps = np.arange(-2, 3)
    disk = (steps[:, None] ** 2 + steps**2 <= 4).astype(np.uint8)
    for _ in range(30):
        first, second = (
            cv2.resize(rng.integers(0, 2, (4, 5)).astype(np.uint8), (200, 150), interpolation=0).astype(bool)
            & square((150, 200), slice(rng.integers(0, 150), 150), slice(0, rng.integers(1, 200)))
            for _ in "ab"
        )
        own, other = boundary(first), boundary(second)
        if not own.any() or not other.any():
            continue
        near = [cv2.dilate(b.astype(np.uint8), disk, borderValue=0).astype(bool) for b in (own, other)]
        precision, recall = (own & near[1]).sum() / own.sum(), (other & near[0]).sum() / other.sum()
        total = precision + recall
        expected = 2 * precision * recall / total if total else 0.0
        assert boundary_accuracy(first, second) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "decay"),
    [(np.linspace(1, 0, 10), 0.777778), (np.linspace(1, 0.1, 100), 0.672727), (np.ones(1), 0.0)],
)
def test_decay(values: np.ndarray, decay: float) -> None:
    assert summarise_object(ObjectScores(values, values)).j_decay == pytest.approx(decay, abs=1e-6)


def test_statistics_of_objects() -> None:
    first = ObjectScores(np.array([1.0, 0.5, 0.6]), np.array([0.2, 0.4, 0.9]))
    one = summarise_object(first)
    assert (one.j, one.f) == pytest.approx((0.7, 0.5))
    assert (one.j_recall, one.f_recall) == pytest.approx((2 / 3, 1 / 3)), "0.5 is not above 0.5"
    assert one.jf == pytest.approx(0.6)
    # a quarter of three frames ends at 1.5, which is 2, and the last begins at 2.5, which is 3
    assert (one.j_decay, one.f_decay) == pytest.approx((0.75 - 0.6, 0.3 - 0.9))
    both = summarise_objects([first, ObjectScores(np.zeros(9), np.ones(9))])
    assert (both.j, both.f, both.jf) == pytest.approx((0.35, 0.75, 0.55)), "objects weigh the same"
    with pytest.raises(ValueError, match="no objects"):
        summarise_objects([])


def test_which_frames_count() -> None:
    """Object 1 is given in frame 0, object 2 in frame 2; the last frame counts in YouTube-VOS only."""
    truth = [np.zeros((8, 9), dtype=np.uint8) for _ in range(5)]
    for frame in truth:
        frame[2:4, 2:4] = 1
    for frame in truth[2:]:
        frame[5:7, 5:7] = 2
    predicted = [frame.copy() for frame in truth]
    # what stands in frames that do not count, or where the object is given, does not matter
    predicted[0][:] = 0
    predicted[2][predicted[2] == 2] = 0
    predicted[4][:] = 0
    scores = score_objects(zip(predicted, truth, strict=True))
    assert {name: s.j.tolist() for name, s in scores.items()} == {1: [1, 1, 1], 2: [1]}
    scores = score_objects(zip(predicted, truth, strict=True), counts_last=True)
    assert {name: s.f.tolist() for name, s in scores.items()} == {1: [1, 1, 1, 0], 2: [1, 0]}
    # object 2 has one frame after its first, which is the last
    scores = score_objects(zip(predicted[:4], truth[:4], strict=True))
    assert {name: s.j.tolist() for name, s in scores.items()} == {1: [1, 1]}
    assert score_objects([]) == {}


@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_scored_is_refused() -> None:
    truth, other = np.ones((8, 9), dtype=np.uint8), np.full((8, 9), 2, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"frame 1: the predicted mask is \(8, 8\)"):
        score_objects([(truth, truth), (truth[:, 1:], truth)])
    with pytest.raises(ValueError, match="frame 2: the prediction has an object 2"):
        score_objects([(truth, truth), (truth, truth), (other, truth)])
    with pytest.raises(ValueError, match="masks of one size"):
        region_similarity(truth.astype(bool), truth[:, 1:].astype(bool))
    for value in (np.nan, 1.5, -0.5):
        with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
            ObjectScores(np.array([0.5, value]), np.ones(2))
    with pytest.raises(ValueError, match="at least one"):
        ObjectScores(np.zeros(0), np.zeros(0))


@pytest.mark.parametrize("sequence", ["car-shadow", "drift-chicane", "libby"])
def test_equals_the_official_evaluation(shared_data: Path, sequence: str) -> None:
    """Published OSVOS results; per frame the reference has six digits, its means all of them."""
    folder = shared_data / "vos"
    reference = json.loads((folder / "reference_davis_eval.json").read_text())["sequences"][sequence]
    truth_files = sorted((folder / "Annotations" / sequence).glob("*.png"))
    frames = []
    for file in truth_files:
        truth = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        predicted = cv2.imread(str(folder / "results_osvos" / sequence / file.name), cv2.IMREAD_UNCHANGED)
        frames.append([(mask if mask.ndim == 2 else mask.max(axis=2)) > 0 for mask in (predicted, truth)])
    assert len(frames) == reference["frames"]
    middle = frames[len(frames) // 2 - 2 : len(frames) // 2 + 3]
    at = slice(len(frames) // 2 - 2, len(frames) // 2 + 3)
    assert [region_similarity(*f) for f in middle] == pytest.approx(reference["J_per_frame"][at], abs=1e-6)
    assert [boundary_accuracy(*f) for f in middle] == pytest.approx(reference["F_per_frame"][at], abs=1e-6)
    scores = score_objects((p.astype(np.uint8), t.astype(np.uint8)) for p, t in frames)[1]
    summary = summarise_object(scores)
    assert summary.j == pytest.approx(reference["J_mean_no_first_last"], abs=1e-12)
    assert summary.f == pytest.approx(reference["F_mean_no_first_last"], abs=1e-12)
