"""Who is who, and what became of each joint."""

from dataclasses import replace

import numpy as np
import pytest

from saccade.core import Instances
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pose import Matching, judge
from saccade.evaluation.pose.joints import Fate
from saccade.evaluation.pose.scores import image_ids
from saccade.evaluation.pose.summary import sentences
from tests.unit.evaluation.pose.people import CROSS, POINTS, dataset, found, person, truths

A, B = person(50, 50), person(200, 50)
UNIT = 2 * 0.05 * 40
"""of the first two joints: 2 sigma sqrt(area)"""


def fates(points: np.ndarray, *others: Instances, people: tuple = (A, B)) -> list[Fate]:
    """What became of the joints of the first of these people."""
    answers = found((points, 0.9), (B.keypoints, 0.5))
    scores = judge(dataset([people]), [answers])
    return [Fate(value) for value in scores.joints.fates[0]]


def moved(*units: float) -> np.ndarray:
    """The first two joints to the right."""
    return np.array([[units[0] * UNIT, 0], [units[1] * UNIT, 0], [0, 0], [0, 0]])


def test_each_fate() -> None:
    points = A.keypoints.astype(np.float64)
    assert fates(points) == [Fate.RIGHT] * 4
    # exp(-e² / 2) is 0.85 at 0.570 units, and 0.5 at 1.177
    assert fates(points + moved(0.56, 0.58))[:2] == [
        Fate.RIGHT,
        Fate.JITTER,
    ]
    assert fates(points + moved(1.17, 1.18))[:2] == [
        Fate.JITTER,
        Fate.MISSED,
    ]
    assert fates(points[[0, 1, 3, 2]]) == [Fate.RIGHT, Fate.RIGHT, Fate.INVERTED, Fate.INVERTED]
    swapped = points.copy()
    # on the same joint of somebody else, and on that of the other side
    swapped[1], swapped[2] = B.keypoints[1], B.keypoints[3]
    assert fates(swapped) == [Fate.RIGHT, Fate.SWAPPED, Fate.SWAPPED, Fate.RIGHT]
    # what is lost beside it is not
    swapped[2] = (1000, 1000)
    assert fates(swapped) == [Fate.RIGHT, Fate.SWAPPED, Fate.MISSED, Fate.RIGHT]
    # nor is another kind of joint, or somebody in the next picture
    pictures = judge(dataset([[A], [B]]), [found((swapped, 0.9)), truths([B])])
    assert pictures.joints.fates[0, 1] == Fate.MISSED
    lost = points.copy()
    lost[1] = B.keypoints[2]
    assert fates(lost)[1] is Fate.MISSED


def test_similarity_falls_with_the_square_of_the_error() -> None:
    one = person(50, 50, hidden=[3])
    joints = judge(dataset([[one]]), [found((one.keypoints + moved(1.0, 2.0), 1.0))]).joints
    expected = [np.exp(-1 / 2), np.exp(-4 / 2), 1.0]
    assert joints.similarities[0, :3].tolist() == pytest.approx(expected)
    assert np.isnan(joints.similarities[0, 3])
    assert joints.oks.tolist() == [joints.mean_similarity()] == pytest.approx([np.mean(expected)])


def test_what_is_not_labelled_has_no_fate_and_is_nobodys_other_side() -> None:
    one = person(50, 50, hidden=[3])
    assert fates(one.keypoints[[0, 1, 3, 2]].astype(np.float64), people=(one, B)) == [
        Fate.RIGHT,
        Fate.RIGHT,
        Fate.MISSED,
        Fate.UNLABELLED,
    ]


def test_who_was_not_found() -> None:
    scores = judge(dataset([[A, B], []]), [truths([A]), found()])
    assert scores.pose.tolist() == [0, NOBODY]
    assert scores.joints.counts()[Fate.NOT_FOUND] == 4
    assert scores.joints.oks.tolist() == [1.0, 0.0]
    assert (scores.joints.mean_similarity(), scores.joints.median_error()) == (0.5, 0.0)
    assert np.isnan(scores.losses[1]) and scores.losses[0] == 0.0
    assert (scores.num_people, scores.num_found) == (2, 1)


def test_joints_that_the_model_has_no_place_for_have_no_error() -> None:
    moved = A.keypoints + np.array([0, 4.0])
    answers = replace(found((moved, 1.0)), keypoint_scores=np.array([[0.0, 1.0, 1.0, 1.0]]))
    joints = judge(dataset([[A]]), [answers]).joints
    assert np.isnan(joints.median_error([0]))
    # 4 pixels, in units of 2 sigma sqrt(area)
    assert joints.median_error([1]) == pytest.approx(4 / (2 * 0.05 * 40))
    assert joints.median_error() == pytest.approx(4 / (2 * 0.1 * 40))
    assert joints.num_labelled([0]) == 1, "and they count"


def test_the_surest_chooses_first_by_similarity() -> None:
    near = A.keypoints + np.array([1.0, 0])
    answers = found((A.keypoints, 0.8), (B.keypoints, 0.1), (near, 0.9), (near, 0.8))
    scores = judge(dataset([[A, B]]), [answers])
    assert scores.pose.tolist() == [2, 1]
    assert scores.strays.tolist() == [0, 3]


def test_who_does_not_count_takes_no_pose() -> None:
    crowd = replace(A, is_crowd=True)
    assert judge(dataset([[crowd, A]]), [truths([A])]).pose.tolist() == [NOBODY, 0]
    assert judge(dataset([[A, crowd]]), [truths([A])]).pose.tolist() == [0, NOBODY]


def test_who_is_who_rests_on_what_is_labelled() -> None:
    one = person(50, 50, hidden=[1, 2, 3])
    one.keypoints[1:] = 900
    # exp(-1.5² / 2) is 0.32, and a quarter of it too little
    assert judge(dataset([[one]]), [found((A.keypoints + moved(1.5, 0), 1.0))]).pose.tolist() == [0]


def test_pictures_of_one_number_are_counted_anew() -> None:
    data = dataset([[A], [B]])
    assert image_ids(data) == (0, 1)
    twins = replace(data, images=tuple(replace(image, id=7) for image in data.images))
    assert image_ids(twins) == (1, 2)
    answers = [truths([A]), found()]
    assert judge(twins, answers).oks_ap == judge(data, answers).oks_ap


def test_boxes_tell_who_is_who_where_people_are_alone() -> None:
    wrong = [(POINTS + 500, 0.9), (POINTS + 600, 0.8)]
    answers = found(*wrong, boxes=[(30, 30, 70, 70), (170, 20, 230, 80)])
    scores = judge(dataset([[B, A]], name="lsp"), [answers])
    assert scores.matching is Matching.BOXES
    assert scores.pose.tolist() == [1, 0]
    # by similarity, nobody was found
    assert judge(dataset([[B, A]]), [answers]).pose.tolist() == [NOBODY, NOBODY]


def test_given_people_are_answered_for_in_order() -> None:
    crowd, unknown = person(60, 60, is_crowd=True), person(70, 70, hidden=range(4))
    data = dataset([[crowd, A, unknown], [B]])
    answers = [found((POINTS, 0.1)), found((POINTS, 0.2))]
    scores = judge(data, answers, matching=Matching.GIVEN)
    assert scores.pose.tolist() == [NOBODY, 0, NOBODY, 1]
    assert scores.joints.fates[0].tolist() == [Fate.UNLABELLED] * 4
    with pytest.raises(ValueError, match="3 poses for 2 people that were given"):
        judge(data, [truths([A, B]), answers[1]], matching=Matching.GIVEN)
    with pytest.raises(ValueError, match="2 poses for 2 people"):
        judge(data, [truths([A, B]), found()], matching=Matching.GIVEN)


def test_losses_are_shared_by_joints_and_bounded() -> None:
    points = A.keypoints + np.array([[25.0, 0], [1000.0, 0], [0, 0], [0, 0]])
    scores = judge(dataset([[A]]), [found((points, 1.0))])
    assert scores.losses.tolist() == [0.5 + 1.0]


def test_losses_are_in_longer_sides_of_each_ones_box() -> None:
    wide = person(50, 50, hidden=[0], box=np.array([10, 40, 90, 60], np.float32))
    high = person(250, 50, box=np.array([240, 10, 260, 50], np.float32))
    scores = judge(dataset([[wide, high]]), [truths([wide, high], move=(10, 0))])
    assert scores.losses.tolist() == [3 * 10 / 80, 4 * 10 / 40]


def test_60_people_and_no_people() -> None:
    people = [person(60 * (n % 10), 60 * (n // 10)) for n in range(60)]
    scores = judge(dataset([people]), [truths(people)])
    assert (scores.num_found, scores.pck_main) == (60, 1.0)
    nothing = judge(dataset([[], []]), [found(), found()])
    assert np.isnan(nothing.oks_ap) and np.isnan(nothing.pck_main)
    assert (nothing.num_people, len(nothing.strays), nothing.joints.num_labelled()) == (0, 0, 0)
    empty = judge(dataset([]), [])
    assert np.isnan(empty.oks_ap)
    strays = judge(dataset([[]]), [found((POINTS, 0.3), (POINTS, 0.8))])
    assert strays.strays.tolist() == [1, 0]


def test_without_sigmas_a_common_one_stands_in() -> None:
    data = dataset([[A]], replace(CROSS, sigmas=()))
    scores = judge(data, [found((A.keypoints + np.array([2 * 0.07 * 40, 0.0]), 1.0))])
    assert scores.joints.errors[0].tolist() == pytest.approx([1.0] * 4)
    assert "a sigma of 0.07 for every joint" in sentences(scores)[0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Instances(boxes=np.zeros((1, 4)), scores=np.ones(1)), "1 people without key points"),
        (
            Instances(boxes=np.zeros((1, 4)), scores=np.ones(1), keypoints=np.zeros((1, 5, 2))),
            "5 key points a person, but cross has 4",
        ),
        (
            Instances(boxes=np.zeros((1, 4)), scores=np.ones(1), keypoints=np.full((1, 4, 2), np.nan)),
            "not finite",
        ),
    ],
)
def test_what_is_no_pose_is_refused(answer: Instances, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge(dataset([[A]]), [answer])


def test_as_many_answers_as_pictures() -> None:
    with pytest.raises(ValueError, match="found: of 2 pictures, but the data set has 1"):
        judge(dataset([[A]]), [found(), found()])
