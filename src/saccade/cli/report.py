"""`saccade report`: scores, tables, plots and the page again, from the result files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import notify, out, print_json, print_numbers, progress
from saccade.cli.options import Json
from saccade.core import ConfigError, DatasetError

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import Board, DatasetResults

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
    wanted = parse_frames(frames)
    found = _find(folder, dataset, protocol)
    if root is not None and len(found) > 1:
        raise ConfigError("--root belongs to one data set; choose it with --dataset")
    reports = {}
    for results, place in found:
        data = results.dataset(root)
        # what `saccade eval` leaves of several data sets lies in a folder for each
        reports[place.name] = make_report(
            data, results, None, _dialect(protocol, results, data), place, wanted, json=json
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
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"--frames {text}: expected a number of frames, e.g. --frames 30, or none")
    return int(text)


def make_report(
    dataset: "Dataset",
    results: "DatasetResults",
    models: list[str] | None,
    dialect: str,
    place: Path,
    frames: int | None = None,
    *,
    json: bool,
) -> dict[str, Any]:
    """Makes the report on a data set, and prints it as a table unless JSON is wanted; says what is missing.

    Returns:
        what stands in `report.json`.
    """
    from saccade.evaluation import board_of, write_report

    with progress(f"scoring {dataset.label}", len(dataset.sequences), unit="sequences") as advance:
        board = board_of(dataset, results, models, dialect=dialect, frames=frames, on_sequence=advance)
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
    from saccade.evaluation import scores_table

    scores = scores_table(board)
    print_numbers(scores.head, scores.rows)
    out.print(f"report.html, report.json, report.md, tables and plots in {place}", style="dim")


def _find(folder: Path, dataset: str | None, protocol: str | None) -> "list[tuple[DatasetResults, Path]]":
    """The results that are asked for, each with the folder of its report."""
    from saccade.evaluation import DatasetResults
    from saccade.evaluation.metrics import DIALECTS

    runs = "one-pass" if protocol in DIALECTS else protocol
    places = [place for place in (folder, *sorted(folder.glob("*/"))) if (place / "results").is_dir()]
    found = [
        (results, place)
        for place in places
        for file in sorted(place.glob(f"results/{dataset or '*'}/dataset.json"))
        if runs in (None, (results := DatasetResults(file.parent)).protocol)
    ]
    if not found:
        what = "".join(
            f" {word} {name}" for word, name in (("on", dataset), ("of protocol", protocol)) if name
        )
        raise DatasetError(f"{folder}: no results{what} in it; saccade eval makes them")
    for _, place in found:
        names = [results.folder.name for results, where in found if where == place]
        if len(names) > 1:
            raise DatasetError(
                f"{place}: results on several data sets; choose one with --dataset: {', '.join(names)}"
            )
    return found


def _dialect(protocol: str | None, results: "DatasetResults", dataset: "Dataset") -> str:
    """In which dialect to score: the one that is named, else that of the protocol."""
    from saccade.evaluation import choose_protocol
    from saccade.evaluation.metrics import DIALECTS

    return protocol if protocol in DIALECTS else choose_protocol(results.protocol, dataset)[1]
