"""`saccade report`: the scores again, from the result files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from saccade.cli.console import notify, out, print_json, table
from saccade.cli.options import Json

Protocol = Annotated[str, typer.Option("--protocol", metavar="NAME", help="In which dialect to score.")]


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where `saccade eval --out` wrote.")],
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which data set, where DIR has results on several.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the data set lies now, when it has moved.")
    ] = None,
    protocol: Protocol = "pytracking",
    json: Json = False,
) -> None:
    """Score the results of an evaluation again.

    Writes report.json and report.md anew.

    Example: [bold]saccade report runs/comparison[/bold]
    """
    from saccade.evaluation import DatasetResults, one_pass_report, write_report
    from saccade.evaluation.metrics import dialect

    results = DatasetResults.find(folder, dataset)
    scores = one_pass_report(results.dataset(root), results, results.models(), dialect(protocol))
    write_report(scores, folder)
    show(scores, folder, json)


def show(scores: dict[str, Any], folder: Path, json: bool) -> None:
    """Prints a report, and says what is missing from it."""
    from saccade.evaluation import failures, summary_table

    for failure in failures(scores):
        notify(f"{failure}; its scores leave this sequence out")
    if json:
        print_json(scores)
        return
    head, *rows = summary_table(scores)
    out.print(table(head, rows))
    out.print(f"report.json and report.md in {folder}", style="dim")
