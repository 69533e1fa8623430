"""The discriminative trackers on what goes wrong in videos; random features tell textures apart."""

from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.core import Instances, Model, Status, Targets

WIDTH, HEIGHT = 240, 180
SIDE = 40
# untrained optimisers take more steps
FIRST_STEPS = {"dimp18": 50, "prdimp18": 50, "atom": 3}

LIGHT: dict[str, Any] = {
    "search.side": 128,
    "search.area": 3.0,
    # random box heads measure nothing
    "refines_boxes": False,
    "augmentation.rotations": (),
    "augmentation.blurs": (),
    "memory.size": 20,
    "learning.interval": 10,
}


@cache
def texture(seed: int, width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def scene(*places: tuple[float, float], side: int = SIDE) -> np.ndarray:
    """A frame with the target, one texture, at some places (x, y), or at none."""
    frame = texture(0, WIDTH, HEIGHT) // 3
    for x, y in places:
        move = np.float32([[1, 0, x], [0, 1, y]])
        cv2.warpAffine(
            texture(1, side, side), move, (WIDTH, HEIGHT), frame, borderMode=cv2.BORDER_TRANSPARENT
        )
    return frame


@pytest.fixture(scope="module", params=["dimp18", pytest.param("prdimp18", marks=pytest.mark.slow), "atom"])
def model(request: pytest.FixtureRequest) -> Model:
    torch.manual_seed(0)
    settings = LIGHT | {"learning.first_steps": FIRST_STEPS[request.param]}
    return saccade.load(request.param, weights=None, device="cpu", precision="float32", settings=settings)


def follow(model: Model, frames: list[np.ndarray], *boxes: tuple[float, ...]) -> list[Instances]:
    run = model.start()
    return [run.step(frame, Targets(boxes=boxes) if t == 0 else None) for t, frame in enumerate(frames)]


def distance(found: Instances, x: float, y: float, row: int = 0) -> float:
    """Frame pixels between the top left corners of what was found and what is true."""
    return float(np.linalg.norm(found.xywh[row, :2] - (x, y)))


def test_a_moving_target_is_followed(model):
    path = [(60 + 5 * t, 60 + 3 * t) for t in range(16)]
    results = follow(model, [scene(place) for place in path], (*path[0], SIDE, SIDE))
    for found, place in zip(results, path, strict=True):
        assert distance(found, *place) < SIDE / 3
        assert found.status[0] != Status.LOST


def test_a_target_that_leaves_the_picture_for_fifty_frames_and_returns(model):
    out = [(150 + 12 * t, 70.0) for t in range(9)]
    frames = [*map(scene, out), *[scene()] * 50, *map(scene, reversed(out))]
    results = follow(model, frames, (*out[0], SIDE, SIDE))
    away = results[len(out) : len(out) + 50]
    assert sum(found.status[0] == Status.LOST for found in away) >= 45
    # while it is lost, the last position is kept
    assert len({tuple(found.boxes[0]) for found in away if found.status[0] == Status.LOST}) <= 2
    assert results[-1].status[0] != Status.LOST
    assert distance(results[-1], *out[0]) < SIDE / 3


def test_a_target_of_four_pixels(model):
    path = [(100 + t, 80.0) for t in range(8)]
    results = follow(model, [scene(place, side=4) for place in path], (*path[0], 4, 4))
    assert np.isfinite([found.boxes for found in results]).all()
    assert all(1 <= side <= 12 for found in results for side in found.xywh[0, 2:])


def test_a_target_as_large_as_the_picture(model):
    frames = [np.roll(texture(2, WIDTH, HEIGHT), t, axis=1) for t in range(6)]
    results = follow(model, frames, (0, 0, WIDTH, HEIGHT))
    assert np.isfinite([found.boxes for found in results]).all()
    assert results[-1].xywh[0, 2:] == pytest.approx([WIDTH, HEIGHT], rel=0.3)


def test_two_targets_on_one_spot_stay_together(model):
    path = [(60 + 5 * t, 60.0) for t in range(6)]
    box = (*path[0], SIDE, SIDE)
    for found in follow(model, [scene(place) for place in path], box, box):
        np.testing.assert_allclose(found.boxes[0], found.boxes[1], atol=1e-2)


def test_several_targets_are_as_many_runs(model):
    path = [(60.0 + 4 * t, 60.0) for t in range(8)]
    frames = [scene(place, (150, 100)) for place in path]
    boxes = ((*path[0], SIDE, SIDE), (150, 100, SIDE, SIDE))
    together = follow(model, frames, *boxes)
    for row, box in enumerate(boxes):
        for both, alone in zip(together, follow(model, frames, box), strict=True):
            np.testing.assert_allclose(both.boxes[row], alone.boxes[0], rtol=0, atol=1e-3)
