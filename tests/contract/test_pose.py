"""What every pose estimator of the zoo keeps to. A new row of the catalogue needs no line here."""

import io
import json
import pickle
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.core import Frame, FrameError, Instances, Model, ModelError, Run, TargetError, Targets
from saccade.core.config import from_json, to_json
from saccade.pose.model import PeopleFinder, TopDown
from saccade.zoo import CATALOG

ESTIMATORS = [row for row in CATALOG.values() if row.task == "pose"]
# the smallest of each kind of network; only Keypoint R-CNN has none that is small
QUICK = {"openpose_light", "simplebaseline_resnet18", "hourglass1"}
LIGHT: dict[str, dict[str, Any]] = {
    # random networks are sure of nothing
    "keypointrcnn": {"size": 32, "max_size": 64, "threshold": 0.0, "max_detections": 3},
    "openpose": {"size": 64, "max_size": 128, "min_mean": 0.0, "min_parts": 2, "part_threshold": 0.001},
    "simplebaseline": {"size": (64, 96), "threshold": 0.0},
    "hourglass": {"size": (64, 64), "threshold": 0.0, "network.features": 32, "network.stem": (16, 32)},
}
"""settings by the beginnings of names, under which pictures are small"""
ROUNDING = 2e-3
"""sums over a batch are taken in another order"""
BOXES = ((10.0, 8.0, 40.0, 60.0), (60.0, 20.0, 30.0, 50.0), (0.0, 0.0, 128.0, 96.0))


def picture(seed: int = 0, size_wh: tuple[int, int] = (128, 96)) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    made = cv2.resize(noise, size_wh, interpolation=cv2.INTER_CUBIC)
    made.flags.writeable = False
    return made


def look(model: Any, frame: Any, **options: Any) -> Instances:
    """The people in a frame; those in all boxes, where the model wants some."""
    boxes = {"boxes": BOXES} if isinstance(model, TopDown) else {}
    found: Instances = model(frame, **boxes, **options)
    return found


def check(found: Instances, model: Any) -> None:
    """Whether a result is one that everything downstream can use."""
    skeleton = model.config.network.skeleton
    assert found.skeleton == skeleton
    assert found.keypoints is not None and found.keypoint_scores is not None
    assert found.keypoints.shape == (len(found), len(skeleton), 2)
    assert found.keypoint_scores.shape == (len(found), len(skeleton))
    for values in (found.boxes, found.scores, found.keypoints, found.keypoint_scores):
        assert np.isfinite(values).all()
    for scores in (found.scores, found.keypoint_scores):
        assert ((scores >= 0) & (scores <= 1)).all()
    assert list(found.timings) == ["pre", "network", "post"]
    json.dumps(found.to_coco(), allow_nan=False)
    if isinstance(model, PeopleFinder):
        assert (np.diff(found.scores) <= 0).all()


def same(found: Instances, expected: Instances, tolerance: float = 0.0) -> None:
    """Whether the same is found; which of equally good peaks is taken is a matter of the last digit."""
    assert len(found) == len(expected)
    np.testing.assert_allclose(found.scores, expected.scores, atol=tolerance)
    if not tolerance:
        np.testing.assert_array_equal(found.boxes, expected.boxes)
        np.testing.assert_array_equal(found.keypoints, expected.keypoints)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(row.name, marks=[] if row.name in QUICK else [pytest.mark.slow]) for row in ESTIMATORS
    ],
)
def estimator(request: pytest.FixtureRequest) -> Iterator[Any]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    name = request.param
    light = next(light for beginning, light in LIGHT.items() if name.startswith(beginning))
    yield saccade.load(name, weights=None, device="cpu", precision="float32", settings=light)
    torch.set_num_threads(threads)


def test_an_estimator_is_a_model_and_can_be_called(estimator: Any) -> None:
    assert isinstance(estimator, Model)
    assert isinstance(estimator, TopDown | PeopleFinder)
    assert isinstance(estimator.network, torch.nn.Module)
    found = look(estimator, picture())
    check(found, estimator)
    if isinstance(estimator, TopDown):
        np.testing.assert_allclose(found.xywh, BOXES)
        assert estimator.detector is None, "no weights are here, and so no detector"


def test_the_same_frame_gives_the_same(estimator: Any) -> None:
    same(look(estimator, picture()), look(estimator, picture()))


def test_a_batch_gives_what_its_frames_give(estimator: Any) -> None:
    frames = [picture(0), picture(1, (60, 90)), picture(2), picture(3, (200, 40))]
    boxes = {"boxes": [BOXES] * 4} if isinstance(estimator, TopDown) else {}
    for index, (found, frame) in enumerate(zip(estimator(frames, **boxes), frames, strict=True)):
        check(found, estimator)
        assert found.frame == index
        same(found, look(estimator, frame), ROUNDING)
    assert estimator([], **({"boxes": []} if boxes else {})) == []


def everybody(frames: list[Frame]) -> list[Instances]:
    """A detector that finds a person in each of the boxes."""
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in BOXES])
    return [Instances(boxes=corners, scores=np.ones(len(corners)), frame=frame.index) for frame in frames]


def complete(estimator: Any) -> Any:
    """The estimator, with a detector where it needs one."""
    return estimator.with_detector(everybody) if isinstance(estimator, TopDown) else estimator


def test_a_run_numbers_its_frames_and_is_resumed(estimator: Any) -> None:
    model = complete(estimator)
    run, file = model.start(seed=3), io.BytesIO()
    assert isinstance(run, Run)
    assert run.step(Frame.of(picture(), index=7, time=0.5)).frame == 7
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed = model.start()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    found = resumed.step(picture(1))
    assert found.frame == 8
    same(found, model(picture(1)))
    with pytest.raises(ModelError, match="is of a run of 'other'"):
        resumed.load_state_dict({**run.state_dict(), "model": "other"})


def test_people_of_a_detector_come_best_first(estimator: Any) -> None:
    found = complete(estimator)(picture())
    assert (np.diff(found.scores) <= 0).all()
    assert ("detect" in found.timings) == isinstance(estimator, TopDown)


def test_a_model_that_needs_boxes_says_so(estimator: Any) -> None:
    if isinstance(estimator, TopDown):
        with pytest.raises(ModelError, match="give it boxes=, or load it with detector=NAME"):
            estimator(picture())
    else:
        with pytest.raises(ModelError, match="finds people by itself; leave the boxes out"):
            estimator(picture(), boxes=BOXES)


def test_colours_may_be_swapped(estimator: Any) -> None:
    same(look(estimator, picture()[..., ::-1], color="bgr"), look(estimator, picture()))


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 200), (640, 2)])
def test_odd_sizes(estimator: Any, size_wh: tuple[int, int]) -> None:
    check(look(estimator, picture(0, size_wh)), estimator)


@pytest.mark.parametrize("level", [0, 255])
def test_frames_of_nothing_are_fine(estimator: Any, level: int) -> None:
    check(look(estimator, np.full((96, 128), level, np.uint8)), estimator)


@pytest.mark.parametrize("frame", [np.zeros((0, 8, 3), np.uint8), np.random.rand(8, 8, 3), None], ids=type)
def test_what_is_no_picture_is_refused(estimator: Any, frame: Any) -> None:
    with pytest.raises(FrameError, match="expected"):
        look(estimator, frame)
    with pytest.raises(FrameError, match="frame 1: "):
        look(estimator, [picture(), frame])


def test_nothing_is_followed(estimator: Any) -> None:
    with pytest.raises(TargetError, match="finds things by itself"):
        estimator.start().step(picture(), Targets(boxes=[(1, 1, 9, 9)]))


def test_a_model_survives_pickling(estimator: Any) -> None:
    same(look(pickle.loads(pickle.dumps(estimator)), picture()), look(estimator, picture()))


@pytest.mark.parametrize("row", ESTIMATORS, ids=lambda row: row.name)
def test_settings_survive_the_way_through_json(row: Any) -> None:
    config = getattr(import_module(row.method), row.preset)
    assert from_json(type(config), json.loads(json.dumps(to_json(config)))) == config


@pytest.mark.gpu
@pytest.mark.parametrize("name", [row.name for row in ESTIMATORS])
def test_a_gpu_finds_what_the_cpu_finds(name: str, device: torch.device) -> None:
    if device.type == "cpu":
        pytest.skip("give --device cuda to compare a GPU with the CPU")
    light = next(light for beginning, light in LIGHT.items() if name.startswith(beginning))
    found = [
        look(saccade.load(name, weights=None, device=where, precision="float32", settings=light), picture())
        for where in (torch.device("cpu"), device)
    ]
    np.testing.assert_allclose(found[0].scores, found[1].scores, atol=1e-2)
