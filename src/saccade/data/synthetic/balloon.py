"""Hot-air balloons: the targets of the synthetic clip."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Color = tuple[float, float, float]
Pattern = Literal["gores", "bands"]

# a balloon in its own units: the envelope reaches from y = -1 to 0.62, the basket hangs down to 1
ENVELOPE_END, BASKET_TOP, BASKET_HALF_WIDTH = 0.62, 0.80, 0.115
WIDEST, EQUATOR = 0.74, -0.36
LIGHT = np.array([0.55, -0.45, 0.70], np.float32)
ROPE, WICKER = (0.22, 0.16, 0.11), (0.50, 0.33, 0.17)


@dataclass(frozen=True, slots=True)
class Balloon:
    """What a balloon looks like.

    Attributes:
        colors: cloth colours that take turns, RGB in [0, 1].
        pattern: colours change around the envelope ("gores") or up and down ("bands").
        repeats: how many panels of cloth there are.
    """

    colors: tuple[Color, ...]
    pattern: Pattern
    repeats: int

    def paint(
        self, x: Float[np.ndarray, "h w"], y: Float[np.ndarray, "h w"], blur: float, spin: float
    ) -> tuple[Float[np.ndarray, "h w 3"], Float[np.ndarray, "h w"]]:
        """The balloon as seen at points in its own units: y from -1 (top) to 1 (basket), x in the same scale.

        Args:
            blur: size of a pixel in these units; edges are smoothed over it.
            spin: angle by which it has turned about its axis, in radians.

        Returns:
            colour in [0, 1], and alpha in [0, 1].
        """
        half_width = envelope_half_width(y)
        across = np.clip(x / np.maximum(half_width, 1e-3), -1, 1)
        around = np.arcsin(across) + spin
        down = np.clip((y + 1) / (1 + ENVELOPE_END), 0, 1)
        turn = around * self.repeats / np.pi if self.pattern == "gores" else down * self.repeats
        cloth = np.asarray(self.colors, np.float32)[np.floor(turn).astype(int) % len(self.colors)]
        seam = np.clip(1 - np.abs(turn - np.round(turn)) * 9, 0, 1)
        upward = np.clip((y - EQUATOR) / 0.9, -1, 1)
        facing = np.sqrt(np.clip(1 - across**2 - 0.6 * upward**2, 0, 1))
        shade = np.clip(LIGHT[0] * across + LIGHT[1] * upward + LIGHT[2] * facing, 0, 1)
        color = cloth * (0.42 + 0.66 * shade - 0.10 * seam)[..., None]
        alpha = np.clip((half_width - np.abs(x)) / blur + 0.5, 0, 1) * ((y < ENVELOPE_END) & (half_width > 0))
        return _add_basket(color, alpha.astype(np.float32), x, y, blur)


def _add_basket(
    color: np.ndarray, alpha: np.ndarray, x: np.ndarray, y: np.ndarray, blur: float
) -> tuple[np.ndarray, np.ndarray]:
    between = (y >= ENVELOPE_END - 0.02) & (y < BASKET_TOP)
    rope = np.clip((0.012 + blur / 2 - np.abs(np.abs(x) - 0.095)) / blur, 0, 1) * between * 0.85
    inside = np.minimum(BASKET_HALF_WIDTH - np.abs(x), np.minimum(y - BASKET_TOP, 1 - y))
    basket = np.clip(inside / blur + 0.5, 0, 1)
    weave = 0.80 + 0.25 * np.cos(y * 90) * np.cos(x * 90) + 0.9 * x
    for paint, cover in ((np.asarray(ROPE, np.float32), rope), (WICKER * weave[..., None], basket)):
        color = color + (paint - color) * cover[..., None]
        alpha = np.maximum(alpha, cover)
    return color.astype(np.float32), alpha.astype(np.float32)


def envelope_half_width(y: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Half the width of the envelope at height y: a sphere above the equator, tapering to the mouth below."""
    above = np.sqrt(np.clip(1 - ((y - EQUATOR) / (1 + EQUATOR)) ** 2, 0, 1))
    fall = np.clip((y - EQUATOR) / (ENVELOPE_END - EQUATOR), 0, 1)
    below = 0.15 + 0.85 * np.cos(fall * 1.5707) ** 0.9 * (1 - 0.10 * np.sin(fall * np.pi))
    return np.asarray(WIDEST * np.where(y < EQUATOR, above, below), dtype=np.float32)


def outline() -> Float[np.ndarray, "P 2"]:
    """Points (x, y) around a balloon, in its own units; their extent is its box."""
    y = np.linspace(-1, ENVELOPE_END, 64, dtype=np.float32)
    half = envelope_half_width(y)
    corners = np.array([[-BASKET_HALF_WIDTH, 1.0], [BASKET_HALF_WIDTH, 1.0]], np.float32)
    return np.concatenate([np.stack([half, y], 1), np.stack([-half, y], 1), corners])
