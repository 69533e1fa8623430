"""Options that verbs share, and how their text becomes values."""

import shlex
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from saccade.core import ConfigError, TargetError, WeightsError
from saccade.core.targets import Box, check_box


class PrecisionChoice(StrEnum):
    """What networks compute in."""

    auto = "auto"
    float32 = "float32"


Tracker = Annotated[
    str,
    typer.Option(
        "--tracker",
        metavar="NAME",
        help="Which tracker; `saccade models list` shows all. Or a checkpoint of `saccade train`.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights", metavar="FILE", help="Weight file, or `none` for random ones; the store's if not given."
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps or xpu.")]
Precision = Annotated[
    PrecisionChoice, typer.Option("--precision", help="float32 reproduces published numbers exactly.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a setting; `saccade models card NAME` shows them."
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Same seed, same boxes.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object to standard output, and nothing else there.")
]


def parse_box(text: str) -> Box:
    """A box (x, y, w, h) from `X,Y,W,H`.

    Raises:
        TargetError: when it is none.
    """
    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError:
        raise TargetError(f"--box {text}: expected four numbers X,Y,W,H, e.g. --box 120,80,60,40") from None
    check_box((x, y, w, h), f"--box {text}")
    return x, y, w, h


def parse_settings(texts: list[str] | None) -> dict[str, str]:
    """Settings from `key=value` texts.

    Raises:
        ConfigError: when a text has no `=`.
    """
    pairs = [text.partition("=") for text in texts or ()]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise ConfigError(f"--set {name}: expected key=value, e.g. --set memory.size=100")
    return {name: value for name, _, value in pairs}


def choose_model(name: str, weights: str | None) -> tuple[str, str | None, str]:
    """What `name` means: a model, or a file that a training has left, which brings its own weights.

    Returns:
        the model, its weights, and what its results are called.

    Raises:
        WeightsError: for a file that says of no model that it is for it, or for one and --weights.
        ModelError: for what looks like a file but is none.
    """
    from saccade.zoo.load import trained_file

    file = trained_file(name)
    if file is None:
        return name, weights, name
    if weights is not None:
        raise WeightsError(f"{name} brings its own weights; leave --weights {weights} out")
    return file.model, str(file.path), file.title


def load_model(
    name: str,
    weights: str | None,
    device: str,
    precision: PrecisionChoice,
    settings: list[str] | None,
    **more: Any,
) -> Any:
    """The model that the options ask for; what else `saccade.load` takes is passed on."""
    changes = parse_settings(settings)
    from saccade.zoo import load

    chosen = {None: "auto", "none": None}.get(weights, weights)
    return load(name, weights=chosen, device=device, precision=precision.value, settings=changes, **more)


def command_line(context: typer.Context) -> str:
    """The command as the user typed it."""
    return shlex.join(context.obj or [context.command_path])


def default_out(verb: str) -> Path:
    """A new folder for what a run leaves behind: runs/<verb>/<time>."""
    return Path("runs") / verb / f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
