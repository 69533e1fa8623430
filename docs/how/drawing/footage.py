"""What is looked at: the synthetic clip of `saccade demo`, and a person who is made of lines."""

import itertools
from functools import lru_cache

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from saccade.core import Frame, Skeleton
from saccade.data.synthetic import SyntheticFrame, render

LENGTH = 120
"""frames of the clip, of which the whole story is told in any number"""
START, ALONE, CROSSING = 30, 64, 78
"""frames: where trackers start; where the target is alone; where its double passes"""


@lru_cache(maxsize=1)
def clip() -> tuple[SyntheticFrame, ...]:
    """The clip; the first balloon is the target, the second its double."""
    return tuple(render(LENGTH))


def frame(number: int) -> Frame:
    """A frame of it."""
    return Frame.of(clip()[number].rgb, index=number)


def target(number: int) -> Float[Tensor, "1 4"]:
    """The target's true box (x, y, w, h) in a frame."""
    x1, y1, x2, y2 = clip()[number].boxes[0].tolist()
    return torch.tensor([[x1, y1, x2 - x1, y2 - y1]])


def seeded(seed: int = 0) -> torch.Generator:
    """Draws that are the same every time."""
    return torch.Generator().manual_seed(seed)


_BODY: dict[str, tuple[float, float]] = {
    "head_top": (0.50, 0.06), "upper_neck": (0.50, 0.19), "thorax": (0.50, 0.24), "neck": (0.50, 0.24),
    "nose": (0.50, 0.13), "left_eye": (0.53, 0.11), "right_eye": (0.47, 0.11), "left_ear": (0.56, 0.125),
    "right_ear": (0.44, 0.125), "right_shoulder": (0.38, 0.25), "left_shoulder": (0.62, 0.25),
    "right_elbow": (0.24, 0.36), "left_elbow": (0.77, 0.33), "right_wrist": (0.30, 0.50),
    "left_wrist": (0.86, 0.20), "pelvis": (0.50, 0.53), "right_hip": (0.43, 0.53), "left_hip": (0.57, 0.53),
    "right_knee": (0.38, 0.72), "left_knee": (0.64, 0.70), "right_ankle": (0.40, 0.93),
    "left_ankle": (0.60, 0.92),
}  # fmt: skip
"""where the joints of the person are, as shares of the picture"""


def joints(skeleton: Skeleton, size_wh: tuple[int, int]) -> Float[np.ndarray, "K 2"]:
    """The person's joints in pixels of a picture."""
    return np.array([_BODY[name] for name in skeleton.points]) * size_wh


def person(size_wh: tuple[int, int]) -> UInt8[np.ndarray, "H W 3"]:
    """A person of thick lines before a wall, at twice the size and then halved, so that edges are soft."""
    width, height = size_wh
    scene = np.empty((2 * height, 2 * width, 3), np.uint8)
    scene[:] = np.linspace((206, 214, 220), (150, 160, 170), 2 * height).astype(np.uint8)[:, None]
    at = {name: (round(2 * x * width), round(2 * y * height)) for name, (x, y) in _BODY.items()}
    unit = max(height // 9, 2)
    skin, cloth, trousers = (214, 168, 134), (46, 110, 150), (62, 66, 84)
    for side in ("left", "right"):
        chains = (("hip", "knee", "ankle", trousers), ("shoulder", "elbow", "wrist", skin))
        for first, second, third, color in chains:
            names = [f"{side}_{joint}" for joint in (first, second, third)]
            for a, b in itertools.pairwise(names):
                cv2.line(scene, at[a], at[b], color, unit, cv2.LINE_AA)
    trunk = [at[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    cv2.fillPoly(scene, [np.array(trunk)], cloth, cv2.LINE_AA)
    cv2.polylines(scene, [np.array(trunk)], True, cloth, unit, cv2.LINE_AA)
    cv2.line(scene, at["thorax"], at["upper_neck"], skin, unit // 2, cv2.LINE_AA)
    cv2.circle(scene, at["nose"], round(0.13 * height), skin, -1, cv2.LINE_AA)
    return cv2.resize(scene, size_wh, interpolation=cv2.INTER_AREA)
