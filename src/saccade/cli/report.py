"""`saccade report`: scores, tables, plots and the page again, from the result files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import notify, out, print_json, print_numbers, progress
from saccade.cli.eval_detection import report_on_detector
from saccade.cli.eval_pose import report_on_poses
from saccade.cli.options import Json
from saccade.core import ConfigError

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import Board, DatasetResults

_DIGITS = 9
"""of a number of frames; Python reads no number of thousands"""
NAMED = 8
"""how many remarks on what is missing are printed; the report has them all"""

Frames = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="N|none",
        help="How many frames of each sequence the page shows.  \\[default: as many as there is room for]",
    ),
]


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where `saccade eval --out` wrote.")],
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which data set, where DIR has results on several.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the data set lies now, when it has moved.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="In which dialect to score one pass, e.g. lasot; or on which protocol to report, where DIR "
            "has results of several.  \\[default: pytracking]",
        ),
    ] = None,
    frames: Frames = None,
    json: Json = False,
) -> None:
    """Make the report on an evaluation again.

    Writes report.json, report.md, report.html, tables and plots anew.

    Example: [bold]saccade report runs/comparison --protocol otb --frames 30[/bold]
    """
    tracking = {"--dataset": dataset, "--protocol": protocol, "--frames": frames}
    if report_on_detector(folder, root, tracking, json=json) or report_on_poses(
        folder, root, tracking, json=json
    ):
        return
    wanted = parse_frames(frames)
    found = _find(folder, dataset, protocol)
    if root is not None and len(found) > 1:
        raise ConfigError("--root belongs to one data set; choose it with --dataset")
    reports = {}
    for results in found:
        data = results.dataset(root)
        # what `saccade eval` leaves of several data sets lies in a folder for each
        reports[results.out.name] = make_report(
            data, results, _dialect(protocol, results, data), wanted, json=json
        )
    if json:
        print_json(next(iter(reports.values())) if len(reports) == 1 else reports)


def parse_frames(text: str | None) -> int | None:
    """How many frames are shown, 0 for `none`; None when nobody says.

    Raises:
        ConfigError: when it is neither.
    """
    if text is None or text == "none":
        return None if text is None else 0
    if not text.isdecimal() or len(text) > _DIGITS or int(text) < 1:
        raise ConfigError(f"--frames {text}: expected a number of frames, e.g. --frames 30, or none")
    return int(text)


def make_report(
    dataset: "Dataset",
    results: "DatasetResults",
    dialect: str,
    frames: int | None = None,
    *,
    json: bool,
) -> dict[str, Any]:
    """Makes the report on a data set, and prints it as a table unless JSON is wanted; says what is missing.

    Whoever has results there is in it, whenever they were made.

    Returns:
        what stands in `report.json`.
    """
    from saccade.evaluation import board_of, write_report

    place = results.out
    with progress(f"scoring {dataset.label}", len(dataset.sequences), unit="sequences") as advance:
        board = board_of(dataset, results, dialect=dialect, frames=frames, on_sequence=advance)
    with progress("writing plots and the page", len(dataset.sequences), unit="sequences") as advance:
        report = write_report(board, place, advance)
    for line in board.left_out[:NAMED]:
        notify(f"left out: {line}")
    if len(board.left_out) > NAMED:
        notify(f"left out: {len(board.left_out) - NAMED} more, see {place / 'report.md'}")
    if not json:
        _show(board, place)
    return report


def _show(board: "Board", place: Path) -> None:
    from saccade.evaluation.report import repetitions_table, scores_table

    scores, repeated = scores_table(board), repetitions_table(board)
    print_numbers(scores.head, scores.rows)
    if repeated.rows:
        out.print()
        print_numbers(repeated.head, repeated.rows)
    also = [name for name in ("tables", "plots") if (place / name).is_dir()]
    *written, last = ["report.html", "report.json", "report.md", *also]
    out.print(f"{', '.join(written)} and {last} in {place}", style="dim", soft_wrap=True)


def _find(folder: Path, dataset: str | None, protocol: str | None) -> "list[DatasetResults]":
    """The results that are asked for, one each in the folders of their reports."""
    from saccade.evaluation import DatasetResults
    from saccade.evaluation.protocols import find_protocol
    from saccade.evaluation.results import check_choice

    runs = None if protocol is None else find_protocol(protocol).name
    found = DatasetResults.find_all(folder, dataset, runs)
    for place in {results.out for results in found}:
        check_choice(place, [results for results in found if results.out == place], by_protocol=True)
    return found


def _dialect(protocol: str | None, results: "DatasetResults", dataset: "Dataset") -> str:
    """In which dialect to score: the one that is named, else that of the protocol."""
    from saccade.evaluation import choose_protocol
    from saccade.evaluation.metrics import DIALECTS

    return protocol if protocol in DIALECTS else choose_protocol(results.protocol, dataset)[1]
