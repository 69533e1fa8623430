"""`saccade vot`: models under the toolkit of the VOT challenges."""

import configparser
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from saccade.cli.console import facts, out, print_json
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Weights,
    load_model,
    parse_settings,
)
from saccade.core import ConfigError, ModelError

app = typer.Typer(
    help="Run models under the toolkit of the VOT challenges (pip install 'saccade\\[vot]').\n\n"
    "Example: [bold]saccade vot init vots eco[/bold]",
    no_args_is_help=True,
)

TIMEOUT = 300
"""seconds that the toolkit waits for an answer; the first takes the longest, for the model loads"""
TRAX = "_trax"
"""ends the names of the descriptions that go over TraX"""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Workspace of the toolkit, made if missing.")],
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL…", help="Names of models.  \\[default: eco]")
    ] = None,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    seed: Seed = 0,
    name: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="NAME", help="What the toolkit calls it.  \\[default: the model's name]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Describe models to the VOT toolkit, in the file trackers.ini of a workspace.

    Each model is described twice: NAME runs in the toolkit's own Python, NAME_trax in this one, over TraX.
    What else stands in the file stays.

    The toolkit's versions 0.8 and 0.9 run the challenges from 2023 on, and long-term ones. Those with resets
    and anchors, up to 2022, need its version 0.7 and NAME_trax, or saccade eval.

    Example: [bold]saccade vot init vots dimp50 --weights dimp50.pth --set memory.size=100[/bold]
    """
    from saccade.zoo import entry

    names = list(dict.fromkeys(models or ("eco",)))
    if len(names) > 1 and (weights is not None or name is not None):
        raise ModelError(f"--weights and --as belong to one model, but there are {len(names)}; do one by one")
    if seed < 0:
        raise ConfigError(f"--seed {seed}: the toolkit takes 0 or more")
    if name is not None and not _IDENTIFIER.fullmatch(name):
        raise ConfigError(f"--as {name}: the toolkit takes letters, digits, - and _ only")
    for model in names:
        entry(model)
        # whatever is wrong with it is better found out here than in the toolkit
        load_model(model, weights, "cpu", precision, settings)
    given = _options(weights, device, precision, seed)
    sections: dict[str, dict[str, str]] = {}
    for model in names:
        label = name or model
        sections[label] = _in_process(model, label, given, settings)
        sections[label + TRAX] = _over_trax(model, label, given, settings)
    ini = folder / "trackers.ini"
    _write(ini, sections)
    if json:
        print_json({"file": str(ini), "trackers": sections})
        return
    _say_what_next(folder, sections)


@app.command("serve")
def serve(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model.")],
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    seed: Seed = 0,
) -> None:
    """Answer a toolkit over TraX; the toolkit starts this command, and speaks with it by pipes.

    Models that segment are given masks and answer masks, all others boxes.

    Example: [bold]saccade vot serve eco[/bold]
    """
    from saccade.adapters.vot import serve as answer
    from saccade.zoo import entry

    loaded = load_model(model, weights, device, precision, settings)
    answer(loaded, seed=seed, regions="mask" if entry(model).task == "segment" else "rectangle")


def _options(weights: str | None, device: str, precision: PrecisionChoice, seed: int) -> dict[str, str]:
    """What was asked for, and does not go without saying; the toolkit runs in folders of its own."""
    options = {
        "weights": weights if weights in (None, "none") else str(Path(weights).resolve()),
        "device": None if device == "auto" else device,
        "precision": None if precision is PrecisionChoice.auto else precision.value,
        "seed": str(seed) if seed else None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _in_process(
    model: str, label: str, options: Mapping[str, str], settings: list[str] | None
) -> dict[str, str]:
    # the toolkit can give boxes, polygons and points to trackers in its own process, but no masks
    section = {
        "label": label,
        "protocol": "python",
        "command": "saccade.adapters.vot:load_tracker",
        "convert": "rectangle",
        "timeout": str(TIMEOUT),
        "arg_model": model,
    }
    section |= {f"arg_{key}": value for key, value in options.items()}
    words = [f"{key}={value}" for key, value in parse_settings(settings).items()]
    return section | ({"arg_settings": shlex.join(words)} if words else {})


def _over_trax(
    model: str, label: str, options: Mapping[str, str], settings: list[str] | None
) -> dict[str, str]:
    words = [sys.executable, "-m", "saccade", "vot", "serve", model]
    for key, value in options.items():
        words += [f"--{key}", value]
    for text in settings or ():
        words += ["--set", text]
    command = shlex.join(words)
    return {"label": f"{label} (TraX)", "protocol": "trax", "command": command, "timeout": str(TIMEOUT)}


def _write(ini: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    """Adds sections to a file.

    Raises:
        ConfigError: when a section of that name says something else there, or the file is no such file.
        OutputError: when it cannot be written.
    """
    from saccade.media.files import make_folder, replacing

    text, known = "", configparser.ConfigParser()
    there: dict[str, dict[str, str]] = {}
    if ini.is_file():
        try:
            text = ini.read_text(encoding="utf-8")
            known.read_string(text, str(ini))
            there = {name: dict(known[name]) for name in known.sections()}
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{ini}: {' '.join(str(error).split())}; correct it") from None
    for name, section in sections.items():
        # the toolkit reads % as the beginning of a reference
        lines = [f"{key} = {value.replace('%', '%%')}" for key, value in section.items()]
        if name not in there:
            text += ("\n" if text else "") + "\n".join([f"[{name}]", *lines]) + "\n"
        elif there[name] != dict(section):
            raise ConfigError(
                f"{ini}: [{name}] stands there already and says something else; take it away, or choose "
                f"another name with --as NAME"
            )
    make_folder(ini.parent)
    with replacing(ini) as part:
        part.write_text(text, encoding="utf-8")


def _say_what_next(folder: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    first, place = next(iter(sections)), shlex.quote(str(folder))
    out.print(f"{', '.join(sections)} in {folder / 'trackers.ini'}", soft_wrap=True)
    steps = {
        "get the toolkit": "pip install 'saccade[vot]'",
        "get the sequences": f"vot initialize vots2023 --workspace {place}",
        "try it": f"cd {place} && vot test {first}",
        "run it": f"vot evaluate --workspace {place} {first}",
        "see the scores": f"vot report --workspace {place} {first}",
        "hand it in": f"vot pack --workspace {place} {first}",
    }
    out.print(facts({step: command for step, command in steps.items() if not _is_done(step, folder)}))


def _is_done(step: str, folder: Path) -> bool:
    return step == "get the sequences" and (folder / "config.yaml").is_file()
