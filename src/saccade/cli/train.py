"""`saccade train`: from data sets to weights that track, detect or pose; broken off, it goes on by itself."""

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import facts, print_json, table
from saccade.cli.console import out as stdout
from saccade.cli.options import Json, command_line, parse_settings
from saccade.cli.train_course import Course
from saccade.cli.train_data import Given, mix
from saccade.cli.train_judge import make_judge
from saccade.cli.train_screen import Screen, print_rehearsal, telling
from saccade.core import ConfigError, MissingExtraError, WeightsError

if TYPE_CHECKING:
    from saccade.training.fit import Fitted
    from saccade.training.recipe import Recipe, TrackingRecipe


MOST_WORKERS = 4
"""processes that make samples for a device, where nothing else is said"""


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
        help="Sequences to track, or pictures to look at, while training; NAME:SPLIT=DIR. Repeatable.",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,…",
        help="What a detector learns to tell apart, in this order.  \\[default: all classes of the data]",
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="End once N epochs have brought nothing better.  \\[default: never]"
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
    classes: Classes = None,
    patience: Patience = None,
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
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Processes that make samples, for each device.  \\[default: 4, or one a core if fewer]",
        ),
    ] = None,
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
    """Train a tracker; a detector on your own boxes; or a pose estimator on key points.

    Leaves last.ckpt to go on from and to use, best.ckpt where something is measured to judge by,
    model.safetensors, steps.csv, epochs.csv, tensorboard/, pictures/ of the first batches, and run.json.

    Broken off, it goes on where it stopped when it is started again with the same command.

    Example: [bold]saccade train dimp50 --data lasot=/data/LaSOT --data got10k=/data/GOT --out runs/a[/bold]

    Example: [bold]saccade eval runs/a/last.ckpt --dataset otb100 --root /data/OTB[/bold]

    Example: [bold]saccade train yolox_tiny --data voc=/data/mine --out runs/b --patience 50[/bold]

    Example: [bold]saccade train simplebaseline_resnet50 --data coco-keypoints=/data/COCO --out runs/c[/bold]
    """
    changes = parse_settings(settings)
    from saccade.core.config import override
    from saccade.zoo.recipes import find_recipe

    if recipe is None:
        _list(json)
        return
    chosen = override(find_recipe(recipe), changes)
    try:
        from saccade.training.fit import Machines, Plan, fit
        from saccade.training.loop import Rhythm
        from saccade.training.rehearsal import rehearse
    except ModuleNotFoundError as error:
        package = (error.name or "lightning").partition(".")[0]
        raise MissingExtraError.of(package, "train") from None

    place = out or Path("runs") / "train" / chosen.name
    course = _course(
        chosen, changes, data or (), validate, classes, init=init, out=place, seed=seed, device=device
    )
    plan = Plan(
        recipe=course.recipe,
        settings=course.settings,
        feed=course.feed,
        data=course.data,
        out=place,
        seed=seed,
        init=init,
        start=course.start,
        machines=Machines(
            device=device,
            devices=devices,
            nodes=nodes,
            precision=precision.value,
            accumulate=accumulate,
            workers=workers_of(devices) if workers is None else workers,
        ),
        rhythm=Rhythm(
            checkpoint_minutes=checkpoint_minutes,
            checkpoint_steps=checkpoint_steps,
            keep_every=keep_every,
            validate_every=validate_every,
            patience=patience,
        ),
        about={"command": command_line(context)},
    )
    with Screen(chosen.name) as screen:
        if dry_run:
            rehearsal = rehearse(plan, screen.on_download)
            screen.close()
            if rehearsal is not None:
                print_rehearsal(rehearsal, as_json=json)
            return
        try:
            fitted = fit(plan, screen, course.judge, screen.on_download)
        except KeyboardInterrupt as stop:
            stop.add_note("the same command goes on from the last checkpoint")
            raise
    if screen.is_first_process:
        _tell(fitted, course.held_out, json)


def _course(
    recipe: "Recipe",
    changes: Mapping[str, str],
    data: Sequence[str],
    validate: Sequence[str] | None,
    classes: str | None,
    *,
    init: str | None,
    out: Path,
    seed: int,
    device: str,
) -> Course:
    """What is trained on, by what it is judged, and what it begins with.

    Raises:
        ConfigError: for options that cannot be understood, or mean nothing for the recipe.
        DatasetError: when data is missing or broken.
    """
    from saccade.cli.train_detection import detection_course
    from saccade.cli.train_pose import pose_course
    from saccade.training.feed import MixtureFeed
    from saccade.training.recipe import DetectionRecipe, PoseRecipe, TrackingRecipe

    if isinstance(recipe, DetectionRecipe):
        return detection_course(recipe, data, validate, classes, init=init, out=out, seed=seed, device=device)
    if classes is not None:
        learns = "finds people" if isinstance(recipe, PoseRecipe) else "follows what it is pointed at"
        raise ConfigError(f"--classes: {recipe.name} {learns}; leave it out")
    if isinstance(recipe, PoseRecipe):
        return pose_course(recipe, data, validate, init=init, out=out, seed=seed, device=device)
    assert isinstance(recipe, TrackingRecipe)
    mixture, held_out, described = mix(recipe, [Given.of(text) for text in data])
    return Course(
        recipe=recipe,
        settings=changes,
        feed=MixtureFeed(recipe, mixture, held_out, seed),
        data=described,
        start=_start(recipe, init, out),
        judge=make_judge(recipe.model, validate, out, device),
    )


def _list(json: bool) -> None:
    """Says what there is to train."""
    from saccade.core.config import to_json
    from saccade.training.recipe import DetectionRecipe, PoseRecipe, TrackingRecipe
    from saccade.zoo.recipes import RECIPES

    recipes = [make() for make in RECIPES.values()]
    if json:
        # all of it, for whoever looks for what can be set
        print_json([to_json(one) for one in recipes])
        return
    trackers = [
        (one.name, one.model, ", ".join(dict.fromkeys(part.dataset for part in one.data)), one.summary)
        for one in recipes
        if isinstance(one, TrackingRecipe)
    ]
    stdout.print(table(("tracker", "trains", "on", "what comes out"), trackers))
    # tables of their own: these names are long, and would leave trackers no room to say what they learn from
    titles = {DetectionRecipe: "detector, on your boxes", PoseRecipe: "poses, on people's key points"}
    for kind, title in titles.items():
        some = [(one.name, one.summary) for one in recipes if isinstance(one, kind)]
        stdout.print()
        stdout.print(table((title, "what comes out"), some))


def workers_of(devices: int) -> int:
    """How many processes make samples for a device, where nothing else is said."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_WORKERS, max(cores // devices, 1))


def _start(recipe: "TrackingRecipe", init: str | None, out: Path) -> Path | None:
    """The weights of the model that a recipe goes on from, where nothing else is said.

    Raises:
        WeightsError: when they are not in the store.
    """
    from saccade.training.checkpoints import LAST
    from saccade.weights import Store
    from saccade.zoo.catalog import CATALOG
    from saccade.zoo.recipes import RECIPES

    if recipe.start is None or init is not None or (out / LAST).is_file():
        return None
    found = Store().find(recipe.start)
    if found is None:
        # what is published under that name can be in the store; else there is but what was trained here
        models = (row for row in CATALOG.values() if row.weights and row.weights.key == recipe.start)
        remedies = [model.remedy for model in models][:1]
        trained = f", such as saccade train {recipe.start} leaves" if recipe.start in RECIPES else ""
        remedies.append(f"give a file with --init FILE{trained}")
        raise WeightsError(
            f"{recipe.name} goes on from the weights of {recipe.start}, which are not here: "
            f"{', or '.join(remedies)}"
        )
    return found


def _tell(fitted: "Fitted", held_out: str, json: bool) -> None:
    from saccade.training.checkpoints import BEST

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
    best = fitted.checkpoint.with_name(BEST)
    rows |= {
        "weights": str(fitted.weights),
        "to try": f"saccade eval {best if best.is_file() else fitted.checkpoint} {held_out}",
    }
    stdout.print(facts(rows))
