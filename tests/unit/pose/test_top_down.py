"""From frames and boxes to people, one at a time: crops, batches, mirror images and scores."""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.core import (
    ConfigError,
    Frame,
    FrameError,
    Instances,
    ModelError,
    Skeleton,
    TargetError,
    Targets,
)
from saccade.ops.key_points import oks_nms
from saccade.pose.config import TopDownConfig
from saccade.pose.model import TopDown

CPU = torch.device("cpu")
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
DOTS = Skeleton(
    name="dots", points=("left", "right", "middle"), edges=(("left", "middle"),), pairs=(("left", "right"),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    skeleton: Skeleton = DOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(TopDownConfig):
    size: tuple[int, int] = (64, 96)
    flip_test: bool = False
    decode: str = "dark"  # type: ignore[assignment]
    blur: float = 1.0
    first_cell: float = 1.5
    network: Network = field(default_factory=Network)


class Looking(nn.Module):
    """Sees red, green and blue dots: each is a Gaussian in a heat map of its own, as bright as the dot.

    In a mirrored picture it cannot know that left was right: it says what colours it sees.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def forward(self, crops: Tensor) -> Tensor:
        self.seen.append(len(crops))
        grey = crops.mean(1, keepdim=True)
        # how much more of its own colour than of the others
        own = (1.5 * (crops - grey)).clamp(0, 1)
        smooth = nn.functional.avg_pool2d(own, 4, stride=1, padding=2)[..., :-1, :-1]
        middles = smooth[:, :, 2::4, 2::4]
        return torch.stack([torch.zeros_like(middles), middles], dim=1)


def model(detector: Any = None, **settings: Any) -> TopDown:
    return TopDown.of(
        "dots", Config(**settings), Looking(), device=CPU, precision="float32", detector=detector
    )


def counts(estimator: TopDown) -> list[int]:
    """People of each batch that the network has seen."""
    return estimator._ready.seen  # type: ignore[attr-defined]


def scene(
    people: Sequence[Sequence[tuple[float, float]]], size_wh: tuple[int, int] = (400, 300)
) -> np.ndarray:
    """A black frame with blurred dots at the key points of people."""
    made = np.zeros((*size_wh[::-1], 3), np.float32)
    y, x = np.mgrid[: size_wh[1], : size_wh[0]]
    for points in people:
        for (px, py), colour in zip(points, COLOURS, strict=True):
            spot = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 4.0**2))
            made += spot[..., None] * np.array(colour)
    return made.clip(0, 255).astype(np.uint8)


PEOPLE = [
    [(70.0, 60.0), (100.0, 62.0), (84.0, 110.0)],
    [(250.0, 150.0), (290.0, 140.0), (262.0, 200.0)],
]
BOXES = [(50.0, 40.0, 70.0, 90.0), (230.0, 120.0, 80.0, 110.0)]


def check(found: Instances, people: Sequence[Sequence[tuple[float, float]]], tolerance: float = 1.5) -> None:
    assert found.keypoints is not None
    np.testing.assert_allclose(found.keypoints, np.array(people), atol=tolerance)


def test_people_in_boxes_are_found_where_they_are() -> None:
    frame = scene(PEOPLE)
    found = model()(frame, boxes=BOXES)
    check(found, PEOPLE)
    assert found.skeleton is DOTS and found.names is None
    np.testing.assert_array_equal(found.xywh, BOXES)
    assert found.keypoint_scores is not None and (found.keypoint_scores > 0.3).all()
    assert (found.keypoint_scores <= 1).all()
    np.testing.assert_allclose(found.scores, found.keypoint_scores.mean(1), rtol=1e-6)
    assert list(found.timings) == ["pre", "network", "post"]
    assert len(found.to_coco()[0]["keypoints"]) == 9


def test_rows_are_those_of_the_boxes() -> None:
    frame = scene(PEOPLE)
    found = model()(frame, boxes=[BOXES[1], BOXES[0], BOXES[1]])
    check(found, [PEOPLE[1], PEOPLE[0], PEOPLE[1]])


def test_a_list_of_frames_takes_a_list_of_lists() -> None:
    frames = [scene(PEOPLE), scene([]), scene(PEOPLE[:1], (200, 180))]
    estimator = model()
    found = estimator(frames, boxes=[BOXES, [], BOXES[:1]])
    assert [len(each) for each in found] == [2, 0, 1]
    assert [each.frame for each in found] == [0, 1, 2]
    check(found[0], PEOPLE)
    check(found[2], PEOPLE[:1])
    assert found[1].keypoints is not None and found[1].keypoints.shape == (0, 3, 2)
    assert counts(estimator) == [3], "all people are one batch"
    assert estimator([], boxes=[]) == []


@pytest.mark.parametrize(("people", "batches"), [(0, []), (1, [1]), (8, [8]), (60, [60]), (70, [64, 6])])
def test_the_people_of_a_frame_are_one_batch(people: int, batches: list[int]) -> None:
    estimator = model()
    boxes = [BOXES[row % 2] for row in range(people)]
    found = estimator(scene(PEOPLE), boxes=boxes)
    assert len(found) == people and counts(estimator) == batches
    check(found, [PEOPLE[row % 2] for row in range(people)]) if people else None


def test_a_mirrored_picture_is_looked_at_too() -> None:
    """Of the mirrored picture, the network's left is the picture's right: both must be of the same point."""

    class Sided(Looking):
        """Says left of whichever of the outer dots is further left in what it sees."""

        def forward(self, crops: Tensor) -> Tensor:
            maps = super().forward(crops)
            columns = maps[:, 1].amax(2).argmax(2)
            swaps = columns[:, 0] > columns[:, 1]
            maps[swaps] = maps[swaps][:, :, [1, 0, 2]]
            return maps

    def looking(**settings: Any) -> TopDown:
        return TopDown.of("dots", Config(**settings), Sided(), device=CPU, precision="float32")

    frame = scene(PEOPLE)
    once, twice = looking()(frame, boxes=BOXES), looking(flip_test=True)(frame, boxes=BOXES)
    check(twice, PEOPLE)
    assert once.keypoints is not None and twice.keypoints is not None
    np.testing.assert_allclose(twice.keypoints, once.keypoints, atol=0.7)
    shifted = looking(flip_test=True, shifts_flipped=True)(frame, boxes=BOXES)
    moved = (shifted.keypoints - twice.keypoints)[..., 0]  # type: ignore[operator]
    assert (moved > 0.2).all(), "half of a cell to the right"


def by(found: dict[str, Any]) -> Callable[[list[Frame]], list[Instances]]:
    """A detector that finds this in every frame."""
    return lambda frames: [Instances(**found, frame=frame.index) for frame in frames]


def corners(boxes: Sequence[tuple[float, ...]]) -> np.ndarray:
    xywh = np.array(boxes, np.float32).reshape(-1, 4)
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def test_a_detector_says_where_people_are() -> None:
    everything = {
        "boxes": corners([*BOXES, BOXES[0], BOXES[1]]),
        "scores": np.array([0.5, 0.9, 0.95, 0.1], np.float32),
        "names": np.array(["person", "person", "dog", "person"]),
        "labels": np.array([0, 0, 16, 0]),
    }
    estimator = model(by(everything))
    found = estimator(scene(PEOPLE))
    check(found, PEOPLE[::-1])
    assert (np.diff(found.scores) <= 0).all(), "the best comes first"
    given = estimator(scene(PEOPLE), boxes=BOXES[::-1])
    np.testing.assert_allclose(found.scores, given.scores * [0.9, 0.5], rtol=1e-6)
    assert list(found.timings) == ["detect", "pre", "network", "post"]
    assert len(model(by(everything), subject="dog")(scene(PEOPLE))) == 1
    assert len(model(by(everything), box_threshold=0.6)(scene(PEOPLE))) == 1
    assert len(model(by(everything), max_people=1)(scene(PEOPLE))) == 1
    assert len(model(by(everything), threshold=0.5)(scene(PEOPLE))) == 1
    without_names = {name: everything[name] for name in ("boxes", "scores")}
    assert len(model(by(without_names), nms=1.0, box_threshold=0.0)(scene(PEOPLE))) == 4


def test_the_same_person_is_found_once() -> None:
    around = corners([BOXES[0], (48.0, 41.0, 73.0, 90.0), BOXES[1]])
    scores = np.array([0.8, 0.9, 0.7], np.float32)
    twice = model(by({"boxes": around, "scores": scores}), nms=1.0)(scene(PEOPLE))
    once = model(by({"boxes": around, "scores": scores}))(scene(PEOPLE))
    assert len(twice) == 3 and len(once) == 2
    assert once.scores[0] == twice.scores[0]
    assert twice.keypoints is not None
    widths, heights = (twice.boxes[:, 2:] - twice.boxes[:, :2]).T
    areas = (np.maximum(widths, heights * 64 / 96) * 1.25) ** 2 * 96 / 64
    assert len(oks_nms(twice.keypoints, areas, (), threshold=0.9)) == 2


def test_boxes_of_a_detector_that_are_none_are_left_out() -> None:
    odd = corners([BOXES[0], (5.0, 5.0, 0.0, 9.0), (5.0, 5.0, 9.0, -1.0), (0.0, 0.0, np.nan, 1.0)])
    found = model(by({"boxes": odd, "scores": np.ones(4, np.float32)}))(scene(PEOPLE))
    check(found, PEOPLE[:1])


@pytest.mark.parametrize("frames", [1, 3])
def test_nobody_is_no_error(frames: int) -> None:
    nobody = by({"boxes": np.zeros((0, 4)), "scores": np.zeros(0)})
    found = model(nobody)([scene([])] * frames)
    assert [len(each) for each in found] == [0] * frames
    assert found[0].keypoints is not None and found[0].keypoints.shape == (0, 3, 2)
    assert len(model()(scene([]), boxes=[])) == 0
    assert len(model()(scene([]), boxes=np.zeros((0, 4)))) == 0


def test_people_who_cannot_be_seen_have_no_score() -> None:
    """A box outside of the frame keeps its row; one at the rim is looked into."""
    boxes = [(-500.0, 10.0, 40.0, 60.0), BOXES[0], (400.0, 10.0, 40.0, 60.0), (390.0, 280.0, 40.0, 60.0)]
    found = model()(scene(PEOPLE), boxes=boxes)
    assert found.keypoint_scores is not None and found.keypoints is not None
    assert not found.scores[[0, 2]].any() and not found.keypoint_scores[[0, 2]].any()
    assert not found.keypoints[[0, 2]].any(), "what was not found is at (0, 0)"
    assert found.scores[1] > 0.3 and np.isfinite(found.keypoints).all()


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 1e-3, 1e-3), (10.0, 10.0, 1e5, 2.0), (-1e6, 0.0, 2e6, 1e6)], ids=str
)
def test_odd_boxes_are_no_crash(box: tuple[float, ...]) -> None:
    found = model()(scene(PEOPLE), boxes=[box])
    assert found.keypoints is not None and np.isfinite(found.keypoints).all()


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([BOXES[0], (5, 5, 0, 9)], "frame 0: box 1: the box 5,5,0,9 has no area"),
        ([(5, 5, 9, -2)], "frame 0: box 0: the box 5,5,9,-2 has no area"),
        ([(5, 5, 9, float("nan"))], "frame 0: box 0: .* not finite"),
        ([(5, 5, 9)], "frame 0: box 0: expected four numbers"),
        (BOXES[0], "frame 0: box 0: expected four numbers"),
    ],
)
def test_boxes_that_are_none_are_refused(boxes: Any, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        model()(scene(PEOPLE), boxes=boxes)


def test_boxes_must_be_given_for_each_frame() -> None:
    with pytest.raises(TargetError, match="1 lists of boxes for 2 frames; give one a frame"):
        model()([scene(PEOPLE)] * 2, boxes=[BOXES])
    with pytest.raises(TargetError, match="frame 1: box 0: the box 5,5,0,9"):
        model()([scene(PEOPLE)] * 2, boxes=[BOXES, [(5, 5, 0, 9)]])


def test_without_boxes_or_detector_nobody_knows_where_to_look() -> None:
    for ask in (lambda: model()(scene(PEOPLE)), lambda: model().start().step(scene(PEOPLE))):
        with pytest.raises(ModelError, match=r"'dots' looks at one person at a time .* give it boxes=, or"):
            ask()
    nobody = by({"boxes": np.zeros((0, 4)), "scores": np.zeros(0)})
    assert model(nobody).with_detector(None).detector is None
    assert len(model().with_detector(nobody)(scene(PEOPLE))) == 0


def test_a_run_looks_at_frame_after_frame() -> None:
    estimator = model(by({"boxes": corners(BOXES), "scores": np.ones(2, np.float32)}))
    run = estimator.start(seed=4)
    found = [run.step(scene(PEOPLE)) for _ in range(2)]
    assert [each.frame for each in found] == [0, 1]
    np.testing.assert_array_equal(found[0].boxes, found[1].boxes)
    with pytest.raises(TargetError, match="follows none"):
        run.step(scene(PEOPLE), Targets(boxes=BOXES))
    with pytest.raises(FrameError):
        run.step(np.zeros((4, 4)))


def test_pictures_in_other_colours_and_formats() -> None:
    frame = scene(PEOPLE)
    found, swapped = model()(frame, boxes=BOXES), model()(frame[..., ::-1], boxes=BOXES, color="bgr")
    np.testing.assert_array_equal(found.keypoints, swapped.keypoints)
    assert len(model()(frame[..., 1], boxes=BOXES)) == 2
    assert len(model()(cv2.resize(frame, (3, 2)), boxes=[(0, 0, 3, 2)])) == 1


def test_an_estimator_survives_pickling() -> None:
    copied = pickle.loads(pickle.dumps(model()))
    check(copied(scene(PEOPLE), boxes=BOXES), PEOPLE)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": (100, 96)}, "size is 100,96; it must be a width and a height that are multiples of 32"),
        ({"size": (0, 96)}, "size is 0,96"),
        ({"enlargement": 0.0}, "enlargement"),
        ({"nms": 1.5}, "nms"),
        ({"max_people": 0}, "max_people"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Config(**settings)
