"""Plots of a report for papers: each as SVG and as PNG, of a sequence as SVG alone."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from saccade.draw.charts import Inks, curve_plot, dot_plot, inks_of, over_time, save, speed_plot, to_svg_file
from saccade.evaluation.report.board import Board
from saccade.evaluation.report.parts import Chart
from saccade.evaluation.report.playback import Playback
from saccade.evaluation.report.spread import spread
from saccade.evaluation.report.tables import heading, number
from saccade.evaluation.results import write_text

MANY = 50
"""sequences from which on processes are worth their start"""


def board_inks(board: Board) -> Inks:
    """The ink of each model, in plots, on the page and around its boxes: by their names in order.

    Not by rank, so that a model keeps its colour when scores change.
    """
    return inks_of(sorted(row.name for row in board.rows))


def write_plots(board: Board, folder: Path, on_sequence: Callable[[], None] = lambda: None) -> None:
    """Writes all plots of the data set, and the scores over time of each sequence.

    Args:
        on_sequence: is called after each sequence.

    Raises:
        OutputError: when one cannot be written.
    """
    inks = board_inks(board)
    for name, figure in _plots(board, inks):
        save(figure, folder / f"{name}.png")
        write_text(folder / f"{name}.svg", to_svg_file(figure))
    played = [(one.name, one.playback) for one in board.sequences if one.playback and one.playback.scores]
    draw = partial(_write_over_time, folder / "sequences", inks)
    for _ in spread(draw, played, is_much=len(played) > MANY):
        on_sequence()


def _write_over_time(folder: Path, inks: Inks, sequence: tuple[str, Playback]) -> None:
    name, playback = sequence
    figure = over_time(np.array(playback.at), playback.scores, label="overlap (IoU)", top=1.02, inks=inks)
    write_text(folder / f"{name}.svg", to_svg_file(figure))


def _plots(board: Board, inks: Inks) -> Iterator[tuple[str, Figure]]:
    for chart in board.charts:
        if any(chart.key in row.summary.curves for row in board.rows):
            yield chart.key, _curves(board, chart, inks)
    label = heading(board.main)
    if board.attributes:
        key = board.main.key
        rows = {
            meaning: {
                row.name: score
                for row in board.rows
                if (score := row.attributes.get(letter, {}).get(key)) is not None
            }
            for letter, meaning in board.attributes.items()
        }
        yield "attributes", dot_plot(rows, x_label=label, names=[row.name for row in board.rows], inks=inks)
    points = {
        row.name: (row.fps, score)
        for row in board.rows
        if row.fps and (score := row.summary.values.get(board.main.key)) is not None
    }
    if len(points) > 1:
        yield "speed", speed_plot(points, y_label=label, inks=inks)


def _curves(board: Board, chart: Chart, inks: Inks) -> Figure:
    """The models in the order of the score that is read off the curve."""
    column = next((column for column in board.columns if column.key == chart.score), None)
    rows = [row for row in board.rows if chart.key in row.summary.curves]
    scores = {row.name: row.summary.values.get(chart.score) for row in rows}
    rows.sort(key=lambda row: -(scores[row.name] or 0.0))
    longest = max(len(row.summary.curves[chart.key]) for row in rows)
    return curve_plot(
        np.arange(longest, dtype=np.float64) if chart.x is None else chart.x,
        {row.name: row.summary.curves[chart.key] for row in rows},
        x_label=chart.x_label,
        y_label=chart.y_label,
        scores=None if column is None else {name: number(score, column) for name, score in scores.items()},
        title=None if column is None else heading(column),
        inks=inks,
    )
