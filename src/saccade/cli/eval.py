"""`saccade eval`: models over the sequences of a data set, and their scores."""

from pathlib import Path
from typing import Annotated

import typer

from saccade.cli.console import progress
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Weights,
    default_out,
    load_model,
)
from saccade.cli.report import Protocol, show
from saccade.core import ModelError


def evaluate(
    models: Annotated[list[str], typer.Argument(metavar="MODEL…", help="Names of models.")],
    dataset: Annotated[
        str, typer.Option(metavar="NAME", help="Which data set; `folder` for sequences of your own.")
    ],
    root: Annotated[Path, typer.Option(metavar="DIR", help="Where the data set lies.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results go, and are kept.  [default: runs/eval/<time>]"),
    ] = None,
    protocol: Protocol = "pytracking",
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Run models over a data set and score them.

    Leaves results/<dataset>/<model>/<sequence>.txt, report.json and report.md.

    Broken off, it continues where it stopped when it is started again with the same --out.

    Example: [bold]saccade eval eco still --dataset folder --root sequences --out runs/comparison[/bold]
    """
    from saccade.data import open_dataset
    from saccade.evaluation import Contender, DatasetResults, one_pass_report, run_one_pass, write_report
    from saccade.evaluation.metrics import dialect
    from saccade.zoo.load import find_device

    names, rules, folder = list(dict.fromkeys(models)), dialect(protocol), out or default_out("eval")
    if weights is not None and len(names) > 1:
        raise ModelError(
            f"--weights belong to one model, but there are {len(names)}; evaluate them one by one"
        )
    sequences = open_dataset(dataset, root)
    shared = {"weights": weights, "precision": precision.value}
    contenders = [
        Contender(
            name,
            load_model(name, weights, device, precision, settings),
            {**shared, "device": str(find_device(device, name))},
        )
        for name in names
    ]
    lengths = {sequence.name: len(sequence) for sequence in sequences.sequences}
    with progress("evaluating", len(names) * sum(lengths.values())) as advance:
        try:
            for outcome in run_one_pass(contenders, sequences, folder, seed=seed, on_frame=advance):
                for _ in range(0 if outcome.is_new else lengths[outcome.sequence]):
                    advance()
        except KeyboardInterrupt as stop:
            stop.add_note(f"finished sequences are kept; --out {folder} continues")
            raise
    scores = one_pass_report(sequences, DatasetResults.find(folder, dataset), names, rules)
    write_report(scores, folder)
    show(scores, folder, json)
    if any("failed" in row for row in scores["models"].values()):
        raise typer.Exit(1)
