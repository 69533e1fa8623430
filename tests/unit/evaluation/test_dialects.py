"""One run in every dialect: cases by hand, and the formulas of each toolkit written out plainly."""

import json
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError
from saccade.data.formats import read_boxes
from saccade.evaluation.metrics import DIALECTS, OnePassScores, dialect, score_one_pass

BOX = [10.0, 20.0, 40.0, 30.0]
NAN = [np.nan] * 4
EMPTY = [0.0] * 4
FLAT = [12.0, 5, 9, 0]


def score(
    predicted: object, truth: object, name: str, dataset: str = "", hidden: tuple = ()
) -> OnePassScores:
    truth = np.array(truth, float)
    shown = np.ones(len(truth), bool)
    shown[list(hidden)] = False
    return score_one_pass(np.array(predicted, float), truth, shown, dialect(name, dataset))


def test_the_field_speaks_six_dialects() -> None:
    assert list(DIALECTS) == ["pytracking", "stark", "otb", "lasot", "got10k", "trackingnet"]


@pytest.mark.parametrize("name", ["pytracking", "stark", "otb", "lasot", "got10k"])
def test_perfect_is_twenty_of_twenty_one_where_thresholds_are_to_be_passed(name: str) -> None:
    scores = score([BOX] * 4, [BOX] * 4, name)
    assert scores.auc == pytest.approx(20 / 21, abs=1e-12)
    assert (scores.precision, scores.norm_precision, scores.op50, scores.op75) == (1, 1, 1, 1)


def test_trackingnet_reaches_all_and_gives_a_miss_something() -> None:
    perfect = score([BOX] * 2, [BOX] * 2, "trackingnet")
    assert (perfect.auc, perfect.precision, perfect.norm_precision) == pytest.approx((1, 1, 1), abs=1e-12)
    # without the first frame, whose box is given, a total miss has 2.5 % for the threshold of 0
    miss = score([BOX, [500.0, 500.0, 5.0, 5.0]], [BOX] * 2, "trackingnet")
    assert miss.auc == pytest.approx((1 + 0.025) / 2, abs=1e-12)


@pytest.mark.parametrize("name", [n for n in DIALECTS if n != "trackingnet"])
def test_a_total_miss_has_only_the_first_frame(name: str) -> None:
    miss = score([BOX, [500.0, 500.0, 5.0, 5.0]], [BOX] * 2, name)
    assert miss.auc == pytest.approx(10 / 21, abs=1e-12)
    assert (miss.precision, miss.norm_precision) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("name", "dataset", "box", "is_hidden", "frames", "hits"),
    [
        # frames: how many count; hits: of the last one in success, precision, normalised precision
        pytest.param("pytracking", "", NAN, False, 3, (0, 0, 1), id="pytracking: unknown"),
        pytest.param("pytracking", "", [0.0, 5, 9, 9], False, 3, (0, 0, 1), id="pytracking: x = 0"),
        pytest.param("pytracking", "", BOX, True, 3, (0, 0, 1), id="pytracking: hidden"),
        pytest.param("pytracking", "uav123", NAN, False, 3, (0, 1, 1), id="pytracking on UAV123"),
        pytest.param("pytracking", "lasot", BOX, True, 3, (0, 0, 0), id="pytracking on LaSOT: hidden"),
        pytest.param("pytracking", "lasot", [0.0, 5, 9, 9], False, 3, (0, 0, 1), id="… but x = 0"),
        pytest.param("pytracking", "lasot", FLAT, False, 3, (0, 0, 1), id="… or a box without area"),
        pytest.param("pytracking", "lasot", EMPTY, True, 3, (0, 0, 0), id="… unless it is flagged"),
        pytest.param("stark", "lasot", BOX, True, 3, (0, 0, 0), id="stark as pytracking"),
        pytest.param("stark", "lasot", FLAT, False, 3, (0, 0, 1), id="… and without area"),
        pytest.param("otb", "", [0.0, 5, 9, 9], False, 3, (0, 1, 1), id="otb: x = 0"),
        pytest.param("lasot", "", BOX, True, 3, (0, 0, 0), id="lasot: taken out, but divided by"),
        pytest.param("lasot", "", [0.0, 5, 9, 9], False, 3, (0, 1, 1), id="lasot: x = 0"),
        pytest.param("lasot", "", FLAT, False, 3, (0, 1, 1), id="lasot: without area, but not flagged"),
        pytest.param("lasot", "", EMPTY, True, 3, (0, 0, 0), id="lasot: without area, and flagged"),
        pytest.param("got10k", "", NAN, False, 2, (0, 0, 0), id="got10k: unknown does not count"),
        pytest.param("got10k", "", [np.nan, 5, 9, 9], False, 2, (0, 0, 0), id="got10k: partly unknown"),
        pytest.param("got10k", "", BOX, True, 3, (1, 1, 1), id="got10k: hidden or not, the box is there"),
        pytest.param(
            "got10k", "", EMPTY, False, 3, (0, 1, 0), id="got10k: an empty box has a centre, 46 px away"
        ),
        pytest.param("trackingnet", "", NAN, False, 3, (0, 0, 0), id="trackingnet: unknown is missed"),
        pytest.param("trackingnet", "", NAN, True, 3, (0, 0, 0), id="trackingnet: unknown and hidden"),
        pytest.param("trackingnet", "", BOX, True, 3, (1, 1, 1), id="trackingnet: the box is there"),
    ],
)
def test_which_frames_count_and_how(
    name: str, dataset: str, box: list[float], is_hidden: bool, frames: int, hits: tuple[int, int, int]
) -> None:
    scores = score([BOX] * 3, [BOX, BOX, box], name, dataset, hidden=(2,) if is_hidden else ())
    found = scores.op50, scores.precision_curve[-1], scores.norm_precision_curve[-1]
    assert found == pytest.approx(tuple((2 + hit) / frames for hit in hits), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "repeats"),
    [("pytracking", True), ("otb", True), ("lasot", True), ("got10k", False), ("trackingnet", False)],
)
def test_who_repeats_the_box_before_an_empty_one(name: str, repeats: bool) -> None:
    scores = score([BOX, BOX, [10.0, 20.0, 0.0, 0.0]], [BOX] * 3, name)
    assert scores.op50 == pytest.approx(1.0 if repeats else 2 / 3)


def test_trackingnet_counts_in_whole_pixels() -> None:
    moved = [10.4, 20.4, 40.4, 30.4]
    assert score([BOX, moved], [BOX, BOX], "trackingnet").auc == pytest.approx(1.0)
    assert score([BOX, moved], [BOX, BOX], "otb").auc < 20 / 21
    # 0.5 goes to the even side, so that 10.5 is 10 and 11.5 is 12
    scores = score([BOX, [11.5, 20, 40, 30]], [BOX, [10.5, 20, 40, 30]], "trackingnet")
    assert scores.op75 == 1.0
    assert scores.precision_curve[0] == 0.5, "two pixels apart, not one"


def test_got10k_takes_the_mean_of_the_normalised_curve_over_sides_of_a_pixel_at_least() -> None:
    thin = [10.0, 20.0, 0.5, 30.0]
    scores = score([BOX, [10.1, 20.0, 0.5, 30.0]], [BOX, thin], "got10k")
    # 0.1 px of a side that counts as 1 px: the thresholds 0.10 (or its rounding) to 0.50
    assert scores.norm_precision_curve[[9, 11]].tolist() == [0.5, 1.0]
    assert scores.norm_precision == pytest.approx(scores.norm_precision_curve.mean())
    assert score([BOX, [10.1, 20.0, 0.5, 30.0]], [BOX, thin], "otb").norm_precision_curve[
        [11, 21]
    ].tolist() == [
        0.5,
        1.0,
    ]


def _plain_otb(predicted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """OTB's MATLAB formulas: pixels counted from x to x + w - 1, centres at (w - 1)/2."""
    success, precision = np.zeros(21), np.zeros(51)
    for index, (p, g) in enumerate(zip(predicted, truth, strict=True)):
        p = g if index == 0 else p
        w = max(0.0, min(p[0] + p[2] - 1, g[0] + g[2] - 1) - max(p[0], g[0]) + 1)
        h = max(0.0, min(p[1] + p[3] - 1, g[1] + g[3] - 1) - max(p[1], g[1]) + 1)
        iou = w * h / (p[2] * p[3] + g[2] * g[3] - w * h)
        dx = p[0] + (p[2] - 1) / 2 - g[0] - (g[2] - 1) / 2
        dy = p[1] + (p[3] - 1) / 2 - g[1] - (g[3] - 1) / 2
        success += iou > np.linspace(0, 1, 21)
        precision += np.sqrt(dx * dx + dy * dy) <= np.arange(51)
    return success / len(truth), precision / len(truth)


def _plain_trackingnet(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    p, g = np.round(predicted), np.round(truth)
    p[0] = g[0]
    w, h = (
        np.clip(
            np.minimum(p[:, i] + p[:, i + 2], g[:, i] + g[:, i + 2]) - np.maximum(p[:, i], g[:, i]), 0, None
        )
        for i in (0, 1)
    )
    iou = w * h / (p[:, 2] * p[:, 3] + g[:, 2] * g[:, 3] - w * h)
    offset = p[:, :2] + (p[:, 2:] + 1) / 2 - g[:, :2] - (g[:, 2:] + 1) / 2
    x = np.linspace(0, 1, 21)
    distance, normalised = np.sqrt((offset**2).sum(1)), np.sqrt(((offset / g[:, 2:]) ** 2).sum(1))
    return (
        np.trapezoid((iou[:, None] >= x).mean(0), x),
        np.trapezoid((distance[:, None] <= np.linspace(0, 50, 21)).mean(0), x),
        np.trapezoid((normalised[:, None] <= np.linspace(0, 0.5, 21)).mean(0), x),
    )


def _real_runs(shared_data: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    folder = shared_data / "sot"
    runs = {}
    for file in sorted((folder / "results_otb").glob("*/*.json")):
        predicted = np.array(json.loads(file.read_text())[0]["res"], float)
        truth = read_boxes(next(folder.glob(f"OTB_{file.stem}*/groundtruth_rect.txt")))
        runs[f"{file.parent.name} on {file.stem}"] = (predicted[: len(truth)], truth)
    assert len(runs) == 13
    return runs


def test_published_tracks_in_the_words_of_each_toolkit(shared_data: Path) -> None:
    for name, (predicted, truth) in _real_runs(shared_data).items():
        shown = np.ones(len(truth), bool)
        scores = {name: score_one_pass(predicted, truth, shown, rules) for name, rules in DIALECTS.items()}
        success, precision = _plain_otb(predicted, truth)
        np.testing.assert_allclose(scores["otb"].success_curve, success, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(scores["otb"].precision_curve, precision, atol=1e-12, err_msg=name)
        # all boxes are positive and in view, so that these three are one
        for other in ("pytracking", "stark", "lasot"):
            np.testing.assert_array_equal(scores[other].success_curve, success, err_msg=name)
        ours = scores["trackingnet"]
        assert (ours.auc, ours.precision, ours.norm_precision) == pytest.approx(
            _plain_trackingnet(predicted, truth), abs=1e-12
        ), name


def test_truth_that_is_infinite_is_refused() -> None:
    with pytest.raises(ValueError, match=r"frame 1: true box .* is no box"):
        score([BOX] * 2, [BOX, [np.inf, 1, 2, 3]], "otb")


def test_unknown_dialects_are_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'trackingnet'"):
        dialect("TrackingNet")
