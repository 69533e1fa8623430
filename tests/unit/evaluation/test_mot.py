"""Multi-object tracking: toy cases by hand, and TrackEval's numbers on real tracks."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from saccade.core import MissingExtraError
from saccade.data import Tracks
from saccade.data.formats.tracks import empty_tracks, read_tracks
from saccade.evaluation.metrics.mot import TrackingScores, combine_tracks, score_tracks, scored_rows

pytest.importorskip("trackers", reason="the extra 'mot' is not installed")


def sequence(folder: Path, frames: int, preparation: str) -> tuple[dict, TrackingScores]:
    reference = json.loads((folder / "results" / "reference_trackeval.json").read_text())
    predicted = read_tracks(folder / "results" / reference["tracker_file"], frames)
    truth = read_tracks(folder / "gt" / "gt.txt", frames)
    return reference["metrics"], score_tracks(predicted, truth, preparation)


def of_boxes(
    frames: object,
    ids: object,
    boxes: object,
    *,
    num_frames: int = 6,
    confidence: object = 1.0,
    categories: object = -1,
) -> Tracks:
    rows = len(np.array(ids))
    return Tracks(
        num_frames,
        np.array(frames, dtype=np.int64),
        np.array(ids, dtype=np.int64),
        np.array(boxes, dtype=np.float64),
        np.broadcast_to(np.array(confidence, dtype=np.float64), rows),
        np.broadcast_to(np.array(categories, dtype=np.int64), rows),
        np.full(rows, np.nan),
    )


@pytest.mark.parametrize(
    ("name", "frames", "preparation"),
    [
        ("TUD-Campus", 71, "mot15"),
        ("TUD-Stadtmitte", 179, "mot15"),
        ("MOT17-05-FRCNN", 837, "mot17"),
        ("MOT17-09-SDP", 525, "mot17"),
        ("MOT17-10-DPM", 654, "mot17"),
    ],
)
def test_equals_trackeval(shared_data: Path, name: str, frames: int, preparation: str) -> None:
    reference, scores = sequence(shared_data / "mot" / name, frames, preparation)
    found = scores.hota | scores.clear | scores.identity
    # counts of the tracks themselves are not scores
    for key in set(reference) - {"Dets", "GT_Dets", "IDs", "GT_IDs"}:
        assert found[key] == pytest.approx(reference[key], abs=1e-6), key
    assert found["CLR_TP"] + found["CLR_FP"] == reference["Dets"]
    assert found["CLR_TP"] + found["CLR_FN"] == reference["GT_Dets"]


@pytest.mark.parametrize(
    ("name", "frames", "hota", "det", "ass"),
    [("TUD-Campus", 71, 0.520610, 0.553476, 0.489696), ("TUD-Stadtmitte", 179, 0.573517, 0.564039, 0.583154)],
)
def test_scores_at_half_overlap(
    shared_data: Path, name: str, frames: int, hota: float, det: float, ass: float
) -> None:
    _, scores = sequence(shared_data / "mot" / name, frames, "mot15")
    tp, fn, fp, association = (
        scores.hota[f"{key}_array"][9] for key in ("HOTA_TP", "HOTA_FN", "HOTA_FP", "AssA")
    )
    detection = tp / (tp + fn + fp)
    assert (detection, association) == pytest.approx((det, ass), abs=1e-6)
    assert np.sqrt(detection * association) == pytest.approx(hota, abs=1e-6)


def test_sequences_together_equal_trackeval(shared_data: Path) -> None:
    parts = [
        sequence(shared_data / "mot" / name, frames, "mot15")[1]
        for name, frames in (("TUD-Campus", 71), ("TUD-Stadtmitte", 179))
    ]
    together = combine_tracks(parts)
    expected = {"HOTA": 0.399957, "DetA": 0.397683, "AssA": 0.412450, "LocA": 0.732480}
    for key, value in expected.items():
        assert together.hota[key] == pytest.approx(value, abs=1e-6), key
    assert together.summary()["MOTA"] == pytest.approx(0.555116, abs=1e-6)
    assert together.summary()["MOTP"] == pytest.approx(0.669823, abs=1e-6)
    assert together.summary()["IDSW"] == 14
    assert together.summary()["IDF1"] == pytest.approx(0.624296, abs=1e-6)


def tracks(rows: dict[int, dict[int, int]]) -> Tracks:
    """Tracks of boxes that stand at places: by id, by frame the place."""
    table = [(frame, name, place) for name, places in rows.items() for frame, place in places.items()]
    frames, ids, place = np.array(table).T
    boxes = np.stack(
        [100.0 * place, np.zeros(len(place)), np.full(len(place), 10.0), np.full(len(place), 10.0)], 1
    )
    return of_boxes(frames, ids, boxes)


@pytest.mark.parametrize(
    ("truth", "predicted", "clear", "identity"),
    [
        # TrackEval's toy cases: TP FN FP IDSW, and IDTP IDFN IDFP
        pytest.param(
            {0: {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}, 1: {1: 11, 2: 12, 3: 13}},
            {0: {1: 11, 2: 12, 3: 23, 4: 24}, 1: {1: 31, 2: 32, 3: 33, 4: 4, 5: 5}},
            (4, 4, 5, 0),
            (4, 4, 5),
            id="no confusion",
        ),
        pytest.param(
            {0: {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}, 1: {1: 11, 2: 12, 3: 13}},
            {0: {1: 11, 2: 12, 3: 3, 4: 24}, 1: {1: 31, 2: 12, 3: 33, 4: 4, 5: 5}},
            (5, 3, 4, 1),
            (4, 4, 5),
            id="with confusion",
        ),
        pytest.param(
            {0: {1: 1, 2: 2, 4: 4, 5: 5}, 1: {1: 11, 2: 12, 3: 13, 4: 14, 5: 15}},
            {
                0: {1: 1, 2: 2},
                1: {3: 13, 4: 14, 5: 25},
                2: {5: 15},
                3: {3: 33, 4: 4, 5: 5},
                4: {1: 11, 2: 12},
            },
            (9, 0, 2, 3),
            (4, 5, 7),
            id="split tracks",
        ),
    ],
)
def test_toy_cases(truth: dict, predicted: dict, clear: tuple, identity: tuple) -> None:
    scores = score_tracks(tracks(predicted), tracks(truth), "none")
    assert tuple(scores.clear[k] for k in ("CLR_TP", "CLR_FN", "CLR_FP", "IDSW")) == clear
    assert tuple(scores.identity[k] for k in ("IDTP", "IDFN", "IDFP")) == identity
    tp, fn, fp, switches = clear
    assert scores.summary()["MOTA"] == pytest.approx(1 - (fn + fp + switches) / (tp + fn))
    quoted = [scores.summary()[name] for name in ("Precision", "Recall", "F1")]
    assert quoted == pytest.approx([tp / (tp + fp), tp / (tp + fn), tp / (tp + (fp + fn) / 2)])
    idtp, idfn, idfp = identity
    assert scores.summary()["IDF1"] == pytest.approx(idtp / (idtp + (idfn + idfp) / 2))


def test_perfect_and_empty() -> None:
    truth = tracks({3: {1: 1, 2: 1, 4: 2}, 7: {2: 9}})
    perfect = score_tracks(truth, truth, "mot17").summary()
    assert perfect == {
        "HOTA": 1, "DetA": 1, "AssA": 1, "LocA": 1, "MOTA": 1, "MOTP": 1, "IDSW": 0, "IDF1": 1,
        "Precision": 1, "Recall": 1, "F1": 1,
    }  # fmt: skip
    one = of_boxes([2], [1], [[0.0, 0, 5, 5]])
    only = score_tracks(one, one, "none").summary()
    assert (only["Precision"], only["Recall"], only["F1"]) == (1, 1, 1)
    empty = score_tracks(empty_tracks(6), truth, "mot17")
    assert empty.clear["CLR_FN"] == 4
    assert empty.summary()["HOTA"] == empty.summary()["IDF1"] == empty.summary()["F1"] == 0.0
    nothing = score_tracks(empty_tracks(6), empty_tracks(6), "mot17").summary()
    assert [nothing[name] for name in ("Precision", "Recall", "F1")] == [0.0] * 3
    # boxes may be as small as one likes
    small = of_boxes([1], [0], [[3.0, 4, 0.5, 0.5]])
    assert score_tracks(small, small, "none").summary()["MOTA"] == 1
    flat = of_boxes([1], [0], [[3.0, 4, 5, 0]])
    assert score_tracks(flat, flat, "none").clear["CLR_FP"] == 1


def test_who_is_called_what_does_not_matter() -> None:
    truth, predicted = {0: {1: 1, 2: 2, 3: 3}, 1: {1: 11, 2: 12}}, {0: {1: 1, 2: 12}, 1: {2: 2, 3: 3}}
    named = {50 - name: places for name, places in predicted.items()}
    first, second = (score_tracks(tracks(p), tracks(truth), "none").summary() for p in (predicted, named))
    assert first == second


def test_distractors_do_no_harm() -> None:
    """One pedestrian, one statue, one row that does not count; a result on each, and one on nothing."""
    boxes = np.array([[10.0 + 100 * place, 10, 20, 40] for place in range(4)])
    truth = of_boxes([1] * 3, range(3), boxes[:3], confidence=[1, 1, 0], categories=[1, 7, 1])
    predicted = of_boxes([1] * 4, range(4), boxes)
    kept, wanted = scored_rows(predicted, truth, "mot17")
    assert kept.tolist() == [True, False, True, True]
    assert wanted.tolist() == [True, False, False]
    assert scored_rows(predicted, truth, "mot15")[1].tolist() == [True, True, False]
    assert scored_rows(predicted, truth, "none")[1].all()
    scores = score_tracks(predicted, truth, "mot17")
    assert [scores.clear[key] for key in ("CLR_TP", "CLR_FN", "CLR_FP")] == [1, 0, 2]
    # vehicles are one in MOT20 only
    car = dataclasses.replace(truth, categories=np.array([1, 6, 1]))
    assert [scored_rows(predicted, car, name)[0].sum() for name in ("mot17", "mot20")] == [4, 3]


def test_rows_of_no_class_are_pedestrians() -> None:
    truth = of_boxes([1], [0], [[0.0, 0, 10, 10]])
    assert scored_rows(truth, truth, "mot17")[1].tolist() == [True]


def test_a_result_goes_to_the_nearer_of_pedestrian_and_distractor() -> None:
    truth = of_boxes([1, 1], [0, 1], [[0.0, 0, 10, 10], [3, 0, 10, 10]], categories=[1, 12])
    for x, kept in ((0.0, True), (3.0, False)):
        predicted = of_boxes([1], [0], [[x, 0, 10, 10]])
        assert scored_rows(predicted, truth, "mot17")[0].tolist() == [kept]


@pytest.mark.parametrize(("width", "kept"), [(20.0, False), (20.1, True)])
def test_a_result_is_on_a_distractor_from_half_an_overlap_on(width: float, kept: bool) -> None:
    truth = of_boxes([1], [0], [[0.0, 0, 10, 10]], categories=[12])
    predicted = of_boxes([1], [0], [[0.0, 0, width, 10]])
    assert scored_rows(predicted, truth, "mot17")[0].tolist() == [kept]


@pytest.mark.parametrize(
    ("frames", "ids", "boxes", "message"),
    [
        ([1], [1], [[0.0, 0, np.nan, 5]], r"frame 1, id 1: .* is no box"),
        ([1], [1], [[0.0, 0, -1, 5]], r"frame 1, id 1: .* is no box"),
        ([1, 2], [1, 1], [[0.0, 0, 5, 5], [np.inf, 0, 5, 5]], r"frame 2, id 1: .* is no box"),
        (
            [1, 2, 3],
            [1, 1, 1],
            [[0.0, 0, 5, 5], [0, 0, 5, -0.5], [0, 0, -1, 5]],
            r"frame 2, id 1: .* is no box",
        ),
        ([2, 2], [5, 5], [[0.0, 0, 5, 5]] * 2, "frame 2: id 5 stands there twice"),
        ([1, 2, 2, 3, 3], [4, 5, 5, 6, 6], [[0.0, 0, 5, 5]] * 5, "frame 2: id 5 stands there twice"),
        ([6], [4], [[0.0, 0, 5, 5]], "a predicted row is of frame 6; the sequence reaches from 0 to 5"),
        ([0, -1], [4, 4], [[0.0, 0, 5, 5]] * 2, "a predicted row is of frame -1; .* from 0 to 5"),
    ],
)
def test_what_are_no_tracks_is_refused(frames: list, ids: list, boxes: list, message: str) -> None:
    bad, good = of_boxes(frames, ids, boxes), tracks({0: {4: 1}})
    with pytest.raises(ValueError, match=message):
        score_tracks(bad, good, "none")
    with pytest.raises(ValueError, match=message.replace("predicted", "true")):
        score_tracks(good, bad, "none")


def test_what_cannot_be_scored_is_refused() -> None:
    one = tracks({0: {4: 1}})
    with pytest.raises(ValueError, match="tracks of 5 frames, but a truth of 6"):
        score_tracks(dataclasses.replace(one, num_frames=5), one, "none")
    with pytest.raises(ValueError, match="no preparation 'kitti'"):
        score_tracks(one, one, "kitti")
    with pytest.raises(ValueError, match="no sequences"):
        combine_tracks([])


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackers.eval", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'saccade\[mot\]'"):
        score_tracks(tracks({0: {1: 1}}), tracks({0: {1: 1}}), "none")
