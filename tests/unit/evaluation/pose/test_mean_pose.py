"""The pose that is right on average: what every model must beat."""

import json

import numpy as np
import pytest

from saccade.data.pose.crops import crop_of_box, crop_of_scale
from saccade.evaluation.pose import Matching, MeanPose, judge
from saccade.evaluation.pose.mean_pose import person_box
from tests.unit.evaluation.pose.people import POINTS, dataset, person


def test_people_of_one_pose_are_known_by_heart() -> None:
    def twin(x: float, size: float) -> object:
        box = np.array([x, 10, x + size, 10 + size], np.float32)
        return person(box=box, keypoints=(np.array([x, 10]) + size * (POINTS + 25) / 50).astype(np.float32))

    data = dataset([[twin(0, 50), twin(100, 100)], [], [twin(7, 300)]])
    mean = MeanPose.from_dataset(data)
    assert mean.points == pytest.approx((POINTS + 25.5) / 50 - [[0.01 * 0.5, 0.01 * 0.5]], abs=0.006)
    scores = judge(data, [mean.answer(image) for image in data.images], matching=Matching.GIVEN)
    # half a pixel is another share of each of them
    assert scores.oks.average_precision(0.75) == scores.pck_main == 1.0


def test_the_mean_is_of_those_who_count_and_what_is_labelled() -> None:
    a, b = person(50, 50, hidden=[2]), person(150, 50, hidden=[2, 3])
    b.keypoints[0] += (10, 0)
    crowd = person(50, 50, keypoints=POINTS + 900, is_crowd=True)
    mean = MeanPose.from_dataset(dataset([[a, crowd], [b]], split="train"))
    # boxes are 50 pixels wide, and begin 25 before the middle: their first pixel's middle is half a pixel on
    assert mean.points * 50 == pytest.approx(
        np.array([(30.5, 25.5), (25.5, 5.5), (25, 25), (45.5, 25.5)]), abs=1e-6
    )
    assert mean.of == "pose-folder-train"
    answer = mean.answer(dataset([[a, crowd]]).images[0])
    assert answer.keypoints is not None and len(answer) == 1
    assert answer.scores.tolist() == [1.0] and answer.keypoint_scores.tolist() == [[1.0] * 4]
    assert answer.keypoints[0, 0].tolist() == pytest.approx([55, 50])


def test_hidden_joints_are_labelled() -> None:
    a, b = person(50, 50), person(50, 50)
    b.keypoints[0] += (10, 0)
    b.visible[0] = 1
    assert MeanPose.from_dataset(dataset([[a, b]])).points[0] * 50 == pytest.approx([30.5, 25.5])


def test_points_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        MeanPose.from_json({"of": "coco", "points": [[0.5, float("nan")]]})


def test_as_json_and_back() -> None:
    mean = MeanPose.from_dataset(dataset([[person()]]))
    again = MeanPose.from_json(json.loads(json.dumps(mean.to_json())))
    assert again.of == mean.of
    np.testing.assert_array_equal(again.points, mean.points)


def test_nobody_has_a_mean_pose_in_the_middle() -> None:
    mean = MeanPose.from_dataset(dataset([[]]))
    assert mean.points.tolist() == [[0.5, 0.5]] * 4
    assert len(mean.answer(dataset([[]]).images[0])) == 0


def test_the_box_of_a_person_has_their_crop() -> None:
    plain = person()
    assert person_box(plain).tolist() == [25, 25, 75, 75]
    scaled = person(center=(300.0, 200.0), scale=1.5)
    theirs = crop_of_scale((300.0, 200.0), 1.5, (64, 64))
    ours = crop_of_box(person_box(scaled), (64, 64))
    assert ours.center == pytest.approx(theirs.center) and ours.width == pytest.approx(theirs.width)
