"""A detector for tests: what is brighter than its surroundings is a blob, and knows no more than that."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from saccade.core import Frame, Instances


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyNetworkConfig:
    """What the detector knows."""

    classes: tuple[str, ...] = ("blob", "ghost")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyConfig:
    """Settings of the detector."""

    network: ToyNetworkConfig = ToyNetworkConfig()
    threshold: float = 0.5
    """below which nothing is said"""


TOY = ToyConfig()


@dataclass(frozen=True, slots=True)
class ToyDetector:
    """Bright regions; their score is how bright they are."""

    name: str
    config: ToyConfig

    def __call__(self, pictures: list[Any]) -> list[Instances]:
        return [self._look(Frame.of(picture).image) for picture in pictures]

    def start(self, *, seed: int = 0) -> Any:
        raise NotImplementedError

    def _look(self, picture: np.ndarray) -> Instances:
        gray = picture.max(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((gray > 60).astype(np.uint8))
        boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:]]
        scores = np.array([gray[y1, x1] / 255 for x1, y1, _, _ in boxes])
        found = Instances(
            boxes=np.array(boxes, np.float32).reshape(-1, 4),
            scores=scores.reshape(-1),
            labels=np.zeros(len(boxes), np.int64),
        )
        return found[found.scores >= self.config.threshold]


def build(name: str, config: ToyConfig, *, weights: Any, device: Any, precision: str) -> ToyDetector:
    """The detector; it has no network."""
    return ToyDetector(name, config)
