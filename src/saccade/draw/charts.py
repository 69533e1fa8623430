"""Charts for papers and reports: small, plain, the same look everywhere."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Integer
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from saccade.core import OutputError

INKS = (
    "#1F77D0",
    "#D9660A",
    "#178F5A",
    "#D6404F",
    "#A45BC9",
    "#0E93A3",
    "#8B7D0B",
    "#D0529A",
    "#6E7B8B",
    "#A0673C",
)
"""line colours, each with a contrast of at least 3.5 with white and with near black"""
DASHES: tuple[tuple[float, ...], ...] = ((), (5.0, 2.0), (1.5, 1.5), (6.0, 2.0, 1.5, 2.0))
"""lines and gaps in line widths, for when there are more lines than colours; the first is a solid line"""

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
    # names are names, whatever signs are in them
    "text.parse_math": False,
    "lines.linewidth": 1.6,
}
_SIZE_INCHES = (4.8, 2.9)
_BESIDE_FROM = 3
"""with so many curves, a legend would lie on some of them"""
_NUMBERED = 30
"""rows of a matrix up to which its cells have room for their numbers"""
_LONGEST = 26
"""letters of a name in a legend"""

Spans = Mapping[str, Bool[np.ndarray, " F"]]


@dataclass(frozen=True, slots=True)
class Ink:
    """How a line is drawn.

    Attributes:
        color: `#RRGGBB`.
        dash: lines and gaps in line widths; none for a solid line.
    """

    color: str
    dash: tuple[float, ...] = ()


Inks = Mapping[str, Ink]


def inks_of(names: Sequence[str]) -> dict[str, Ink]:
    """An ink for each name, by which it is known in every chart."""
    return {
        name: Ink(INKS[i % len(INKS)], DASHES[i // len(INKS) % len(DASHES)]) for i, name in enumerate(names)
    }


def over_time(
    frames: Integer[np.ndarray, " F"],
    rows: Mapping[str, Float[np.ndarray, " F"]],
    *,
    label: str,
    top: float | None = None,
    spans: Spans | None = None,
    inks: Inks | None = None,
) -> Figure:
    """Values frame by frame: scores, overlaps, the size of boxes.

    Args:
        rows: name to one value a frame; NaN leaves a gap.
        label: what the values are, with their unit.
        top: upper end of the axis; by the values when None.
        spans: name to the frames that are shaded, e.g. those in which the target is hidden.
        inks: by name; the first ones when not given.
    """
    figure, axes = _axes("frame", label)
    for name, values in rows.items():
        _line(axes, frames, values, name, _chosen(inks, rows)[name])
    # a run backwards begins at the end
    first, last = float(frames.min()), float(frames.max())
    axes.set_xlim(first, max(last, first + 1))
    _shade(axes, frames, spans or {})
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if _has_negative(rows) else 0.0, top=top)
    return _finished(figure, axes, several=len(rows) > 1 or bool(spans))


def success_plot(
    thresholds: Float[np.ndarray, " T"],
    curves: Mapping[str, Float[np.ndarray, " T"]],
    *,
    inks: Inks | None = None,
) -> Figure:
    """The share of frames whose overlap is above each threshold; the area under it stands in the legend.

    Args:
        thresholds: overlap, in [0, 1].
        curves: name to the share of frames, in [0, 1]; the best comes first in the legend.
        inks: by name; the first ones, the best first, when not given.
    """
    areas = {name: 100 * float(curves[name].mean()) for name in curves}
    best_first = sorted(curves, key=lambda name: -areas[name])
    return curve_plot(
        thresholds,
        {name: 100 * curves[name] for name in best_first},
        x_label="overlap threshold",
        y_label="frames above it [%]",
        scores={name: f"{area:.1f}" for name, area in areas.items()},
        title="AUC [%]",
        inks=inks,
    )


def curve_plot(
    thresholds: Float[np.ndarray, " T"],
    curves: Mapping[str, Float[np.ndarray, " _"]],
    *,
    x_label: str,
    y_label: str,
    scores: Mapping[str, str] | None = None,
    title: str | None = None,
    inks: Inks | None = None,
) -> Figure:
    """Curves over thresholds.

    Args:
        curves: name to values in percent, in the order of the legend; one may end early.
        x_label: what thresholds are, with their unit.
        y_label: what values are, with their unit.
        scores: name to what stands behind it in the legend.
        title: of the legend.
        inks: by name; the first ones when not given.
    """
    labels = {name: _short(name) if scores is None else f"{_short(name)}  {scores[name]}" for name in curves}
    is_beside = len(curves) >= _BESIDE_FROM
    width, height = _SIZE_INCHES
    # room for the legend, which would be taken from the axes
    room = 0.5 + 0.075 * max(map(len, labels.values()), default=0) if is_beside else 0.0
    figure, axes = _axes(x_label, y_label, size=(width + room, height))
    for name, values in curves.items():
        _line(axes, thresholds[: len(values)], values, labels[name], _chosen(inks, curves)[name])
    axes.set_xlim(float(thresholds[0]), max(float(thresholds[-1]), float(thresholds[0]) + 1e-9))
    axes.set_ylim(0, 102)
    return _finished(figure, axes, several=True, title=title, beside=is_beside)


def dot_plot(
    rows: Mapping[str, Mapping[str, float]], *, x_label: str, names: Sequence[str], inks: Inks | None = None
) -> Figure:
    """Scores of several models side by side, a line of dots for each attribute.

    Args:
        rows: title of the line to the scores by name; the first stands on top.
        x_label: what scores are, with their unit.
        names: of all models, in the order of the legend.
        inks: by name; the first ones when not given.
    """
    figure, axes = _axes(x_label, "", size=(1.25 * _SIZE_INCHES[0], 0.9 + 0.26 * len(rows)))
    for name in names:
        places = [i for i, scores in enumerate(rows.values()) if name in scores]
        values = [scores[name] for scores in rows.values() if name in scores]
        color = _chosen(inks, names)[name].color
        axes.scatter(
            values,
            places,
            s=26,
            color=color,
            label=_short(name),
            edgecolors="white",
            linewidths=0.6,
            zorder=3,
        )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    return _finished(figure, axes, several=True, beside=True)


def stacked_bars(
    rows: Mapping[str, Mapping[str, float]], *, x_label: str, colors: Mapping[str, str]
) -> Figure:
    """A bar for each row, of parts that lie one after another.

    Args:
        rows: title of the bar to the length of each part; the first stands on top.
        x_label: what lengths are, with their unit.
        colors: of the parts, in their order.
    """
    figure, axes = _axes(x_label, "", size=(1.25 * _SIZE_INCHES[0], 0.9 + 0.26 * len(rows)))
    begins = np.zeros(len(rows))
    for part, color in colors.items():
        lengths = np.array([parts.get(part, 0.0) for parts in rows.values()])
        axes.barh(range(len(rows)), lengths, left=begins, height=0.72, color=color, label=part)
        begins += lengths
    axes.set_xlim(0, max(1.0, float(begins.max(initial=0.0))))
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_axisbelow(True)
    return _finished(figure, axes, several=True, beside=True)


def histogram(
    edges: Float[np.ndarray, " E"], counts: Integer[np.ndarray, " B"], *, x_label: str, y_label: str
) -> Figure:
    """How many there are between each two edges."""
    figure, axes = _axes(x_label, y_label)
    axes.bar(
        edges[:-1], counts, np.diff(edges), align="edge", color=INKS[0], edgecolor="white", linewidth=0.8
    )
    axes.set_xlim(float(edges[0]), float(edges[-1]))
    axes.set_ylim(0, max(1, 1.05 * counts.max(initial=0)))
    axes.grid(axis="x", visible=False)
    axes.set_axisbelow(True)
    return figure


def matrix_plot(
    counts: Integer[np.ndarray, "N N"], names: Sequence[str], *, x_label: str, y_label: str
) -> Figure:
    """Counts in a grid, each cell as dark as its share of its row; numbers where there is room."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 1.9 + min(0.42 * len(names), 13.0)
    figure, axes = _axes(x_label, y_label, size=(side + 0.4, side))
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="equal")
    labels = [_short(name) for name in names]
    # small letters where there are many
    size = max(2.5, min(8.0, 260 / max(len(names), 1)))
    axes.set_xticks(range(len(names)), labels, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), labels, fontsize=size)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for row, column in np.argwhere(counts > 0) if len(names) <= _NUMBERED else ():
        color = "white" if shares[row, column] > 0.55 else "#30353B"
        text = f"{counts[row, column]}"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=size)
    return figure


def speed_plot(
    points: Mapping[str, tuple[float, float]], *, y_label: str, inks: Inks | None = None
) -> Figure:
    """Speed against accuracy; up and to the right is better.

    Args:
        points: name to frames a second, above 0, and score.
        y_label: what the score is, with its unit.
        inks: by name; the first ones when not given.
    """
    figure, axes = _axes("speed [frames/s]", y_label)
    axes.set_xscale("log")
    for name, (speed, score) in points.items():
        color = _chosen(inks, points)[name].color
        axes.scatter([speed], [score], s=34, color=color, edgecolors="white", linewidths=0.6, zorder=3)
        axes.annotate(
            _short(name), (speed, score), (5, 3), textcoords="offset points", fontsize=8, color="#30353B"
        )
    axes.margins(x=0.16, y=0.14)
    formatter = FuncFormatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.set_minor_formatter(NullFormatter())
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure; the ending of the name says as what (png, svg, pdf).

    Raises:
        OutputError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context(_STYLE):
            _lay_out(figure)
            figure.savefig(path, dpi=200)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    return path


def to_svg(figure: Figure) -> str:
    """A figure as an SVG element, ready to stand inside of a page; the same figure gives the same text."""
    text = io.StringIO()
    # the salt makes the ids inside of the file, else random, the same each time
    with rc_context({**_STYLE, "svg.fonttype": "none", "svg.hashsalt": "saccade"}):
        _lay_out(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]


def to_svg_file(figure: Figure) -> str:
    """What stands in an SVG file of a figure."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + to_svg(figure)


def _lay_out(figure: Figure) -> None:
    """Finds the place of everything, once: left to Matplotlib, it is found twice for each file."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine(None)


def _axes(x_label: str, y_label: str, size: tuple[float, float] = _SIZE_INCHES) -> tuple[Figure, Axes]:
    with rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
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


def _line(axes: Axes, x: Any, y: Float[np.ndarray, " _"], label: str, ink: Ink) -> None:
    style = (0, ink.dash) if ink.dash else "solid"
    axes.plot(x, y, color=ink.color, label=label, linestyle=style, linewidth=_STYLE["lines.linewidth"])


def _finished(
    figure: Figure, axes: Axes, *, several: bool, title: str | None = None, beside: bool = False
) -> Figure:
    if several:
        with rc_context(_STYLE):
            place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.02)} if beside else {}
            axes.legend(title=title, fontsize=8, **place)
    return figure


def _short(name: str) -> str:
    """A name that leaves room for the picture: its beginning and its end."""
    half = (_LONGEST - 1) // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[-half:]}"


def _chosen(inks: Inks | None, names: Iterable[str]) -> Inks:
    return inks_of(list(names)) if inks is None else inks
