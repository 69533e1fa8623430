"""Options that verbs share, and how their text becomes values."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import typer

from saccade.core import ConfigError, TargetError, WeightsError
from saccade.core.numerals import decimal
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
        x, y, w, h = (decimal(part) for part in text.split(","))
    except ValueError:
        raise TargetError(f"--box {text}: expected four numbers X,Y,W,H, e.g. --box 120,80,60,40") from None
    check_box((x, y, w, h), f"--box {text}")
    return x, y, w, h


def parse_settings(
    texts: list[str] | None, option: str = "--set", example: str = "memory.size=100"
) -> dict[str, str]:
    """Settings from `key=value` texts.

    Args:
        option: by which they are given, for messages.
        example: of one.

    Raises:
        ConfigError: when a text has no `=`.
    """
    pairs = [text.partition("=") for text in texts or ()]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise ConfigError(f"{option} {name}: expected key=value, e.g. {option} {example}")
    return {name: value for name, _, value in pairs}


def choose_model(name: str, weights: str | None) -> tuple[str, str | None, str]:
    """What `name` means: a model, or a file that a training has left, which brings its own weights.

    Returns:
        the model, its weights, and what its results are called.

    Raises:
        WeightsError: for a file that says of no model that it is for it, or for one and --weights.
        ModelError: for what looks like a file but is none.
    """
    from saccade.zoo.loading import trained_file

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
    chosen = {None: "auto", "none": None}.get(weights, weights)
    wishes = {"weights": chosen, "device": device, "precision": precision.value, **more}
    if _keeps_models.get():
        return _kept_model(name, tuple(changes.items()), tuple(wishes.items()))
    from saccade.zoo import load

    return load(name, settings=changes, **wishes)


_keeps_models: ContextVar[bool] = ContextVar("keeps models", default=False)


@contextmanager
def keeping_models() -> Iterator[None]:
    """Inside, a model that was loaded here before is not loaded again; nobody ever changes one."""
    token = _keeps_models.set(True)
    try:
        yield
    finally:
        _keeps_models.reset(token)


# one and its detector, for networks are large
@lru_cache(maxsize=2)
def _kept_model(name: str, settings: tuple[tuple[str, str], ...], wishes: tuple[tuple[str, Any], ...]) -> Any:
    from saccade.zoo import load

    return load(name, settings=dict(settings), **dict(wishes))


def command_line(context: typer.Context) -> str:
    """The command as the user typed it."""
    return shlex.join(context.obj or [context.command_path])


def default_out(verb: str) -> Path:
    """A new folder for what a run leaves behind: runs/<verb>/<time>."""
    return Path("runs") / verb / f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
