"""Charts for papers and reports: small, plain, the same look everywhere."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from saccade.core import OutputError

INKS = ("#0B6FB8", "#D1570A", "#1A8F5F", "#A33E8F", "#8A6D00", "#5A5F66", "#C2334D", "#3FA7C4")
"""line colours on white, told apart by the colour-blind too"""

_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8A9099",
    "axes.labelcolor": "#30353B",
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#E6E9ED",
    "grid.linewidth": 0.8,
    "xtick.color": "#5A5F66",
    "ytick.color": "#5A5F66",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}
_SIZE_INCHES = (4.8, 2.9)

Spans = Mapping[str, Bool[np.ndarray, " F"]]


def over_time(
    frames: Integer[np.ndarray, " F"],
    rows: Mapping[str, Float[np.ndarray, " F"]],
    *,
    label: str,
    top: float | None = None,
    spans: Spans | None = None,
) -> Figure:
    """Values frame by frame: scores, overlaps, the size of boxes.

    Args:
        rows: name to one value a frame; NaN leaves a gap.
        label: what the values are, with their unit.
        top: upper end of the axis; by the values when None.
        spans: name to the frames that are shaded, e.g. those in which the target is hidden.
    """
    figure, axes = _axes("frame", label)
    for ink, (name, values) in zip(_inks(len(rows)), rows.items(), strict=True):
        axes.plot(frames, values, color=ink, label=name, linewidth=_STYLE["lines.linewidth"])
    axes.set_xlim(float(frames[0]), max(float(frames[-1]), float(frames[0]) + 1))
    _shade(axes, frames, spans or {})
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if _has_negative(rows) else 0.0, top=top)
    return _finished(figure, axes, several=len(rows) > 1 or bool(spans))


def success_plot(
    thresholds: Float[np.ndarray, " T"], curves: Mapping[str, Float[np.ndarray, " T"]]
) -> Figure:
    """The share of frames whose overlap is above each threshold; the area under it stands in the legend.

    Args:
        thresholds: overlap, in [0, 1].
        curves: name to the share of frames, in [0, 1]; the best comes first in the legend.
    """
    figure, axes = _axes("overlap threshold", "frames above it [%]")
    best_first = sorted(curves, key=lambda name: -float(curves[name].mean()))
    for ink, name in zip(_inks(len(curves)), best_first, strict=True):
        label = f"{name}  {100 * float(curves[name].mean()):.1f}"
        axes.plot(thresholds, 100 * curves[name], color=ink, label=label)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 102)
    return _finished(figure, axes, several=True, title="AUC [%]")


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure; the ending of the name says as what (png, svg, pdf).

    Raises:
        OutputError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context(_STYLE):
            figure.savefig(path, dpi=200)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def to_svg(figure: Figure) -> str:
    """A figure as an SVG element, ready to stand inside of a page; the same figure gives the same text."""
    text = io.StringIO()
    # the salt makes the ids inside of the file, else random, the same each time
    with rc_context({**_STYLE, "svg.fonttype": "none", "svg.hashsalt": "saccade"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]


def _axes(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    with rc_context(_STYLE):
        figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
    return figure, axes


def _has_negative(rows: Mapping[str, Float[np.ndarray, " F"]]) -> bool:
    return any((values < 0).any() for values in rows.values())


def _shade(axes: Axes, frames: Integer[np.ndarray, " F"], spans: Spans) -> None:
    for name, inside in spans.items():
        edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
        for number, (first, end) in enumerate(edges.reshape(-1, 2)):
            label = name if number == 0 else None
            axes.axvspan(
                frames[first], frames[end - 1], color="#9AA3AE", alpha=0.28, linewidth=0, label=label
            )


def _finished(figure: Figure, axes: Axes, *, several: bool, title: str | None = None) -> Figure:
    if several:
        with rc_context(_STYLE):
            axes.legend(title=title, fontsize=8)
    return figure


def _inks(count: int) -> Sequence[str]:
    return [INKS[i % len(INKS)] for i in range(count)]
