"""`saccade submit`: results as the archive that a benchmark's server takes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import facts, print_json
from saccade.cli.console import out as stdout
from saccade.cli.options import Json
from saccade.core import DatasetError

if TYPE_CHECKING:
    from saccade.evaluation import DatasetResults


def submit(
    folder: Annotated[Path, typer.Argument(metavar="RESULTS", help="Where `saccade eval --out` wrote.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose results, where there are those of several.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which data set, where there are results on several."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the data set lies now, when it has moved.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="The archive.  \\[default: RESULTS/DATASET-MODEL.zip]")
    ] = None,
    json: Json = False,
) -> None:
    """Pack results for the evaluation server of GOT-10k, TrackingNet, YouTube-VOS or OxUvA.

    Nothing is packed as long as a sequence has no result.

    Example: [bold]saccade submit runs/got10k --model dimp50 --out dimp50.zip[/bold]
    """
    from saccade.core.config import to_json
    from saccade.evaluation import DatasetResults
    from saccade.evaluation.submissions import pack_submission

    results = DatasetResults.find(folder, dataset)
    name = model or _only_model(results)
    file = out or folder / f"{results.folder.name}-{name}.zip"
    submission = pack_submission(results, results.dataset(root), name, file)
    if json:
        print_json(to_json(submission) | {"file": str(submission.file)})
        return
    runs = f" of {submission.repetitions} runs" if submission.repetitions > 1 else ""
    rows = {
        "archive": str(submission.file),
        "holds": f"{submission.files} files{runs}, results of {name} on {submission.sequences} sequences",
        "goes to": submission.address,
    }
    stdout.print(facts(rows))


def _only_model(results: "DatasetResults") -> str:
    from saccade.evaluation.results import split_repetition

    models = sorted({split_repetition(name)[0] for name in results.models()})
    if len(models) != 1:
        raise DatasetError(
            f"{results.folder}: results of {', '.join(models) or 'nobody'}; choose one with --model"
        )
    return models[0]
