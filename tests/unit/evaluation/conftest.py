"""A tiny data set on the disk, and models that fail in every way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from saccade.core import Frame, Instances, Targets
from saccade.data import Dataset, Sequence, open_dataset
from saccade.evaluation import ModelResults, Track
from saccade.evaluation.protocols import ONE_PASS


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Two sequences, of 4 and 3 frames, whose target moves 2 pixels a frame."""
    root = tmp_path / "sequences"
    for name, frames in (("car", 4), ("dog", 3)):
        (root / name / "img").mkdir(parents=True)
        for index in range(frames):
            image = np.full((48, 64, 3), 50, dtype=np.uint8)
            cv2.rectangle(image, (10 + 2 * index, 12), (25 + 2 * index, 27), (200, 30, 90), -1)
            cv2.imwrite(str(root / name / "img" / f"{index:04d}.png"), image)
        boxes = "".join(f"{10 + 2 * index},12,16,16\n" for index in range(frames))
        (root / name / "groundtruth_rect.txt").write_text(boxes)
    return open_dataset("folder", root)


def read_track(results: ModelResults, sequence: Sequence) -> Track:
    """The result of one pass over a sequence with one target."""
    (job,) = ONE_PASS.jobs(sequence)
    (track,) = results.read_job(job).values()
    return track


class ScriptedModel:
    """A model whose every answer is written down beforehand."""

    name = "scripted"

    def __init__(self, answer: Callable[[int, np.ndarray], Any]) -> None:
        self.config = {"answer": "scripted"}
        self.answer = answer
        self.seeds: list[int] = []
        self.frames = 0

    def start(self, *, seed: int = 0) -> "ScriptedRun":
        self.seeds.append(seed)
        return ScriptedRun(self)


class ScriptedRun:
    """Answers with what the script says for a frame and the first box."""

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        self.first = np.zeros(4)

    def step(self, frame: Frame, targets: Targets | None = None, *, color: str = "rgb") -> Instances:
        if targets is not None:
            self.first = np.array(targets.boxes[0])
        self.model.frames += 1
        box = np.array(self.model.answer(frame.index, self.first), dtype=np.float64)
        return Instances(boxes=np.concatenate([box[:2], box[:2] + box[2:]])[None], scores=np.ones(1))

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


def follows(index: int, first: np.ndarray) -> np.ndarray:
    """The truth of the tiny data set."""
    return first + np.array([2 * index, 0, 0, 0])


@pytest.fixture
def perfect() -> ScriptedModel:
    """A model that knows the truth."""
    return ScriptedModel(follows)
