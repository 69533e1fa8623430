"""The box that a crop is made around: the target's, moved and resized at random."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

ATTEMPTS = 10
"""how many boxes are drawn until one lies enough inside of the frame"""
LAST_RESORT = (1.0, 1.0, 10.0, 10.0)
"""the box (x, y, w, h) that is taken then; also that of a target without area"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """How far the box of a crop is from the target's.

    Attributes:
        centre: range in which the centre moves along x and y, in √(area of the jittered box).
        scale: the logarithms of the factors on width and height have this standard deviation, or are within
            ± this where they are uniform.
        scale_law: the distribution of those logarithms.
        min_inside: share of the region that must lie inside of the frame, else another box is drawn, up to
            ten times, and at last a small one in the corner is taken (KYS); 0 takes the first.
        max_motion: how far the box of a frame may be from that of the frame before, in √(area of the latter),
            along x and along y, before it is mirrored to the other side; None for any. Needs `min_inside`.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 0.0
    scale_law: Literal["normal", "uniform"] = "normal"
    min_inside: float = 0.0
    max_motion: float | None = None

    def __call__(
        self,
        boxes: Float32[np.ndarray, "F 4"],
        frames_wh: Sequence[tuple[int, int]],
        area: float,
        generator: torch.Generator,
    ) -> Float32[np.ndarray, "F 4"]:
        """Boxes (x, y, w, h) in frame pixels, one for each frame of a sequence.

        Args:
            frames_wh: width and height of the frames.
            area: search area factor of the crop, for what lies inside of the frame.
        """
        targets = torch.from_numpy(boxes)
        if self.min_inside == 0:
            middle, size, offset = self._draw(targets, generator)
            return _boxes(middle + offset, size).numpy()
        jittered: list[Tensor] = []
        for target, frame_wh in zip(targets, frames_wh, strict=True):
            before = jittered[-1] if jittered else None
            jittered.append(self._draw_inside(target, before, frame_wh, area, generator))
        return torch.stack(jittered).numpy()

    def _draw(
        self, targets: Float[Tensor, "F 4"], generator: torch.Generator
    ) -> tuple[Float[Tensor, "F 2"], Float[Tensor, "F 2"], Float[Tensor, "F 2"]]:
        """The middles of targets, jittered sizes, and offsets of the middles.

        In float32, operation by operation as published trainings: a region is rounded to pixels.
        """
        draw = torch.randn if self.scale_law == "normal" else torch.rand
        # a target's size is drawn before its offset, and both before the next target's
        rolls = [(draw(2, generator=generator), torch.rand(2, generator=generator)) for _ in targets]
        logarithms, places = (torch.stack(column) for column in zip(*rolls, strict=True))
        if self.scale_law == "uniform":
            logarithms = 2 * logarithms - 1
        size = targets[:, 2:] * (logarithms * self.scale).exp()
        # a box of negative sides has no area; the crop says so
        reach = size.prod(dim=1, keepdim=True).clamp(min=0).sqrt() * torch.tensor(self.centre)
        return targets[:, :2] + 0.5 * targets[:, 2:], size, reach * (places - 0.5)

    def _draw_inside(
        self,
        target: Float[Tensor, "4"],
        before: Tensor | None,
        frame_wh: tuple[int, int],
        area: float,
        generator: torch.Generator,
    ) -> Tensor:
        for _ in range(ATTEMPTS):
            middle, size, offset = (values[0] for values in self._draw(target[None], generator))
            if self.max_motion is not None and before is not None:
                reach = self.max_motion * before[2:].prod().sqrt()
                motion = middle + offset - (before[:2] + 0.5 * before[2:])
                offset = torch.where(motion.abs() > reach, -offset, offset)
            width, height = size.tolist()
            if not (width > 0 and height > 0):
                continue
            side = math.ceil(math.sqrt(width * height) * area)
            x1, y1 = (middle + offset - side / 2).tolist()
            if _overlap(x1, side, frame_wh[0]) * _overlap(y1, side, frame_wh[1]) > self.min_inside * side**2:
                return _boxes(middle + offset, size)
        return torch.tensor(LAST_RESORT)


def _boxes(middle: Float[Tensor, "*n 2"], size: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 4"]:
    return torch.cat([middle - 0.5 * size, size], dim=-1)


def _overlap(start: float, length: int, extent: int) -> float:
    return max(0.0, min(start + length, extent) - max(start, 0.0))
