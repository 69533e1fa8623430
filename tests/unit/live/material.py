"""A card that moves over noise, and what a session says about it."""

import json
import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from saccade import load
from saccade.core import COCO_17, Frame, Instances, Targets
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from saccade.live.session import Session
from saccade.live.shelf import Choice, Shelf
from saccade.media.sink import VideoSink

BOX = (60.0, 50.0, 30.0, 24.0)
SECOND = (140.0, 90.0, 30.0, 24.0)


def frame(index: int) -> Frame:
    """Two cards on noise; the first moves by two pixels a frame to the right, the second by one upwards."""
    rng = np.random.default_rng(0)
    image = rng.integers(90, 130, (160, 220, 3), dtype=np.uint8)
    first, second = (
        np.kron(rng.integers(0, 255, (4, 5, 3), dtype=np.uint8), np.ones((6, 6, 1), np.uint8)) for _ in "ab"
    )
    x, y = 60 + 2 * (index % 40), 90 - index % 40
    image[50:74, x : x + 30] = first
    image[y : y + 24, 140:170] = second
    return Frame(image, index)


def jpeg(index: int) -> bytes:
    return cv2.imencode(".jpg", frame(index).image[..., ::-1])[1].tobytes()


def clip(path: Path, count: int, fps: float = 200.0) -> Path:
    with VideoSink(path, fps) as sink:
        for index in range(count):
            sink.write(frame(index).image)
    return path


def shelf(*names: str) -> Shelf:
    return Shelf(
        {name: Choice(name, "track", "", lambda name=name: load(name)) for name in names or ("eco",)}
    )


class Finder:
    """Finds somebody in every frame, by itself, and maybe their pose."""

    name, config = "finder", None

    def __init__(self, *, poses: bool = True) -> None:
        points = np.full((1, 17, 2), 5.0, np.float32)
        pose = {"keypoints": points, "keypoint_scores": np.ones((1, 17), np.float32), "skeleton": COCO_17}
        self.pose: dict[str, Any] = pose if poses else {}

    def start(self, *, seed: int = 0) -> "Finder":
        return self

    def step(self, frame: Frame, targets: Targets | None = None) -> Instances:
        assert targets is None
        who = {"labels": np.array([0]), "names": np.array(["person"])}
        boxes, scores = np.array([[1.0, 2.0, 30.0, 40.0]]), np.array([0.9])
        return Instances(boxes=boxes, scores=scores, frame=frame.index, **who, **self.pose)

    def state_dict(self) -> dict[str, object]:
        return {}


class Page:
    """Plays the page: sends commands, shows every frame at once, and remembers what it was told."""

    def __init__(
        self, menu: Menu | None = None, limits: Limits | None = None, models: Shelf | None = None
    ) -> None:
        self.told: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any]] = queue.Queue()
        self.pictures: dict[int, bytes] = {}
        self.shows = True
        self.session = Session(models or shelf(), menu or Menu(None), limits or Limits(), self.hear)

    def hear(self, header: Mapping[str, Any], picture: bytes | None) -> None:
        header = json.loads(json.dumps(header))
        if header["kind"] == "frame":
            self.pictures[header["frame"]] = picture or b""
            if self.shows:
                self.say("shown")
        self._news.put(header)

    def say(self, kind: str, **rest: Any) -> None:
        self.session.hear(json.dumps({"do": kind, **rest}))

    def point(
        self, index: int, *boxes: tuple[int | None, tuple[float, float, float, float]]
    ) -> dict[str, Any]:
        self.say("point", frame=index, targets=[{"id": target, "box": box} for target, box in boxes])
        return self.until(lambda news: news["kind"] in ("frame", "error"))

    def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
        """The next news of which that holds."""
        end = time.monotonic() + seconds
        while True:
            try:
                news = self._news.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"never told; before: {self.told[-3:]}") from None
            self.told.append(news)
            if holds(news):
                return news
            assert not news.get("ends"), news

    def frame(self, index: int | None = None) -> dict[str, Any]:
        return self.until(lambda news: news["kind"] == "frame" and index in (None, news["frame"]))

    def state(self, **wished: Any) -> dict[str, Any]:
        return self.until(lambda news: news["kind"] == "state" and wished.items() <= news.items())

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        assert not self.session.folder.exists()
