"""What verbs say and how: results on standard output; progress, remarks and complaints on standard error."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from saccade.core.errors import SaccadeWarning

QUIET = 10.0
"""seconds between lines in a log"""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears what a verb would have told the terminal.

    Attributes:
        on_progress: is told how many more are done.
        remarks: what the user should know.
    """

    on_progress: Callable[[int], None]
    remarks: list[str] = field(default_factory=list)

    def __call__(self, count: int = 1, text: str | None = None) -> None:
        """So many more are done."""
        self.on_progress(count)


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Inside, verbs print nothing; remarks, warnings of ours and progress go to the listener instead."""
    token, was_quiet = _listener.set(listener), out.quiet
    out.quiet = True
    try:
        with plain_warnings():
            yield
    finally:
        out.quiet = was_quiet
        _listener.reset(token)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Says our own warnings in a line, without the place in the code."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *rest: object, **more: object) -> None:
            if issubclass(category, SaccadeWarning):
                notify(str(message))
            else:
                show(message, category, *rest, **more)  # type: ignore[arg-type]

        warnings.simplefilter("always", SaccadeWarning)
        warnings.showwarning = say
        yield


def complain(message: str, *notes: str, hint: str = "") -> None:
    """Says in one line what went wrong."""
    line = "; ".join([" ".join(message.split()).rstrip("."), *notes])
    err.print(
        f"[bold red]saccade:[/] {escape(line)}{f' [dim]({escape(hint)})[/]' if hint else ''}", soft_wrap=True
    )


def notify(message: str) -> None:
    """Says in one line what the user should know."""
    if (listener := _listener.get()) is not None:
        listener.remarks.append(message)
        return
    err.print(f"[yellow]note:[/] {escape(message)}", soft_wrap=True)


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Writes one JSON value, and nothing else, to standard output."""
    out.file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def facts(rows: Mapping[str, str]) -> Table:
    """Names and values side by side, ready to print."""
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        grid.add_row(name, escape(value))
    return grid


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, has_numbers: bool = False) -> Table:
    """A plain table, ready to print; the first column is never broken, nor is any of numbers.

    Args:
        has_numbers: whether numbers stand in all columns but the first.
    """
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for number, title in enumerate(head):
        holds_number = has_numbers and number > 0
        grid.add_column(
            title,
            no_wrap=number == 0 or holds_number,
            overflow="fold",
            justify="right" if holds_number else "left",
        )
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    return grid


def print_numbers(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table whose numbers are not broken, however narrow the terminal is."""
    grid = table(head, rows, has_numbers=True)
    whole = Measurement.get(out, out.options.update(max_width=10_000), grid).maximum
    Console(file=out.file, width=max(out.width, whole)).print(grid)


class Advance(Protocol):
    """Moves a bar on."""

    def __call__(self, count: int = 1, text: str | None = None) -> None:
        """So many more are done; a text replaces the one before the bar."""
        ...


@contextmanager
def progress(text: str, total: int | None, *, unit: str = "frames") -> Iterator[Advance]:
    """A bar on standard error with what is done, how fast, and how long it will take.

    Where no bar can be drawn, as in the log of a cluster, a line says so after each tenth.

    Args:
        total: how many there are; None when nobody can know.

    Yields:
        a function to call when one more is done, or several.
    """
    if (listener := _listener.get()) is not None:
        yield listener
        return
    if not err.is_terminal:
        yield _Log(text, total, unit)
        return
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(escape(text), total=total)

        def advance(count: int = 1, text: str | None = None) -> None:
            bar.update(task, advance=count, description=None if text is None else escape(text))

        yield advance


@contextmanager
def transfer(text: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error for bytes that come from elsewhere.

    Yields:
        a function to call with how many bytes there are, and how many there will be, if that is known.
    """
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(escape(text), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Log:
    """Says in a line how far things are, after each tenth, and no oftener than every `QUIET` seconds."""

    def __init__(self, text: str, total: int | None, unit: str) -> None:
        self._text, self._total, self._unit = text, total, unit
        self._done = self._tenths = 0
        self._begun = self._said = monotonic()

    def __call__(self, count: int = 1, text: str | None = None) -> None:
        self._done += count
        self._text = text or self._text
        if not self._total:
            return
        now, tenths = monotonic(), 10 * self._done // self._total
        if tenths == self._tenths or now - self._said < QUIET:
            return
        self._tenths, self._said = tenths, now
        speed = self._done / (now - self._begun)
        left = timedelta(seconds=round((self._total - self._done) / speed))
        done = f"{self._done:,} of {self._total:,} {self._unit}"
        err.print(
            escape(f"{self._text}: {done}, {_speed(speed)} {_rate(self._unit)}, {left} left"), soft_wrap=True
        )


class _Rate(ProgressColumn):
    """How many are done a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = _rate(unit)

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{_speed(speed)} {self._unit}", style="cyan")


def _speed(speed: float) -> str:
    """A speed in so many digits that slow work has one, too."""
    return f"{speed:.0f}" if speed >= 10 else f"{speed:.2g}"


def _rate(unit: str) -> str:
    return "fps" if unit == "frames" else f"{unit}/s"
