"""The report of an evaluation, made from result files alone: scores, tables, plots, and a page.

report.json     everything that was scored
report.md       the same as tables to read
report.html     one page that needs nothing else: sort, compare, play back
tables/         LaTeX and Markdown
plots/          SVG and PNG; scores over time of each sequence

What an earlier report left under these names, by another protocol say, is taken away.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data import DATASETS, Dataset
from saccade.evaluation.report.board import Board, make_board
from saccade.evaluation.report.measure import examine, parts_of, stray_results
from saccade.evaluation.report.parts import ChartKey
from saccade.evaluation.report.playback import Limits
from saccade.evaluation.report.tables import (
    TABLES,
    repetitions_table,
    scores_table,
    tables_of,
    to_markdown,
)
from saccade.evaluation.results import DatasetResults, write_text
from saccade.media.files import output_error

__all__ = ["Board", "board_of", "repetitions_table", "scores_table", "write_report"]

_OTHER_PLOTS = ("attributes", "speed")
"""plots that are not of a chart"""


def board_of(
    dataset: Dataset,
    results: DatasetResults,
    models: Sequence[str] | None = None,
    *,
    dialect: str,
    frames: int | None = None,
    on_sequence: Callable[[], None] = lambda: None,
) -> Board:
    """Scores the results of models on a data set.

    A model that has no result on a sequence is scored on the others, and the board says so.

    Args:
        models: which; all that have results when not given.
        dialect: in which success and precision are scored.
        frames: of each sequence to be shown on the page; as many as there is room for when not given, 0 for
            none.
        on_sequence: is called after each sequence.

    Raises:
        DatasetError: when there are no results, or none of a model that is named, or one does not fit its
            sequence.
        ConfigError: when there is no such dialect.
        MissingExtraError: when multi-object tracking is to be scored without the package `trackers`.
    """
    known = results.models()
    # the same report in whatever order they are named
    models = known if models is None else sorted(models)
    if not models:
        raise DatasetError(f"{results.folder}: no model has results in it; saccade eval makes them")
    for name in models:
        if name not in known:
            raise DatasetError(f"{results.folder}: no results of '{name}'; {did_you_mean(name, known)}")
    parts = parts_of(results.protocol, dialect, dataset.name)
    limits = Limits.of(frames, len(dataset.sequences))
    return make_board(
        list(examine(dataset, results, models, parts, limits, on_sequence)),
        models,
        parts,
        dataset=dataset.label,
        protocol=results.protocol,
        # a data set of somebody's own code has none
        meanings=DATASETS[dataset.name].attributes if dataset.name in DATASETS else {},
        strays=stray_results(dataset, results, models),
    )


def write_report(board: Board, out: Path, on_sequence: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Writes all files of a report.

    Args:
        on_sequence: is called after each sequence that has a plot.

    Returns:
        what stands in `report.json`.

    Raises:
        OutputError: when they cannot be written.
    """
    # whoever only scores needs no matplotlib, which takes its time to load
    from saccade.evaluation.report.page import to_page
    from saccade.evaluation.report.plots import board_inks, write_plots

    report = board.to_json()
    tables = tables_of(board)
    _clear(board, out)
    write_text(out / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    write_text(out / "report.md", to_markdown(board, tables))
    for name, table in tables.items():
        write_text(out / "tables" / f"{name}.md", table.to_markdown())
        write_text(out / "tables" / f"{name}.tex", table.to_latex())
    write_plots(board, out / "plots", on_sequence)
    write_text(out / "report.html", to_page(board, board_inks(board)))
    return report


def _clear(board: Board, out: Path) -> None:
    """Takes away what an earlier report left, and this one may not write again; other files stay."""
    try:
        for file in _names(board, out):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(out, error) from error
    for folder in (out / "tables", out / "plots" / "sequences", out / "plots"):
        # it holds something else, or there is none
        with suppress(OSError):
            folder.rmdir()


def _names(board: Board, out: Path) -> Iterator[Path]:
    """Every table and plot that a report may have."""
    yield from (out / "tables" / f"{name}.{ending}" for name in TABLES for ending in ("md", "tex"))
    plots = (*get_args(ChartKey), *_OTHER_PLOTS)
    yield from (out / "plots" / f"{name}.{ending}" for name in plots for ending in ("png", "svg"))
    yield from (out / "plots" / "sequences" / f"{one.name}.svg" for one in board.sequences)
