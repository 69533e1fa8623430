"""Who takes part in the bench: models of saccade in this process, OpenCV's trackers in one of their own."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch

import saccade
from saccade.core import Model

REPOSITORY = Path(__file__).resolve().parents[2]
VENV = REPOSITORY / ".bench-venv"
# the 5.x wheels have no CSRT
OPENCV = "opencv-contrib-python-headless==4.14.0.94"
OPENCV_TRACKERS = ("csrt", "kcf")


@dataclass(frozen=True)
class Played:
    """What came of one run.

    Attributes:
        boxes: (F, 4) x, y, w, h; the first is the one given.
        seconds: (F - 1,) of each update.
    """

    boxes: np.ndarray
    seconds: np.ndarray


class Contestant(Protocol):
    """A tracker that takes part."""

    def play(self, clip: Path, order: list[int], box: list[float]) -> Played:
        """Follows one target through frames of a clip, in the order given."""
        ...


class SaccadeModel:
    """A model of saccade."""

    def __init__(self, name: str, threads: int) -> None:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        self._model: Model = saccade.load(name, device="cpu")

    def play(self, clip: Path, order: list[int], box: list[float]) -> Played:
        """See `Contestant`."""
        frames = np.load(clip, mmap_mode="r")
        images = [np.array(frames[index]) for index in order]
        run = self._model.start(seed=0)
        run.step(images[0], saccade.Targets(boxes=[box]))
        boxes, seconds = [np.array(box)], []
        for image in images[1:]:
            start = time.perf_counter()
            found = run.step(image)
            seconds.append(time.perf_counter() - start)
            boxes.append(found.xywh[0])
        return Played(np.array(boxes), np.array(seconds))


class OpenCVTracker:
    """A tracker of opencv-contrib, in a process and a virtual environment of its own."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        worker = Path(__file__).with_name("opencv_worker.py")
        self._process = subprocess.Popen(
            [opencv_python(), worker, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def play(self, clip: Path, order: list[int], box: list[float]) -> Played:
        """See `Contestant`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task = {"tracker": self._name, "frames": str(clip), "order": order, "box": box}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(
                f"{self._name} ended with exit status {self._process.wait()}; its message is above"
            )
        played = json.loads(answer)
        return Played(np.array([box, *played["boxes"]]), np.array(played["seconds"]))


def contestant(name: str, threads: int) -> Contestant:
    """The tracker of that name, on so many threads."""
    return OpenCVTracker(name, threads) if name in OPENCV_TRACKERS else SaccadeModel(name, threads)


def opencv_python() -> Path:
    """The interpreter that has OpenCV's trackers; makes its virtual environment the first time."""
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = VENV / "made-with"
    if not stamp.is_file() or stamp.read_text() != OPENCV:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", OPENCV], check=True)
        stamp.write_text(OPENCV)
    return python
