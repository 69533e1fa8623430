"""`saccade train`: from data sets to weights that track; broken off, it goes on by itself."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import facts, print_json, table
from saccade.cli.console import out as stdout
from saccade.cli.options import Json, command_line, parse_settings
from saccade.cli.train_data import Given, mix
from saccade.cli.train_judge import make_judge
from saccade.cli.train_screen import Screen, print_rehearsal, telling
from saccade.core import MissingExtraError, WeightsError

if TYPE_CHECKING:
    from saccade.training.fit import Fitted
    from saccade.training.recipe import Recipe


class PrecisionOfTraining(StrEnum):
    """What networks compute in while they learn."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


RecipeName = Annotated[
    str | None,
    typer.Argument(metavar="RECIPE", help="What to train; all are listed without it.", show_default=False),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="NAME=DIR",
        help="A data set and where it lies. Repeatable. NAME:SPLIT@WEIGHT=DIR says which part of it, and how "
        "often it is drawn from; the recipe's are used if not given.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the recipe, e.g. epochs=20. Repeatable. `saccade train --json` shows them "
        "all.",
    ),
]
Validate = Annotated[
    list[str] | None,
    typer.Option(
        "--validate",
        metavar="NAME=DIR",
        help="Sequences to track while training; NAME:SPLIT=DIR. Repeatable.",
    ),
]
Init = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Weights to begin with: a file, imagenet, or none.  \\[default: as the recipe says]",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Where everything goes, and is gone on from.  \\[default: runs/train/RECIPE]"
    ),
]


def train(
    context: typer.Context,
    recipe: RecipeName = None,
    data: Data = None,
    out: Out = None,
    settings: Settings = None,
    validate: Validate = None,
    validate_every: Annotated[
        int | None,
        typer.Option(metavar="K", min=1, help="Epochs between validations.  \\[default: the recipe's]"),
    ] = None,
    init: Init = None,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Same seed, same training.")] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[int, typer.Option(metavar="N", min=1, help="How many of them, on each node.")] = 1,
    nodes: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many machines, started by SLURM or torchrun.")
    ] = 1,
    precision: Annotated[
        PrecisionOfTraining, typer.Option(help="What networks compute in; weights are float32.")
    ] = PrecisionOfTraining.float32,
    accumulate: Annotated[
        int, typer.Option(metavar="N", min=1, help="Pieces that each batch is made in, to need less memory.")
    ] = 1,
    workers: Annotated[
        int, typer.Option(metavar="N", min=0, help="Processes that make samples, for each device.")
    ] = 4,
    checkpoint_minutes: Annotated[
        float, typer.Option(metavar="M", min=0, help="Minutes between checkpoints inside of an epoch.")
    ] = 10.0,
    checkpoint_steps: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Steps between checkpoints besides.")
    ] = None,
    keep_every: Annotated[
        int | None,
        typer.Option(
            metavar="K", min=1, help="Epochs between checkpoints that are kept besides last and best."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Make two steps, tell shapes, memory and time left, and leave nothing."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Train a tracker.

    Leaves last.ckpt and best.ckpt to go on from and to track with, model.safetensors, steps.csv, epochs.csv,
    tensorboard/, pictures/ of the first batches, and run.json.

    Broken off, it goes on where it stopped when it is started again with the same command.

    Example: [bold]saccade train dimp50 --data lasot=/data/LaSOT --data got10k=/data/GOT --out runs/a[/bold]

    Example: [bold]saccade eval runs/a/last.ckpt --dataset otb100 --root /data/OTB[/bold]
    """
    changes = parse_settings(settings)
    from saccade.core.config import override
    from saccade.zoo.recipes import find_recipe

    if recipe is None:
        _list(json)
        return
    chosen = override(find_recipe(recipe), changes)
    given = [Given.of(text) for text in data or ()]
    mixture, held_out, described = mix(chosen, given)
    try:
        from saccade.training.feed import MixtureFeed
        from saccade.training.fit import Machines, Plan, fit
        from saccade.training.loop import Rhythm
        from saccade.training.rehearsal import rehearse
    except ModuleNotFoundError as error:
        package = (error.name or "lightning").partition(".")[0]
        raise MissingExtraError.of(package, "train") from None

    place = out or Path("runs") / "train" / recipe
    plan = Plan(
        recipe=chosen,
        settings=changes,
        feed=MixtureFeed(chosen, mixture, held_out, seed),
        data=described,
        out=place,
        seed=seed,
        init=init,
        start=_start(chosen, init, place),
        machines=Machines(
            device=device,
            devices=devices,
            nodes=nodes,
            precision=precision.value,
            accumulate=accumulate,
            workers=workers,
        ),
        rhythm=Rhythm(
            checkpoint_minutes=checkpoint_minutes,
            checkpoint_steps=checkpoint_steps,
            keep_every=keep_every,
            validate_every=validate_every,
        ),
        about={"command": command_line(context)},
    )
    judge = make_judge(chosen.model, validate, place, device)
    with Screen(recipe) as screen:
        if dry_run:
            rehearsal = rehearse(plan, screen.on_download)
            screen.close()
            print_rehearsal(rehearsal, as_json=json)
            return
        try:
            fitted = fit(plan, screen, judge, screen.on_download)
        except KeyboardInterrupt as stop:
            stop.add_note("the same command goes on from the last checkpoint")
            raise
    if screen.is_first_process:
        _tell(fitted, json)


def _list(json: bool) -> None:
    """Says what there is to train."""
    from saccade.core.config import to_json
    from saccade.zoo.recipes import RECIPES

    recipes = [make() for make in RECIPES.values()]
    if json:
        # all of it, for whoever looks for what can be set
        print_json([to_json(one) for one in recipes])
        return
    data = (", ".join(dict.fromkeys(part.dataset for part in one.data)) for one in recipes)
    cells = [(one.name, one.model, sets, one.summary) for one, sets in zip(recipes, data, strict=True)]
    stdout.print(table(("recipe", "trains", "on", "what comes out"), cells))


def _start(recipe: "Recipe", init: str | None, out: Path) -> Path | None:
    """The weights of the model that a recipe goes on from, where nothing else is said.

    Raises:
        WeightsError: when they are not in the store.
    """
    from saccade.training.checkpoints import LAST
    from saccade.weights import Store

    if recipe.start is None or init is not None or (out / LAST).is_file():
        return None
    found = Store().find(recipe.start)
    if found is None:
        raise WeightsError(
            f"{recipe.name} goes on from the weights of {recipe.start}, which are not here: saccade models "
            f"import FILE, or give a file with --init FILE, such as saccade train {recipe.start} leaves"
        )
    return found


def _tell(fitted: "Fitted", json: bool) -> None:
    if json:
        print_json(
            {
                "steps": fitted.steps,
                "checkpoint": str(fitted.checkpoint),
                "weights": str(fitted.weights),
                "scores": dict(fitted.scores),
            }
        )
        return
    rows = {"trained": f"{fitted.steps:,} steps"}
    rows |= {name: f"{value:.4g}" for name, value in telling(fitted.scores).items()}
    rows |= {
        "weights": str(fitted.weights),
        "to try": f"saccade eval {fitted.checkpoint} --dataset NAME --root DIR",
    }
    stdout.print(facts(rows))
