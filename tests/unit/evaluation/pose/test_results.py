"""Poses in and out of files, and a model that is broken off."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import COCO_17, MPII_16, ConfigError, DatasetError, Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import PosedImage
from saccade.evaluation.detection.results import DetectionResults
from saccade.evaluation.pose import Matching, MeanPose
from saccade.evaluation.pose.coco_results import read_boxes, read_coco_results, to_coco_results
from saccade.evaluation.pose.results import PoseResults
from saccade.evaluation.pose.run import Translation, run_estimator, true_boxes
from tests.unit.evaluation.detection.pictures import dataset as boxes_dataset
from tests.unit.evaluation.pose.people import CROSS, POINTS, dataset, found, person

DATA = dataset([[person(50, 50)], [], [person(50, 50), person(150, 50)], [], []])
ROW = {"image_id": 2, "category_id": 1, "keypoints": [*range(12)], "score": 0.5}
SAME = Translation.of(CROSS, DATA, "toy")


def write(folder: Path, content: Any) -> Path:
    file = folder / "poses.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_there_and_back(tmp_path: Path) -> None:
    answers = [found(), found(), found((POINTS + 7.25, 0.5), (POINTS, 0.25), boxes=[(1, 2, 4, 6)] * 2)]
    answers += [found(), found()]
    rows = to_coco_results(DATA, answers)
    assert [(row["image_id"], row["category_id"], row["box"]) for row in rows] == [(2, 1, [1, 2, 3, 4])] * 2
    # COCO's own program takes the size of a pose from `bbox`, if it is there, and not from its joints
    assert "bbox" not in rows[0]
    back = read_coco_results(write(tmp_path, rows), DATA)
    for one, other in zip(answers, back, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)
        if len(one):
            np.testing.assert_array_equal(one.keypoints, other.keypoints)


@pytest.mark.parametrize(
    ("more", "box"),
    [({}, [0, 1, 9, 10]), ({"bbox": [1, 2, 3, 4]}, [1, 2, 4, 6]), ({"box": [5, 5, 1, 1]}, [5, 5, 6, 6])],
)
@pytest.mark.parametrize("name", [2, "picture-2", "picture-2.png"])
def test_results_of_others(tmp_path: Path, more: dict[str, Any], box: list[int], name: Any) -> None:
    content = {"annotations": [ROW | more | {"image_id": name}]}
    other = read_coco_results(write(tmp_path, content), DATA)[2]
    assert other.boxes.tolist() == [box]
    assert other.keypoints is not None and other.keypoints[0, 1].tolist() == [3, 4]
    assert other.keypoint_scores is not None and other.keypoint_scores[0].tolist() == [2, 5, 8, 11]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "cannot be read as COCO results"),
        ([{"image_id": 2}], "detection 1: has no category_id"),
        ([ROW, ROW | {"image_id": 9}], "detection 2: image_id 9 is none of the data set's pictures"),
        ([ROW | {"keypoints": [1, 2, 3]}], "3 numbers for key points; cross has 4 points"),
        ([ROW | {"keypoints": ["a"] * 12}], "expected x, y, score of each point"),
        ([ROW | {"keypoints": 7}], "keypoints 7 with score 0.5"),
        ([ROW | {"score": float("nan")}], "not finite"),
        ([ROW | {"bbox": [1, 2, -3, 4]}], "of negative size"),
    ],
)
def test_what_is_no_results_file_is_refused_with_the_row(tmp_path: Path, content: Any, message: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(DatasetError, match=message) as caught:
        read_coco_results(file, DATA)
    assert str(file) in str(caught.value)


def test_boxes_of_a_detector(tmp_path: Path, shared_data: Path) -> None:
    row = {"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    rows = [row, row | {"category_id": 3}, row | {"image_id": 77}, row | {"image_id": "picture-0"}]
    boxes, elsewhere = read_boxes(write(tmp_path, rows), DATA)
    assert ([len(each) for each in boxes], elsewhere) == ([1, 0, 1, 0, 0], 1)
    assert (boxes[2].boxes.tolist(), boxes[2].scores.tolist()) == ([[1, 2, 4, 6]], [0.5])
    with pytest.raises(DatasetError, match=r"has no box of a person \(category_id 1\) in any of the 5"):
        read_boxes(write(tmp_path, rows[1:3]), DATA)
    with pytest.raises(DatasetError, match="detection 1: bbox"):
        read_boxes(write(tmp_path, [row | {"bbox": [1]}]), DATA)
    # the published boxes of COCO's validation pictures, cut down to four of them
    file = shared_data / "pose" / "mmpose_tests" / "coco" / "test_coco_det_AP_H_56.json"
    ids = (785, 40083, 196141, 197388)
    images = [_named(image, number) for image, number in zip(DATA.images, ids, strict=False)]
    boxes, elsewhere = read_boxes(file, dataset([], images=tuple(images)))
    assert (sum(map(len, boxes)), elsewhere) == (118, 0)


def _named(image: PosedImage, number: int) -> PosedImage:
    return PosedImage(
        name=f"{number}", file=Path(f"{number}.jpg"), annotation=Path(), size_wh=None, people=(), id=number
    )


class Toy:
    """Finds in picture n a pose of score n / 10; breaks at one of them."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.seen: list[int] = []
        self._breaks_at = breaks_at

    def __call__(self, images: Any, pictures: list[np.ndarray]) -> list[Instances]:
        numbers = [image.id for image in images]
        if self._breaks_at in numbers:
            raise KeyboardInterrupt
        self.seen += numbers
        return [found((POINTS + n, n / 10)) if n else found() for n in numbers]


def read(image: PosedImage) -> np.ndarray:
    return np.full((4, 4, 3), image.id, np.uint8)


def begin(out: Path, **settings: object) -> PoseResults:
    return PoseResults.begin(out, DATA, "toy", {"boxes": "truth", **settings}, {"notes": ["a note"]})


def test_broken_off_it_continues_where_it_stopped(tmp_path: Path) -> None:
    results = begin(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_estimator(Toy(breaks_at=3), DATA, read, results, SAME, batch=2)
    with pytest.raises(DatasetError, match="not finished"):
        results.read(DATA)
    toy, counted = Toy(), []
    answers = run_estimator(toy, DATA, read, begin(tmp_path), SAME, lambda: counted.append(1), batch=2)
    assert (toy.seen, len(counted)) == ([2, 3, 4], 5)
    again = PoseResults.find(tmp_path)
    assert again is not None and again.is_whole
    assert (again.model, again.notes, again.matching) == ("toy", ("a note",), Matching.GIVEN)
    for one, other in zip(answers, again.read(DATA), strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        if len(one):
            np.testing.assert_array_equal(one.keypoints, other.keypoints)
    assert sorted(file.name for file in again.folder.iterdir()) == ["poses.json", "run.json", "time.txt"]
    mean = MeanPose.from_dataset(DATA)
    again.save_mean_pose(mean)
    np.testing.assert_array_equal(again.mean_pose.points, mean.points)


def test_results_of_something_else_are_not_added_to(tmp_path: Path) -> None:
    begin(tmp_path)
    with pytest.raises(ConfigError, match="with another boxes"):
        begin(tmp_path, boxes="elsewhere")
    with pytest.raises(DatasetError, match="a report is of one pose model on one data set"):
        PoseResults.begin(tmp_path, DATA, "other", {}, {})
    with pytest.raises(DatasetError, match="is of other pictures or key points than"):
        PoseResults.begin(tmp_path, dataset([[]]), "toy", {}, {})
    # nor are those of detectors: there is one report in a folder
    with pytest.raises(DatasetError, match="a report is of one detector on one data set"):
        DetectionResults.begin(tmp_path, boxes_dataset([[]]), "finder", {}, {})
    assert DetectionResults.find(tmp_path) is None


def test_key_points_are_translated_by_name() -> None:
    data = dataset([[]], MPII_16)
    translation = Translation.of(COCO_17, data, "toy")
    points = np.arange(34, dtype=np.float64).reshape(1, 17, 2)
    answer = Instances(
        boxes=np.zeros((1, 4)), scores=np.ones(1), keypoints=points, keypoint_scores=np.full((1, 17), 0.5)
    )
    translated = translation(answer)
    assert translated.keypoints is not None and translated.keypoint_scores is not None
    places = {name: translated.keypoints[0, place].tolist() for place, name in enumerate(MPII_16.points)}
    assert places["right_ankle"] == points[0, 16].tolist()
    assert places["pelvis"] == points[0, 11:13].mean(axis=0).tolist()
    assert places["head_top"] == [0, 0]
    assert translated.keypoint_scores[0, MPII_16.points.index("head_top")] == 0
    assert translation.notes == [
        "the model finds coco17 and knows no upper_neck, head_top: it misses all of them, and they count"
    ]
    assert translated.skeleton == MPII_16
    unscored = translation(replace(answer, keypoint_scores=None)).keypoint_scores
    assert unscored is not None and unscored[0, MPII_16.points.index("right_ankle")] == 1
    nobody = translation(Instances.empty(frame=3, time=0.5))
    assert (len(nobody), nobody.frame, nobody.time) == (0, 3, 0.5)
    # of the same points nothing is touched, not even those of no score
    same = Translation.of(COCO_17, dataset([[]], COCO_17), "toy")
    assert same(answer) is answer and same.notes == []
    nothing = Skeleton(name="hand", points=("thumb", "index"))
    with pytest.raises(DatasetError, match="'toy' knows none of the key points of this data set"):
        Translation.of(nothing, data, "toy")


def test_who_counts_is_shown_to_the_model() -> None:
    people = [person(50, 50, is_crowd=True), person(60, 60, hidden=range(4)), person(70, 80)]
    assert true_boxes(dataset([people]).images[0]) == [(45, 55, 50, 50)]
    assert true_boxes(dataset([[]]).images[0]) == []
