"""PCKh of MPII, PCK of LSP, and PCK by the box."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import LSP_14, MPII_16
from saccade.data.pose.people import AnnotatedPerson, PoseDataset
from saccade.evaluation.pose import Matching, PoseScores, judge
from saccade.evaluation.pose.summary import headline, rules, to_json
from tests.unit.evaluation.pose.people import POINTS, dataset, found, person, truths

HEAD_SIZES = (120.0, 45.5, 80.0, 77.25, 90.0)


def mpii_person(row: dict[str, Any], head_size: float | None) -> AnnotatedPerson:
    joints = np.array(row["joints"], np.float64) - 1
    x, y = row["center"]
    half = 100 * row["scale"]
    return AnnotatedPerson(
        keypoints=joints.astype(np.float32),
        visible=2 * np.array(row["joints_vis"], np.int8),
        box=np.array([x - half, y - half, x + half, y + half], np.float32),
        area=(2 * half) ** 2,
        head_size=head_size,
    )


@pytest.fixture
def mpii(shared_data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        (shared_data / "pose" / "mmpose_tests" / "mpii" / "test_mpii.json").read_text()
    )
    return rows


def perturbed(rows: list[dict[str, Any]], seed: int) -> list[np.ndarray]:
    """Answers in MPII's pixels, which are counted from 1; some joints are just as far off as a threshold."""
    random = np.random.default_rng(seed)
    answers = []
    for row, size in zip(rows, HEAD_SIZES, strict=True):
        joints = np.array(row["joints"])
        step = random.normal(0, 0.35 * size, joints.shape)
        step[0], step[3], step[4] = (0.5 * size, 0.0), (0.0, 0.1 * size), (-0.11 * size, 0.0)
        answers.append(joints + step)
    return answers


def by_hand(
    rows: list[dict[str, Any]], answers: list[np.ndarray], threshold: float
) -> tuple[float, list[float]]:
    """The mean and each joint, as SimpleBaseline computes them, in plain loops."""
    hits, counts = [0] * 16, [0] * 16
    for row, answer, size in zip(rows, answers, HEAD_SIZES, strict=True):
        for joint in range(16):
            if row["joints_vis"][joint]:
                (x, y), (u, v) = row["joints"][joint], answer[joint]
                counts[joint] += 1
                hits[joint] += ((x - u) ** 2 + (y - v) ** 2) ** 0.5 / size <= threshold
    rates = [hit / count if count else float("nan") for hit, count in zip(hits, counts, strict=True)]
    kept = [joint for joint in range(16) if joint not in (6, 7)]
    weights = [counts[joint] / sum(counts[k] for k in kept) for joint in kept]
    return sum(rates[j] * w for j, w in zip(kept, weights, strict=True)), rates


@pytest.mark.parametrize("first", [1, 0])
def test_pckh_on_the_sample_of_mpii(mpii: list[dict[str, Any]], first: int) -> None:
    """From 1, as its files count pixels, or from 0: distances are the same."""
    answers = perturbed(mpii, 3)
    data = dataset(
        [[mpii_person(row, size)] for row, size in zip(mpii, HEAD_SIZES, strict=True)], MPII_16, name="mpii"
    )
    scores = judge(data, [found((answer - 1, 1.0)) for answer in answers], matching=Matching.GIVEN)
    if first == 1:
        again = [[moved(person, 1) for person in image.people] for image in data.images]
        data = dataset(again, MPII_16, name="mpii")
        scores = judge(data, [found((answer, 1.0)) for answer in answers], matching=Matching.GIVEN)
    report = to_json(scores)
    for key, threshold in (("pckh50", 0.5), ("pckh10", 0.1), ("pckh11", 0.11)):
        mean, rates = by_hand(mpii, answers, threshold)
        assert report[key] == pytest.approx(mean, abs=1e-12)
        for name, rate in zip(MPII_16.points, rates, strict=True):
            assert report["joints"][name][key] == pytest.approx(rate, abs=1e-12)
    curve = [by_hand(mpii, answers, step / 100)[0] for step in range(51)]
    assert report["curves"]["pck"] == pytest.approx(curve, abs=1e-4)
    assert report["pckh_auc"] == pytest.approx(np.trapezoid(curve, dx=0.01) / 0.5, abs=1e-12)
    # the trap has sprung: both thresholds are quoted, and differ
    assert report["pckh10"] < report["pckh11"]
    assert rules(scores)["pck"]["thresholds"] == {"pckh50": 0.5, "pckh10": 0.1, "pckh11": 0.11}
    assert rules(scores)["pck"]["not_in_the_mean"] == ["pelvis", "thorax"]
    # two people's ankles are not marked
    assert (report["how"]["joints"], report["how"]["pck"]["joints"]) == (76, 66)


def moved(one: AnnotatedPerson, by: float) -> AnnotatedPerson:
    return AnnotatedPerson(
        keypoints=one.keypoints + np.float32(by),
        visible=one.visible,
        box=one.box,
        area=one.area,
        head_size=one.head_size,
    )


def mean_of(data: PoseDataset, *answers: Any, **more: Any) -> PoseScores:
    return judge(data, list(answers), **more)


def test_at_most_is_right() -> None:
    data = dataset([[person(head_size=10.0)]], name="mpii")
    moves = np.array([(5, 0), (5.0001, 0), (1, 0), (1.1, 0)])
    scores = mean_of(data, found((POINTS + 50 + moves, 1.0)))
    assert [headline(scores)[key] for key in ("pckh50", "pckh10", "pckh11")] == [0.75, 0.25, 0.5]


def test_people_without_a_head_box_are_left_out_and_counted() -> None:
    people = [person(50, 50, head_size=10.0), person(150, 50, head_size=None), person(250, 50, head_size=0.0)]
    data = dataset([people], name="mpii")
    scores = mean_of(data, truths(people))
    assert (scores.pck_main, scores.pck.num_joints(), scores.pck.num_without_length) == (1.0, 4, 2)
    assert scores.num_found == 3
    nobody = mean_of(dataset([people[1:]], name="mpii"), truths(people[1:]))
    assert np.isnan(nobody.pck_main) and np.isnan(nobody.pck.area())
    assert headline(nobody)["pckh50"] is None and headline(nobody)["oks_ap"] == 1.0


def test_who_was_not_found_has_no_joint_right() -> None:
    people = [person(50, 50, head_size=10.0), person(250, 50, hidden=[3], head_size=10.0)]
    scores = mean_of(dataset([people], name="mpii"), truths(people[:1]))
    assert (scores.pck_main, scores.pck.num_joints()) == (4 / 7, 7)


def test_a_joint_weighs_as_much_as_it_is_labelled() -> None:
    people = [person(100 * n, 50, hidden=[1, 2, 3] if n else [], head_size=10.0) for n in range(3)]
    wrong = [one.keypoints + np.array([[0, 0], [9, 0], [9, 0], [9, 0]]) for one in people]
    scores = mean_of(dataset([people], name="mpii"), found(*((points, 1.0) for points in wrong)))
    assert scores.pck_main == 3 / 6
    assert [scores.pck.rate(0.5, [joint]) for joint in range(4)] == [1.0, 0.0, 0.0, 0.0]


def test_lsp_divides_by_the_torso(shared_data: Path) -> None:
    arrays = np.load(shared_data / "pose" / "LSPET_subset" / "joints.npz")
    joints = arrays["joints"][:60].astype(np.float64)
    people = [
        AnnotatedPerson(
            keypoints=(row[:, :2] - 1).astype(np.float32),
            visible=2 * (row[:, 2] > 0).astype(np.int8),
            box=np.array([*row[:, :2].min(0), *row[:, :2].max(0)], np.float32),
            area=float(np.ptp(row[:, 0]) * np.ptp(row[:, 1])),
        )
        for row in joints
    ]
    answers = joints[..., :2] + np.random.default_rng(0).normal(0, 8, joints[..., :2].shape)
    data = dataset([[one] for one in people], LSP_14, name="lsp")
    scores = mean_of(data, *(found((answer - 1, 1.0)) for answer in answers), matching=Matching.GIVEN)
    hits, count, without = 0, 0, 0
    for row, answer in zip(joints, answers, strict=True):
        if not (row[9, 2] and row[2, 2]):
            without += 1
            continue
        torso = np.hypot(*(row[9, :2] - row[2, :2]))
        for (x, y, visible), (u, v) in zip(row, answer, strict=True):
            count += int(visible)
            hits += bool(visible) and np.hypot(x - u, y - v) <= 0.2 * torso
    assert (scores.pck.num_joints(), scores.pck.num_without_length) == (count, without)
    assert headline(scores)["pck20"] == pytest.approx(hits / count, abs=1e-12)
    assert 0.3 < hits / count < 0.9
    assert next(iter(headline(scores))) == "pck20"


@pytest.mark.parametrize("box", [(0, 0, 40, 100), (10, 45, 110, 55)], ids=["high", "wide"])
def test_others_divide_by_the_longer_side_of_the_box(box: tuple[int, ...]) -> None:
    data = dataset([[person(box=np.array(box, np.float32))]])
    moves = np.array([(10, 0), (5, 0), (20, 0), (20.001, 0)])
    scores = mean_of(data, found((POINTS + 50 + moves, 1.0)))
    assert [headline(scores)[key] for key in ("pck10", "pck05", "pck20")] == [0.5, 0.25, 0.75]
    assert next(iter(headline(scores))) == "oks_ap"
