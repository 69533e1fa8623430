"""First-frame augmentation: pictures of a target made of its first one, for a tracker to learn from.

A transform takes a square patch (3, H, W), which may be larger than the crop that is wanted, changes it, and
cuts the crop out of its middle, displaced by a whole-pixel shift. Content moves right and down by a positive
shift; beyond the patch its border pixels continue.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.core.ranges import BELOW_ONE, FINITE, at_least, check_ranges, within

Shift = tuple[int, int]
Kind = Literal["shift", "relative_shift", "flip", "blur", "rescale", "rotate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFrameAugmentation:
    """Which pictures of a target are made of its first frame, besides the plain crop."""

    shifts: tuple[tuple[int, int], ...] = ()
    """displacements (x, y) in crop pixels"""
    relative_shifts: tuple[tuple[float, float], ...] = ()
    """displacements (x, y) in half crop sizes"""
    flip: bool = True
    """whether the mirrored crop is used"""
    blurs: tuple[tuple[float, float], ...] = ()
    """standard deviations (x, y) of Gaussian blurs in crop pixels"""
    rescales: tuple[float, ...] = ()
    """old over new size of the content"""
    rotations: tuple[float, ...] = ()
    """angles in degrees"""
    dropout_copies: int = 0
    """copies of the plain crop's features with channels left out"""
    dropout_probability: float = 0.2
    """share of channels left out of each copy, in [0, 1)"""
    expansion: float = 1.0
    """side of the patch that is changed / side of the crop cut out of it; above 1, borders seldom show"""
    random_shift: float = 0.0
    """flipped, blurred, rescaled and rotated crops are displaced by up to this share of half a crop size"""
    order: tuple[Kind, ...] = ("shift", "relative_shift", "flip", "blur", "rescale", "rotate")
    """order of the samples behind the plain crop; random displacements are drawn in this order"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation",
            self,
            relative_shifts=within(-1, 1),
            blurs=within(0.01, 100),
            rescales=within(0.1, 10),
            rotations=FINITE,
            dropout_copies=at_least(0),
            dropout_probability=BELOW_ONE,
            expansion=within(1, 10),
            random_shift=within(0, 1),
        )

    def patch_size(self, crop_wh: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the patch to be changed: the expanded crop, of the same parity."""
        expanded_w, expanded_h = (int(side * self.expansion) for side in crop_wh)
        return expanded_w + (expanded_w - crop_wh[0]) % 2, expanded_h + (expanded_h - crop_wh[1]) % 2

    def transforms(self, crop_wh: tuple[int, int], generator: torch.Generator) -> list["Transform"]:
        """The transforms in order, the plain crop first, their displacements drawn."""

        def drawn() -> Shift:
            if self.random_shift == 0:
                return (0, 0)
            # drawn as (y, x), the order in which the original trackers draw
            y, x = (
                (torch.rand(2, generator=generator) - 0.5) * torch.tensor(crop_wh[::-1]) * self.random_shift
            )
            return int(x), int(y)

        made: list[Transform] = [Identity()]
        for kind in self.order:
            match kind:
                case "shift":
                    made += [Identity(shift=shift) for shift in self.shifts]
                case "relative_shift":
                    halves = [(x * crop_wh[0] / 2, y * crop_wh[1] / 2) for x, y in self.relative_shifts]
                    made += [Identity(shift=(int(x), int(y))) for x, y in halves]
                case "flip":
                    made += [FlipLeftRight(shift=drawn())] if self.flip else []
                case "blur":
                    made += [Blur(sigma, shift=drawn()) for sigma in self.blurs]
                case "rescale":
                    made += [Rescale(factor, shift=drawn()) for factor in self.rescales]
                case "rotate":
                    made += [Rotate(degrees, shift=drawn()) for degrees in self.rotations]
        return made


@dataclass(frozen=True, slots=True)
class Transform(ABC):
    """One change of a patch; the base crops, a subclass says what happens before.

    Attributes:
        shift: displacement (x, y) of the content in crop pixels.
    """

    shift: Shift = field(default=(0, 0), kw_only=True)

    @abstractmethod
    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c h w"]:
        """The patch before the crop is cut."""

    def __call__(
        self, patch: Float[Tensor, "c H W"], size_wh: tuple[int, int] | None = None
    ) -> Float[Tensor, "c h w"]:
        """The crop of `size_wh` pixels; without a size, of the size of the patch."""
        changed = self.change(patch)
        height, width = changed.shape[-2:]
        wanted_w, wanted_h = size_wh or (width, height)
        shift_x, shift_y = self.shift
        spare_x, spare_y = wanted_w - width, wanted_h - height
        left, top = spare_x // 2 + shift_x, spare_y // 2 + shift_y
        padding = (left, spare_x - left, top, spare_y - top)
        return F.pad(changed[None], padding, mode="replicate")[0] if any(padding) else changed


@dataclass(frozen=True, slots=True)
class Identity(Transform):
    """Nothing but the shift."""

    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c H W"]:
        return patch


@dataclass(frozen=True, slots=True)
class FlipLeftRight(Transform):
    """Mirrors left and right."""

    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c H W"]:
        return patch.flip(-1)


@dataclass(frozen=True, slots=True)
class Blur(Transform):
    """A Gaussian blur, with zeros beyond the patch.

    Attributes:
        sigma: standard deviation (x, y) in patch pixels; the kernel ends at twice that.
    """

    sigma: tuple[float, float]

    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c H W"]:
        planes = patch[:, None]
        sigma_x, sigma_y = self.sigma
        down, across = _gaussian_taps(sigma_y, patch), _gaussian_taps(sigma_x, patch)
        planes = F.conv2d(planes, down[None, None, :, None], padding=(len(down) // 2, 0))
        planes = F.conv2d(planes, across[None, None, None, :], padding=(0, len(across) // 2))
        return planes[:, 0]


def _gaussian_taps(sigma: float, like: Tensor) -> Float[Tensor, " taps"]:
    radius = math.ceil(2 * sigma)
    steps = torch.arange(-radius, radius + 1, dtype=like.dtype, device=like.device)
    taps = torch.exp(-(steps**2) / (2 * sigma**2))
    return taps / taps.sum()


@dataclass(frozen=True, slots=True)
class Rescale(Transform):
    """Grows or shrinks the content.

    Attributes:
        factor: old size of the content over its new one: 2 halves it. The side keeps its parity.
    """

    factor: float

    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c h w"]:
        side = patch.shape[-1]
        resized = round(side / self.factor)
        resized += (resized - side) % 2
        return F.interpolate(patch[None], (resized, resized), mode="bilinear", align_corners=False)[0]


@dataclass(frozen=True, slots=True)
class Rotate(Transform):
    """Turns about the middle of the patch, with its border continued beyond it.

    Attributes:
        degrees: angle.
    """

    degrees: float

    def change(self, patch: Float[Tensor, "c H W"]) -> Float[Tensor, "c H W"]:
        height, width = patch.shape[-2:]
        angle = math.radians(self.degrees)
        cosine, sine = math.cos(angle), math.sin(angle)
        middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
        y = torch.arange(height, dtype=torch.float64, device=patch.device)[:, None] - middle_y
        x = torch.arange(width, dtype=torch.float64, device=patch.device) - middle_x
        # where each pixel comes from, by the inverse rotation; grid_sample wants units of half a patch
        source_x, source_y = cosine * x - sine * y, sine * x + cosine * y
        grid = torch.stack([source_x / max(middle_x, 0.5), source_y / max(middle_y, 0.5)], dim=-1).to(
            patch.dtype
        )
        return F.grid_sample(
            patch[None], grid[None], mode="bilinear", padding_mode="border", align_corners=True
        )[0]


def channel_dropout(
    features: Float[Tensor, "1 c h w"], copies: int, probability: float, generator: torch.Generator
) -> Float[Tensor, "copies c h w"]:
    """Return copies of a sample's features without some channels, the others scaled up to make up for it.

    The draws are those of `torch.nn.functional.dropout2d`, from a generator of one's own.
    """
    kept = torch.empty(copies, features.shape[1], 1, 1).bernoulli_(1 - probability, generator=generator)
    return features * (kept / (1 - probability)).to(features)
