"""The synthetic clip: hot-air balloons over a valley, seen by a camera that moves.

The first balloon is the target. It grows from 0.6 to 1.6 times its size, disappears for some frames behind a
tree, and passes another balloon of its own colours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from saccade.data.synthetic.balloon import Balloon, outline
from saccade.data.synthetic.landscape import Visible, background, passing_tree

RED, CREAM, WINE = (0.86, 0.20, 0.15), (0.97, 0.89, 0.72), (0.60, 0.10, 0.14)
TEAL, GOLD, PLUM, WHITE = (0.10, 0.50, 0.56), (0.95, 0.68, 0.18), (0.44, 0.22, 0.48), (0.94, 0.93, 0.90)
PALETTES = ((PLUM, CREAM, TEAL), (TEAL, WHITE, GOLD), (GOLD, PLUM, CREAM), (RED, CREAM, WINE))
OUTLINE = outline()


class SyntheticFrame(NamedTuple):
    """A picture and what is true of it, M balloons, the target first.

    Attributes:
        rgb: the picture.
        boxes: corners (x1, y1, x2, y2) of each whole balloon in frame pixels, hidden parts included.
        visibility: share of each balloon's pixels that nothing covers, in [0, 1].
    """

    rgb: UInt8[np.ndarray, "H W 3"]
    boxes: Float[np.ndarray, "M 4"]
    visibility: Float[np.ndarray, " M"]


@dataclass(frozen=True, slots=True)
class _Flight:
    """A balloon's way through the clip; positions and heights as shares of the frame, `when` of the clip."""

    balloon: Balloon
    x: tuple[float, ...]
    y: tuple[float, ...]
    height: tuple[float, ...]
    phase: float

    def at(self, when: float) -> tuple[float, float, float]:
        """Centre (x, y) and height: way points joined by a smooth curve."""
        return tuple(_curve(points, when) for points in (self.x, self.y, self.height))  # type: ignore[return-value]


def render(
    frames: int = 300, *, seed: int = 0, size_wh: tuple[int, int] = (640, 360)
) -> Iterator[SyntheticFrame]:
    """Renders the clip frame by frame; the same arguments give the same pixels.

    However many frames there are, the whole story is told: fewer frames mean faster motion.

    Args:
        frames: length of the clip; 300 are ten seconds at 30 frames per second.
        seed: draws the landscape, the balloons' colours and the way the camera shakes. Seed 0 is the demo.
        size_wh: width and height of a frame in pixels.

    Raises:
        ValueError: for no frame, or frames of less than 16 pixels a side.
    """
    if frames < 1 or min(size_wh) < 16:
        raise ValueError(f"expected at least 1 frame of at least 16x16 pixels, got {frames} of {size_wh}")
    return _render(frames, np.random.default_rng(seed), size_wh)


def _render(frames: int, rng: np.random.Generator, size_wh: tuple[int, int]) -> Iterator[SyntheticFrame]:
    width, height = size_wh
    travel, margin = 1.1 * width, max(int(height * 0.03), 2)
    # drawn first, so that the balloons do not depend on the size of the landscape
    flights, shake_phase = _flights(rng), rng.uniform(0, 2 * np.pi, 4)
    behind = background(rng, size_wh, travel, margin)
    tree = passing_tree(rng, height, margin, at_x=0.62 * width, parallax=3.0)
    grain = rng.normal(0, 1.6 / 255, (2 * height, 2 * width, 1)).astype(np.float32)
    canvas = np.zeros((height, width, 3), np.float32)
    for number in range(frames):
        when = number / max(frames - 1, 1)
        shake = _shake(when, shake_phase) * 0.4 * margin
        camera = (margin + travel * (when + 0.05 * np.sin(2 * np.pi * when)) + shake[0], float(shake[1]))
        views = [layer.view(size_wh, camera) for layer in behind]
        for view in views:
            if view is not None:
                view.over(canvas)
        sprites = [_sprite(flight, when, shake, size_wh) for flight in flights]
        visibility = _paint(canvas, sprites, tree.view(size_wh, camera))
        noise = _any_window(grain, rng, height, width)
        rgb = np.clip((canvas + noise) * 255 + 0.5, 0, 255).astype(np.uint8)
        yield SyntheticFrame(rgb, np.stack([sprite.box for sprite in sprites]), visibility)


def _flights(rng: np.random.Generator) -> list[_Flight]:
    """The target, its double, and two balloons far away."""
    first, second = PALETTES[rng.integers(len(PALETTES))], PALETTES[rng.integers(len(PALETTES))]
    jitter, phase = rng.uniform(-0.015, 0.015, 4), rng.uniform(0, 2 * np.pi, 4)
    rows = (
        (
            Balloon(first, "gores", 10),
            (0.22, 0.36, 0.50, 0.42, 0.56, 0.62),
            (0.66, 0.60, 0.50, 0.56, 0.47, 0.50),
            (0.15, 0.18, 0.24, 0.29, 0.35, 0.40),
        ),
        (
            Balloon(first[:2], "bands", 7),
            (1.12, 1.00, 0.84, 0.66, 0.34, 0.12),
            (0.40, 0.44, 0.50, 0.53, 0.52, 0.44),
            (0.22, 0.22, 0.23, 0.24, 0.25, 0.26),
        ),
        (
            Balloon(second, "gores", 8),
            (0.80, 0.74, 0.66, 0.58),
            (0.20, 0.17, 0.19, 0.15),
            (0.09, 0.10, 0.10, 0.11),
        ),
        (
            Balloon((*second[1:], WHITE), "gores", 12),
            (0.40, 0.36, 0.28, 0.24),
            (0.30, 0.27, 0.28, 0.24),
            (0.055, 0.060, 0.065, 0.070),
        ),
    )
    return [
        _Flight(balloon, tuple(v + jitter[i] for v in x), y, tall, phase[i])
        for i, (balloon, x, y, tall) in enumerate(rows)
    ]


def _curve(points: tuple[float, ...], when: float) -> float:
    """Catmull-Rom spline through equally spaced points, at `when` in [0, 1]."""
    at = when * (len(points) - 1)
    i = min(int(at), len(points) - 2)
    t = at - i
    a, b, c, d = (points[min(max(k, 0), len(points) - 1)] for k in range(i - 1, i + 3))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _shake(when: float, phase: Float[np.ndarray, "4"]) -> Float[np.ndarray, "2"]:
    """Motion (x, y) of a hand that holds the camera, about -1 to 1."""
    slow, fast = 2 * np.pi * when * 9, 2 * np.pi * when * 23
    return np.array([
        0.7 * np.sin(slow + phase[0]) + 0.3 * np.sin(fast + phase[1]),
        0.7 * np.sin(1.3 * slow + phase[2]) + 0.3 * np.sin(1.1 * fast + phase[3]),
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sprite:
    """A painted balloon: its pixels inside of the frame, its box, and how many pixels it has in all."""

    seen: Visible
    box: Float[np.ndarray, "4"]
    area: float


def _sprite(flight: _Flight, when: float, shake: Float[np.ndarray, "2"], size_wh: tuple[int, int]) -> _Sprite:
    width, height = size_wh
    x, y, tall = flight.at(when)
    unit = tall * height / 2
    center = np.array([x * width, y * height]) - shake
    tilt = 0.09 * np.sin(2 * np.pi * 3.5 * when + flight.phase)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    points = center + unit * OUTLINE @ turn.T
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    x0, y0, x1, y1 = np.concatenate([np.floor(box[:2]) - 1, np.ceil(box[2:]) + 1]).astype(int)
    # four points a pixel; pixel k covers [k, k + 1)
    grid = np.stack(np.meshgrid(np.arange(x0, x1, 0.5) + 0.25, np.arange(y0, y1, 0.5) + 0.25), axis=-1)
    own = ((grid - center) / unit @ turn).astype(np.float32)
    color, alpha = flight.balloon.paint(own[..., 0], own[..., 1], 0.5 / unit, spin=1.6 * when + flight.phase)
    color, alpha = _halve(color * alpha[..., None]), _halve(alpha[..., None])
    rows, columns = slice(max(y0, 0), max(min(y1, height), 0)), slice(max(x0, 0), max(min(x1, width), 0))
    part = (
        slice(rows.start - y0, max(rows.stop - y0, 0)),
        slice(columns.start - x0, max(columns.stop - x0, 0)),
    )
    seen = Visible((rows, columns), color[part], alpha[part])
    return _Sprite(seen, box, float(alpha.sum()))


def _halve(sheet: Float[np.ndarray, "H W C"]) -> Float[np.ndarray, "h w C"]:
    return (sheet[::2, ::2] + sheet[1::2, ::2] + sheet[::2, 1::2] + sheet[1::2, 1::2]) / 4


def _paint(canvas: np.ndarray, sprites: list[_Sprite], before: Visible | None) -> Float[np.ndarray, " M"]:
    """Paints the balloons and what stands before them; returns the share of each that can be seen."""
    # what is smaller is farther away
    far_to_near = sorted(range(len(sprites)), key=lambda i: sprites[i].area)
    for i in far_to_near:
        sprites[i].seen.over(canvas)
    free = np.ones((*canvas.shape[:2], 1), np.float32)
    if before is not None:
        before.over(canvas)
        free[before.where] -= before.alpha
    visibility = np.zeros(len(sprites))
    for i in reversed(far_to_near):
        seen = sprites[i].seen
        visibility[i] = (seen.alpha * free[seen.where]).sum() / sprites[i].area
        free[seen.where] *= 1 - seen.alpha
    return np.clip(visibility, 0, 1)


def _any_window(grain: np.ndarray, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A random part of the sheet of film grain: new noise for every frame at no cost."""
    y, x = rng.integers(height), rng.integers(width)
    return grain[y : y + height, x : x + width]
