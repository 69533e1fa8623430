"""`saccade models`: what there is to choose from, and how its weights get here."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from saccade.cli.console import facts, out, print_json, progress, table, transfer
from saccade.cli.options import Json

if TYPE_CHECKING:  # loaded when a command runs, so that help is quick
    from saccade.core.settings import Setting
    from saccade.zoo.obtain import Obtained

app = typer.Typer(
    help="Show what models there are, and get their weights.\n\nExample: [bold]saccade models list[/bold]",
    no_args_is_help=True,
)


@app.command("list")
def list_models(json: Json = False) -> None:
    """List every model: its task, the weights that it needs, whether they are here, and what it is.

    Example: [bold]saccade models list[/bold]
    """
    from saccade.core.config import to_json
    from saccade.weights import Store
    from saccade.zoo import CATALOG

    rows = CATALOG.values()
    if json:
        print_json(to_json(list(rows)))
        return
    find = Store().find
    cells = [
        (row.name, row.task, weights.file, "yes" if find(weights.key) else "no", row.summary)
        if (weights := row.weights)
        else (row.name, row.task, "your own" if row.untrained else "none", "", row.summary)
        for row in rows
    ]
    out.print(table(("name", "task", "weights", "here", "what it is"), cells))


@app.command("card")
def card(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a model.")], json: Json = False
) -> None:
    """Show everything about a model: paper, weights, and every setting with its default.

    Example: [bold]saccade models card eco[/bold]
    """
    from saccade.weights import Store
    from saccade.zoo.card import card as card_of

    model = card_of(name)
    if json:
        print_json(model.to_json())
        return
    row = model.entry
    about = {"name": row.name, "task": row.task, "what it is": row.summary, "paper": row.paper or "none"}
    if row.weights is None:
        about["weights"] = row.remedy.removeprefix("it ")
    else:
        about |= {
            "weights": row.weights.file,
            "published by": row.weights.origin,
            "licence": row.weights.licence,
            "in the store": str(Store().find(row.weights.key) or f"no; {row.remedy}"),
        }
    out.print(facts(about))
    _print_settings("changed with --set NAME=VALUE", [s for s in model.settings if not _is_network(s)])
    _print_settings(
        "of the network, changed with --weights none only: a weight file says how its network is made",
        [s for s in model.settings if _is_network(s)],
    )


def _is_network(setting: "Setting") -> bool:
    return setting.name.startswith("network.")


def _print_settings(which: str, settings: Sequence["Setting"]) -> None:
    """Prints each setting on a line, and below it what it is."""
    if settings:
        out.print(f"\nsettings {which}:", style="dim")
    for _, group in groupby(settings, key=lambda setting: setting.name.rpartition(".")[0]):
        out.print()
        for setting in group:
            typed = Text.assemble((setting.name, "bold"), f" = {setting.typed}")
            out.print(typed, soft_wrap=True)
            out.print(Padding(Text(f"{setting.kind}; {setting.text}", style="dim"), (0, 0, 0, 4)))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A weight file, or an original checkpoint.")],
    model: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="The model it is for; found out when not given."),
    ] = None,
    json: Json = False,
) -> None:
    """Put a weight file into the store, where `--weights` finds it by itself.

    Nothing in the file is run: tensors and constructor are read, checked against the network, and kept as
    safetensors.

    Example: [bold]saccade models import dimp50.pth[/bold]
    """
    from saccade.zoo.obtain import import_weights

    with progress(f"reading {file.name}", None, unit="files"):
        obtained = import_weights(file, model)
    _tell(obtained, json)


@app.command("download")
def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a model.")], json: Json = False
) -> None:
    """Fetch the published weights of a model into the store; what was interrupted is continued.

    They come from their authors' Google Drive, or from the address in SACCADE_WEIGHTS_URL.

    Example: [bold]saccade models download eco_deep[/bold]
    """
    from saccade.zoo.obtain import download_weights

    with transfer(f"fetching the weights of {name}") as show:
        obtained = download_weights(name, show)
    _tell(obtained, json)


def _tell(obtained: "Obtained", json: bool) -> None:
    if json:
        from saccade.core.config import to_json

        print_json(to_json(obtained) | {"path": str(obtained.path)})
        return
    rows = {
        "recognised as": obtained.network,
        "used by": ", ".join(obtained.models),
        "kept as": str(obtained.path),
        "replaces": obtained.replaced,
        "sha256": obtained.sha256,
    }
    for name, value in rows.items():
        if value is not None:  # unbroken, to be copied
            out.print(f"[dim]{name:<15}[/]{escape(value)}", soft_wrap=True)
