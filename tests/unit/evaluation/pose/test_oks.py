"""OKS AP and AR are those of pycocotools, number by number."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from saccade.core import COCO_17, Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import AnnotatedPerson, PoseDataset, PosedImage
from saccade.evaluation.pose import PoseScores, judge

TOLERANCE = 1e-9
"""both engines read the same numbers, so only the order of a sum may differ"""


def by_pycocotools(
    truth: dict[str, Any], rows: list[dict[str, Any]], sigmas: tuple[float, ...]
) -> np.ndarray:
    """AP, AP50, AP75, AP of medium and large, and the same of AR."""
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = truth
        known.createIndex()
        run = COCOeval(known, known.loadRes(rows), "keypoints")
        run.params.kpt_oks_sigmas = np.array(sigmas)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return np.array(run.stats)


def by_us(scores: PoseScores) -> np.ndarray:
    oks = scores.oks
    values = [scores.oks_ap, oks.average_precision(0.5), oks.average_precision(0.75)]
    values += [oks.average_precision(size=size) for size in ("medium", "large")]
    values += [oks.average_recall(), oks.average_recall(iou=0.5), oks.average_recall(iou=0.75)]
    values += [oks.average_recall(size=size) for size in ("medium", "large")]
    return np.nan_to_num(np.array(values), nan=-1.0)


def dataset_of(truth: dict[str, Any], skeleton: Skeleton) -> PoseDataset:
    images = []
    for picture in truth["images"]:
        people = []
        for row in truth["annotations"]:
            if row["image_id"] == picture["id"]:
                x, y, w, h = row["bbox"]
                points = np.array(row["keypoints"], np.float64).reshape(-1, 3)
                people.append(
                    AnnotatedPerson(
                        keypoints=points[:, :2].astype(np.float32),
                        visible=points[:, 2].astype(np.int8),
                        box=np.array([x, y, x + w, y + h], np.float32),
                        area=float(row["area"]),
                        is_crowd=bool(row["iscrowd"]),
                        id=row["id"],
                    )
                )
        name = str(picture["id"])
        images.append(
            PosedImage(
                name=name,
                file=Path(f"{name}.jpg"),
                annotation=Path(),
                size_wh=None,
                people=tuple(people),
                id=picture["id"],
            )
        )
    return PoseDataset(
        name="coco-keypoints", root=Path(), split=None, skeleton=skeleton, images=tuple(images)
    )


def found_of(truth: dict[str, Any], rows: list[dict[str, Any]], points: int) -> list[Instances]:
    found = []
    for picture in truth["images"]:
        own = [row for row in rows if row["image_id"] == picture["id"]]
        keypoints = np.array([row["keypoints"] for row in own], np.float64).reshape(-1, points, 3)[..., :2]
        found.append(
            Instances(
                boxes=np.zeros((len(own), 4)),
                scores=np.array([row["score"] for row in own], np.float64),
                keypoints=keypoints,
            )
        )
    return found


def compare(truth: dict[str, Any], rows: list[dict[str, Any]], skeleton: Skeleton) -> PoseScores:
    scores = judge(dataset_of(truth, skeleton), found_of(truth, rows, len(skeleton)))
    expected = by_pycocotools(truth, [dict(row) for row in rows], skeleton.sigmas)
    np.testing.assert_allclose(by_us(scores), expected, rtol=0, atol=TOLERANCE)
    return scores


def perturbed(truth: dict[str, Any], spread: float, seed: int) -> list[dict[str, Any]]:
    """Poses around the true ones, some of them twice, and some of nobody."""
    random = np.random.default_rng(seed)
    rows = []
    for row in truth["annotations"]:
        points = np.array(row["keypoints"], np.float64).reshape(-1, 3)
        for _ in range(int(random.integers(1, 4))):
            step = random.normal(0, spread * np.sqrt(row["area"]), points.shape)
            step[:, 2] = 0
            score = float(random.integers(1, 20)) / 20
            rows.append(
                {
                    "image_id": row["image_id"],
                    "category_id": 1,
                    "score": score,
                    "keypoints": (points + step).ravel().tolist(),
                }
            )
    return rows


@pytest.mark.parametrize("spread", [0.05, 0.15])
def test_perturbed_truths_of_coco(shared_data: Path, spread: float) -> None:
    file = shared_data / "pose" / "mmpose_tests" / "coco" / "test_coco.json"
    truth = json.loads(file.read_text())
    scores = compare(truth, perturbed(truth, spread, 1), COCO_17)
    # two of the fourteen have no joint that is known
    assert scores.num_people == 12


def test_the_truth_itself_is_perfect(shared_data: Path) -> None:
    file = shared_data / "pose" / "mmpose_tests" / "coco" / "test_coco.json"
    truth = json.loads(file.read_text())
    rows = [
        {key: row[key] for key in ("image_id", "category_id", "keypoints")} | {"score": 1.0}
        for row in truth["annotations"]
        if row["num_keypoints"]
    ]
    scores = compare(truth, rows, COCO_17)
    assert by_us(scores).tolist() == [1.0] * 10
    assert scores.joints.counts()[0] == scores.joints.num_labelled() == 181


@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_133_points_of_a_whole_body(shared_data: Path, spread: float) -> None:
    file = shared_data / "pose" / "mmpose_tests" / "coco" / "test_keypoint_partition_metric.json"
    truth = json.loads(file.read_text())
    # points are decimal numbers there, of which float32 keeps seven digits
    for row in truth["annotations"]:
        row["keypoints"] = np.array(row["keypoints"]).round(2).tolist()
        row["num_keypoints"] = int((np.array(row["keypoints"][2::3]) > 0).sum())
        # visibility is a score in this file
        row["keypoints"][2::3] = [2.0 if value > 0 else 0.0 for value in row["keypoints"][2::3]]
    sigmas = tuple(0.02 + 0.001 * (number % 50) for number in range(133))
    skeleton = Skeleton(name="whole", points=tuple(map(str, range(133))), sigmas=sigmas)
    compare(truth, perturbed(truth, spread, 2), skeleton)


PLACE = st.integers(0, 200)
JOINT = st.tuples(PLACE, PLACE, st.integers(0, 2))
PERSON = st.tuples(
    st.integers(0, 1), st.lists(JOINT, min_size=3, max_size=3), st.integers(50, 20000), st.booleans()
)
POSE = st.tuples(
    st.integers(0, 1), st.lists(st.tuples(PLACE, PLACE), min_size=3, max_size=3), st.integers(1, 5)
)
SMALL = Skeleton(name="three", points=("a", "b", "c"), sigmas=(0.1, 0.2, 0.3))


@settings(max_examples=30)
@given(st.lists(PERSON, min_size=1, max_size=8), st.lists(POSE, min_size=1, max_size=30))
def test_random_people_with_crowds_unlabelled_joints_and_equal_scores(
    people: list[Any], poses: list[Any]
) -> None:
    truth = {
        "images": [{"id": 4}, {"id": 7}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": number,
                "image_id": (4, 7)[image],
                "category_id": 1,
                "keypoints": [float(value) for joint in joints for value in joint],
                "num_keypoints": sum(joint[2] > 0 for joint in joints),
                "bbox": [float(min(j[0] for j in joints)), float(min(j[1] for j in joints)), 60.0, 80.0],
                "area": float(area),
                "iscrowd": int(is_crowd),
            }
            for number, (image, joints, area, is_crowd) in enumerate(people, start=1)
        ],
    }
    rows = [
        {
            "image_id": (4, 7)[image],
            "category_id": 1,
            "keypoints": [float(value) for x, y in joints for value in (x, y, 1)],
            "score": score / 5,
        }
        for image, joints, score in poses
    ]
    compare(truth, rows, SMALL)


def test_of_more_than_20_people_in_a_picture_the_surest_count() -> None:
    """As pycocotools, not everybody."""
    people = [[(30 * n, 0, 2), (30 * n, 30, 2), (30 * n, 60, 2)] for n in range(25)]
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": number + 1,
                "image_id": 1,
                "category_id": 1,
                "keypoints": [float(value) for joint in joints for value in joint],
                "num_keypoints": 3,
                "bbox": [30.0 * number, 0.0, 10.0, 60.0],
                "area": 1500.0,
                "iscrowd": 0,
            }
            for number, joints in enumerate(people)
        ],
    }
    rows = [
        {"image_id": 1, "category_id": 1, "keypoints": row["keypoints"], "score": row["id"] / 25}
        for row in truth["annotations"]
    ]
    scores = compare(truth, rows, SMALL)
    assert scores.oks.average_recall() == pytest.approx(20 / 25)
    # joints are compared of all of them
    assert scores.num_found == 25
