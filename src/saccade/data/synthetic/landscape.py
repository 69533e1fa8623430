"""A valley in layers: sky, mountains, forest and meadow, and a tree that passes before all of it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from saccade.data.synthetic.noise import fractal_noise, skyline, value_noise

Color = tuple[float, float, float]

SKY_TOP, SKY_LOW, CLOUD, SUN = (0.36, 0.58, 0.80), (0.97, 0.86, 0.73), (1.0, 0.95, 0.91), (1.0, 0.84, 0.55)
HAZE = (0.72, 0.77, 0.82)
CONIFER, TIP = (0.13, 0.25, 0.17), (0.36, 0.46, 0.24)
GRASS, STRAW = (0.35, 0.47, 0.21), (0.73, 0.68, 0.36)
BARK, NEEDLES, NEEDLE_TIPS = (0.16, 0.11, 0.08), (0.03, 0.08, 0.06), (0.20, 0.31, 0.16)


class Visible(NamedTuple):
    """Something that covers a part of the frame.

    Attributes:
        where: rows and columns of the frame.
        color: premultiplied by alpha, in [0, 1].
        alpha: how much of it covers what lies behind.
    """

    where: tuple[slice, slice]
    color: Float[np.ndarray, "h w 3"]
    alpha: Float[np.ndarray, "h w 1"]

    def over(self, canvas: Float[np.ndarray, "H W 3"]) -> None:
        """Lays it over what has been painted so far, in place."""
        canvas[self.where] *= 1 - self.alpha
        canvas[self.where] += self.color


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted sheet at one depth.

    Attributes:
        color: premultiplied by alpha, in [0, 1].
        alpha: how much of it covers what lies behind.
        top: row of the frame at which the sheet begins, in frame pixels.
        parallax: frame pixels that it moves for each pixel of camera motion.
    """

    color: Float[np.ndarray, "H W 3"]
    alpha: Float[np.ndarray, "H W 1"]
    top: int
    parallax: float

    def view(self, size_wh: tuple[int, int], camera: tuple[float, float]) -> Visible | None:
        """What the camera sees of the sheet, bilinearly interpolated; None when that is nothing.

        Args:
            size_wh: width and height of the frame.
            camera: (x, y) of the camera in pixels; y moves all sheets alike, as shaking hands do.
        """
        width, height = size_wh
        x, y = camera[0] * self.parallax, camera[1] - self.top
        column, row = int(np.floor(x)), int(np.floor(y))
        top, bottom = max(-row, 0), min(height, self.alpha.shape[0] - 1 - row)
        left, right = max(-column, 0), min(width, self.alpha.shape[1] - 1 - column)
        if bottom <= top or right <= left:
            return None
        part = (slice(row + top, row + bottom + 1), slice(column + left, column + right + 1))
        return Visible(
            (slice(top, bottom), slice(left, right)),
            _between(self.color[part], x - column, y - row),
            _between(self.alpha[part], x - column, y - row),
        )


def _between(sheet: Float[np.ndarray, "H W C"], x: float, y: float) -> Float[np.ndarray, "h w C"]:
    lines = sheet[:-1] + (sheet[1:] - sheet[:-1]) * np.float32(y)
    return lines[:, :-1] + (lines[:, 1:] - lines[:, :-1]) * np.float32(x)


def background(rng: np.random.Generator, size_wh: tuple[int, int], travel: float, margin: int) -> list[Layer]:
    """The sheets behind the targets, the farthest first.

    Args:
        travel: how far the camera moves to the right over the clip, in pixels.
        margin: how far it may shake in any direction, in pixels.
    """
    width, height = size_wh

    def sheet_width(parallax: float) -> int:
        return int(width + travel * parallax) + 2 * margin + 2

    return [
        _sky(rng, sheet_width(0.05), height, margin),
        _mountains(rng, sheet_width(0.15), height, margin),
        _forest(rng, sheet_width(0.4), height, margin, parallax=0.4, ridge=0.46, rows=7, haze=0.42),
        _meadow(rng, sheet_width(0.75), height, margin),
        _forest(rng, sheet_width(1.0), height, margin, parallax=1.0, ridge=0.86, rows=3, haze=0.0),
    ]


def _mix(a: np.ndarray | Color, b: np.ndarray | Color, share: np.ndarray | float) -> np.ndarray:
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    share = np.asarray(share, np.float32)
    share = share[..., None] if share.ndim else share
    return a + (b - a) * share


def _layer(color: np.ndarray, alpha: np.ndarray, top: int, parallax: float) -> Layer:
    alpha = np.clip(alpha, 0, 1).astype(np.float32)[..., None]
    return Layer(np.clip(color, 0, 1).astype(np.float32) * alpha, alpha, top, parallax)


def _sky(rng: np.random.Generator, width: int, height: int, margin: int) -> Layer:
    rows = int(height * 0.62) + 2 * margin
    y, x = np.mgrid[0:rows, 0:width].astype(np.float32)
    color = _mix(SKY_TOP, SKY_LOW, (y / rows) ** 0.9)
    sun = np.exp(-((np.hypot(x - width * 0.74, (y - rows * 0.62) * 1.15) / (height * 0.34)) ** 1.3))
    color = _mix(color, SUN, 0.75 * sun)
    clouds = fractal_noise(rng, rows, width, height / 6, octaves=6, stretch=3.0)
    clouds = np.clip((clouds - 0.47) / 0.22, 0, 1) ** 1.3 * np.clip(1.3 - y / rows, 0, 1)
    return _layer(_mix(color, CLOUD, 0.85 * clouds), np.ones_like(y), -margin, 0.05)


def _mountains(rng: np.random.Generator, width: int, height: int, margin: int) -> Layer:
    top, rows = int(height * 0.10), int(height * 0.52) + margin
    # folded noise has sharp crests and wide valleys
    crest = 1 - np.abs(2 * skyline(rng, width, height * 0.75, octaves=2) - 1)
    ridge = height * (0.29 - 0.22 * crest**1.5 - 0.05 * skyline(rng, width, height * 0.10))
    y = np.arange(rows, dtype=np.float32)[:, None] - ridge
    # spurs run down both ways from the crest: what is higher of two sheared fields
    folds = fractal_noise(rng, rows, width, height / 7, octaves=5, stretch=0.5)
    down, columns = np.arange(rows)[:, None], np.arange(width)
    line = (0.9 * down).astype(int)
    left = np.take_along_axis(folds, (columns - line) % width, axis=1)
    right = np.take_along_axis(folds[::-1], (columns + line) % width, axis=1)
    relief = np.maximum(left, right)
    # light falls from the right: a slope is bright where the relief falls away to that side
    light = np.clip(0.50 - 11.0 * np.gradient(relief, axis=1) * height / 360, 0, 1)
    rock = _mix((0.36, 0.42, 0.54), (0.78, 0.72, 0.69), light)
    snow = np.clip(1.5 - y / (height * 0.055) + 3.0 * (relief - 0.6), 0, 1) * (0.45 + 0.55 * light)
    color = _mix(_mix(rock, (0.98, 0.96, 0.94), snow), HAZE, np.clip(0.15 + y / (height * 0.36), 0, 0.92))
    return _layer(color, y + 0.5, top, 0.15)


def _tree_line(rng: np.random.Generator, width: int, size: float) -> Float[np.ndarray, " W"]:
    """Heights of a row of conifers along x, in pixels."""
    number = int(width / size * 2.6)
    at, tall = rng.uniform(-size, width + size, number), size * rng.uniform(0.9, 2.3, number)
    x = np.arange(width)[:, None]
    slope = tall / (size * rng.uniform(0.42, 0.62, number))
    heights = tall - slope * np.abs(x - at)
    return np.maximum(heights.max(axis=1), 0).astype(np.float32)


def _forest(
    rng: np.random.Generator,
    width: int,
    height: int,
    margin: int,
    *,
    parallax: float,
    ridge: float,
    rows: int,
    haze: float,
) -> Layer:
    """Rows of conifers down a slope, each a little bigger and clearer than the one behind it."""
    top = int(height * (ridge - 0.14))
    depth = height - top + margin
    color, alpha = np.zeros((depth, width, 3), np.float32), np.zeros((depth, width), np.float32)
    line = height * (0.06 + 0.09 * (1 - skyline(rng, width, height * 0.6)))
    y = np.arange(depth, dtype=np.float32)[:, None]
    tone = fractal_noise(rng, depth, width, height / 12, octaves=4)
    grain = value_noise(rng, depth, width, (2.5, 1.5))
    for row in range(rows):
        size = height * (0.016 + 0.006 * row) * (1.6 if haze == 0 else 1)
        below = y - (line + row * height * 0.042 - _tree_line(rng, width, size))
        cover = np.clip(below + 0.5, 0, 1)
        lit = np.clip(1 - below / (2.2 * size), 0, 1) * (0.35 + 0.9 * tone) + 0.35 * (grain - 0.5)
        trees = _mix(_mix(CONIFER, TIP, np.clip(lit, 0, 1)), HAZE, haze * (1 - 0.75 * row / rows))
        color, alpha = _mix(color, trees, cover), np.maximum(alpha, cover)
    return _layer(color, alpha, top, parallax)


def _meadow(rng: np.random.Generator, width: int, height: int, margin: int) -> Layer:
    """A slope of grass and stubble with hedges and single trees."""
    top = int(height * 0.60)
    rows = height - top + margin
    ridge = height * 0.10 * (1 - skyline(rng, width, height * 0.9, octaves=3))
    y = np.arange(rows, dtype=np.float32)[:, None] - ridge
    field = fractal_noise(rng, rows, width, height / 7, octaves=3, stretch=4.5)
    blades = fractal_noise(rng, rows, width, 5.0, octaves=3, stretch=0.6)
    color = _mix(GRASS, STRAW, np.clip((field - 0.35) * 2.6, 0, 1))
    color = color * (0.62 + 0.76 * blades)[..., None]
    color = _mix(color, HAZE, np.clip(0.30 - y / (height * 0.5), 0, 1))
    for at_x, at_y in zip(rng.uniform(0, width, 26), np.sort(rng.uniform(0.02, 0.3, 26)), strict=True):
        _stamp_bush(rng, color, at_x, ridge[int(at_x)] + at_y * height, height * (0.018 + 0.09 * at_y))
    return _layer(color, y + 0.5, top, 0.75)


def _stamp_bush(rng: np.random.Generator, color: np.ndarray, x: float, y: float, size: float) -> None:
    """Paints one round tree with its shadow, in place."""
    reach = int(2.4 * size)
    y0, x0 = max(int(y) - reach, 0), max(int(x) - reach, 0)
    part = color[y0 : int(y) + reach, x0 : int(x) + reach]
    if part.size == 0:
        return
    rows, columns = np.mgrid[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]].astype(np.float32)
    shadow = np.clip(1.4 - np.hypot((columns - x + size) / (1.9 * size), (rows - y) / (0.38 * size)), 0, 1)
    part *= (1 - 0.55 * np.minimum(shadow, 1))[..., None]
    leaf = max(size / 3, 1.2)
    leaves = value_noise(rng, part.shape[0], part.shape[1], (leaf, leaf))
    radius = np.hypot(columns - x, (rows - y + 0.85 * size) * 1.05)
    crown = np.clip((size * (0.82 + 0.36 * leaves) - radius) * 0.8 + 0.5, 0, 1)
    lit = np.clip(0.45 + 0.4 * (columns - x) / size - 0.4 * (rows - y + 0.85 * size) / size, 0, 1)
    part += (_mix(CONIFER, (0.52, 0.55, 0.24), lit * (0.45 + 0.75 * leaves)) - part) * crown[..., None]


def passing_tree(rng: np.random.Generator, height: int, margin: int, at_x: float, parallax: float) -> Layer:
    """A spruce close to the camera, taller than the frame.

    Args:
        at_x: camera position, in pixels, at which the trunk stands at the left edge of the frame.
    """
    rows, width = height + 2 * margin, int(height * 0.8)
    y, x = np.mgrid[0:rows, 0:width].astype(np.float32)
    side = np.abs(x - width / 2)
    alpha = np.clip(height * (0.010 + 0.010 * y / rows) - side + 0.5, 0, 1)
    color = _mix(BARK, (0.34, 0.24, 0.17), value_noise(rng, rows, width, (height / 40, 1.5)))
    needles = value_noise(rng, rows, width, (height / 50, max(height / 240, 1.0)))
    # the lower bough hangs before the upper one
    for number in range(110):
        root = rows * (number / 100 - 0.08) + rng.uniform(-0.008, 0.008) * rows
        length = height * (0.075 + 0.14 * max(root, 0) / rows) * rng.uniform(0.65, 1.1)
        _hang_bough(color, alpha, needles, (width / 2, root), length, -1 if number % 2 else 1)
    sheet = _layer(color, alpha, -margin, parallax)
    shift = max(round(at_x * parallax - width / 2), 0)
    pad = ((0, 0), (shift, 0), (0, 0))
    return Layer(np.pad(sheet.color, pad), np.pad(sheet.alpha, pad), -margin, parallax)


def _hang_bough(
    color: np.ndarray,
    alpha: np.ndarray,
    needles: np.ndarray,
    root: tuple[float, float],
    length: float,
    side: int,
) -> None:
    """Paints one drooping branch that grows to the left (-1) or right (1) of the trunk, in place."""
    x0, x1 = sorted((int(root[0]), int(root[0] + side * length)))
    y0, y1 = (min(max(int(root[1] + part * length), 0), len(alpha)) for part in (-0.2, 0.85))
    part = (slice(y0, y1), slice(x0, x1))
    rows, columns = np.mgrid[part].astype(np.float32)
    out = np.clip((columns + 0.5 - root[0]) * side / length, 0, 1)
    below = rows + 0.5 - (root[1] + length * (0.42 * out**1.5 - 0.06 * np.sin(3 * out)))
    # twigs hang in a fringe that is longest halfway out
    fringe = length * (0.05 + 0.62 * out**0.6 * (1 - out)) * (0.35 + 0.95 * needles[part])
    cover = np.clip(np.minimum(below + 0.03 * length, fringe - below) * 0.8 + 0.5, 0, 1)
    lit = np.clip(0.85 - below / (0.26 * length), 0, 1) * (0.25 + 0.75 * needles[part])
    color[part] += (_mix(NEEDLES, NEEDLE_TIPS, lit) - color[part]) * cover[..., None]
    alpha[part] = np.maximum(alpha[part], cover)
