"""`saccade models`: what there is to choose from."""

from typing import Annotated

import typer

from saccade.cli.console import facts, out, print_json, table
from saccade.cli.options import Json

app = typer.Typer(
    help="Show what models there are.\n\nExample: [bold]saccade models list[/bold]", no_args_is_help=True
)


@app.command("list")
def list_models(json: Json = False) -> None:
    """List every model: its task, the weights that it needs, and what it is.

    Example: [bold]saccade models list[/bold]
    """
    from saccade.core.config import to_json
    from saccade.zoo import CATALOG

    rows = CATALOG.values()
    if json:
        print_json(to_json(list(rows)))
        return
    cells = [(row.name, row.task, row.weights.file if row.weights else "none", row.summary) for row in rows]
    out.print(table(("name", "task", "weights", "what it is"), cells))


@app.command("card")
def card(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a model.")], json: Json = False
) -> None:
    """Show everything about a model: paper, weights, and every setting with its default.

    Example: [bold]saccade models card eco[/bold]
    """
    from saccade.zoo.card import card as card_of

    model = card_of(name)
    if json:
        print_json(model.to_json())
        return
    row = model.entry
    about = {"name": row.name, "task": row.task, "what it is": row.summary, "paper": row.paper or "none"}
    if row.weights is None:
        about["weights"] = "needs none"
    else:
        about |= {
            "weights": row.weights.file,
            "published by": row.weights.origin,
            "licence": row.weights.licence,
        }
    out.print(facts(about))
    out.print("\nsettings, changed by --set NAME=VALUE:\n", style="dim")
    cells = [(s.name, str(s.default), s.kind, s.text) for s in model.settings]
    out.print(table(("name", "default", "type", "meaning"), cells))
