"""The look of the pictures: no paper of their own, and inks that are seen on light pages and on dark ones."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from saccade.draw.charts import INKS

BLUE, ORANGE, GREEN, RED, PURPLE, TEAL, OLIVE, *_ = INKS
INK = "#7C858F"
"""of words and axes: a contrast of 3.5 and more with white, and with near black"""
FAINT = "#7C858F55"
WIDTH = 9.0
"""of a picture in inches"""
DOTS = 130
"""in an inch"""

_STYLE: dict[Any, Any] = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "figure.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


@contextmanager
def panels(*widths: float, height: float = 2.9) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with panels side by side.

    Args:
        widths: of each panel, by those of the others.
        height: of the figure in inches.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        grid = figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)
        yield figure, list(grid[0])


def picture(axes: Axes, image: Any, title: str, **options: Any) -> None:
    """Shows pixels, or a map, without axes."""
    axes.imshow(image, **{"interpolation": "nearest", **options})
    bare(axes, title)


def bare(axes: Axes, title: str) -> None:
    """Takes the axes off a panel."""
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def heat(axes: Axes, image: Any, scores: Any, title: str) -> None:
    """Lays scores over the pixels that they are of: the higher, the more of the picture they cover."""
    height, width = image.shape[:2]
    values = np.asarray(scores, dtype=np.float64)
    values = np.clip(values / max(float(values.max()), 1e-9), 0, 1)
    paint = colormaps["inferno"](0.25 + 0.75 * values)
    paint[..., 3] = 0.85 * values**0.7
    pale = image.mean(axis=2, keepdims=True).repeat(3, axis=2)
    axes.imshow(pale.astype(np.uint8), extent=(0, width, height, 0))
    axes.imshow(paint, extent=(0, width, height, 0), interpolation="bilinear")
    bare(axes, title)


def box(axes: Axes, corners: Sequence[float], color: str, *, width: float = 1.8, style: str = "-") -> None:
    """Draws a box by its corners (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = (float(corner) for corner in corners)
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=color, lw=width, ls=style))


def chart(axes: Axes, title: str, x: str, y: str, *, logarithmic: bool = False) -> None:
    """Says what a chart shows."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if logarithmic:
        axes.set_yscale("log")


def save(figure: Figure, path: Path) -> None:
    """Writes a picture as WebP, the paper left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context(_STYLE):
        figure.savefig(
            path, format="webp", dpi=DOTS, transparent=True, pil_kwargs={"quality": 80, "method": 6}
        )
