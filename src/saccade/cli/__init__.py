"""The command line: one thin file a verb, and `main`, which turns errors into exit codes.

A verb is a function whose annotations typer reads. It joins by a line in `VERBS`.
"""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import getdoc
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import typer

from saccade import __version__
from saccade.cli import (
    bench,
    data,
    demo,
    detect,
    export,
    live,
    models,
    play,
    pose,
    report,
    submit,
    track,
    train,
    vot,
)
from saccade.cli.console import complain, plain_warnings
from saccade.cli.eval import evaluate
from saccade.core.errors import ExportError, OutputError, SaccadeError, TrainingError

DONE, FAILED, MISTAKE, INTERRUPTED = 0, 1, 2, 130
"""exit codes: all well; something broke; the user's mistake; Ctrl-C"""

VERBS: dict[str, Callable[..., None]] = {
    "track": track.track,
    "detect": detect.detect,
    "pose": pose.pose,
    "live": live.live,
    "train": train.train,
    "eval": evaluate,
    "report": report.report,
    "play": play.play,
    "submit": submit.submit,
    "demo": demo.demo,
    "export": export.export,
    "bench": bench.bench,
}
GROUPS: dict[str, typer.Typer] = {"models": models.app, "data": data.app, "vot": vot.app}

# the base of all that typer finds wrong with arguments; where that class lives differs between versions
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `saccade`; returns the exit code.

    What a user did wrong is said in one line on standard error. What we did wrong shows its traceback.

    Args:
        arguments: words after `saccade`; those of the process when not given.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _heed_interrupts()
    with plain_warnings():
        try:
            return run(words)
        except _UsageError as error:
            # empty when a group of commands, e.g. `saccade models`, is given none
            said = error.format_message() or "which command?"  # type: ignore[attr-defined]
            complain(said, hint=_help_hint(error, words))
            return MISTAKE
        except SaccadeError as error:
            complain(str(error), *_notes(error))
            return FAILED if isinstance(error, OutputError | ExportError | TrainingError) else MISTAKE
        except (KeyboardInterrupt, typer.Abort) as error:
            complain("interrupted", *_notes(error))
            return INTERRUPTED
        except BrokenPipeError:
            # whoever read our output has seen enough, e.g. `saccade models list | head -3`
            sys.stderr.close()
            return FAILED


def run(words: Sequence[str]) -> int:
    """Runs `saccade` and lets its errors out, for who runs a verb within another; returns the exit code.

    Raises:
        SaccadeError: whatever the verb raises.
        KeyboardInterrupt: on Ctrl-C, with the notes that it collected on its way.
    """
    try:
        code = application()(words, prog_name="saccade", standalone_mode=False, obj=["saccade", *words])
    except _Interrupted as stop:
        assert isinstance(stop.__cause__, KeyboardInterrupt)
        raise stop.__cause__ from None
    return int(code or DONE)


class _Interrupted(Exception):  # noqa: N818 - no error: the user wished it
    """Ctrl-C, on its way through typer, which would lose the notes of a `KeyboardInterrupt`."""


def _heed_interrupts() -> None:
    """Takes SIGINT as Ctrl-C in a job that a script began in the background too: there it begins ignored."""
    if threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _verb(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def interruptible(*arguments: Any, **options: Any) -> None:
        try:
            function(*arguments, **options)
        except KeyboardInterrupt as stop:
            raise _Interrupted from stop

    return interruptible


def application() -> typer.Typer:
    """All commands, as typer runs them; the reference of commands is made from it."""
    app = typer.Typer(
        name="saccade",
        callback=_saccade,
        invoke_without_command=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, function in VERBS.items():
        app.command(name)(_verb(function))
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    for each in (app, *GROUPS.values()):
        for command in each.registered_commands:
            # typer would break lines where the source does
            command.help = _paragraphs(command.callback)
    return app


def _paragraphs(function: Callable[..., None] | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (getdoc(function) or "").split("\n\n"))


def _saccade(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)
    ] = False,
) -> None:
    """Follow things in video: point at an object once and it stays followed.

    Example: [bold]saccade track clip.mp4 --box 120,80,60,40[/bold]
    """
    if version:
        typer.echo(f"saccade {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", ()))


def _apart(words: Sequence[str]) -> list[str]:
    """The first option whose numbers were given one by one, and what it takes: numbers joined by commas."""
    for place, word in enumerate(words):
        numbers = list(takewhile(_is_number, (rest.strip(",") for rest in words[place + 1 :])))
        if word.startswith("--") and len(numbers) >= 4:
            return [word, ",".join(numbers)]
    return []


def _is_number(word: str) -> bool:
    return word.removeprefix("-").replace(".", "", 1).isdecimal()


def _help_hint(error: Exception, words: Sequence[str]) -> str:
    source = words[0] if words else ""
    if source not in VERBS and ("://" in source or Path(source).suffix):
        return f"did you mean: saccade track {source} --box X,Y,W,H"
    if apart := _apart(words):
        return f"did you mean: {' '.join(apart)}"
    if getattr(getattr(error, "param", None), "name", None) == "model":
        return "saccade models list shows what there is"
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'saccade'} --help shows how"
