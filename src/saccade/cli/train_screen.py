"""What is seen of a training: a bar, a line an epoch, and what two steps of rehearsal have shown."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from textwrap import shorten
from types import TracebackType
from typing import TYPE_CHECKING

from rich.markup import escape

from saccade.cli.console import Advance, err, facts, notify, out, print_json, progress, transfer

if TYPE_CHECKING:
    from saccade.training.rehearsal import Rehearsal


class Screen:
    """Shows how a training goes, in the process that shows.

    Attributes:
        is_first_process: whether this is it.
    """

    def __init__(self, recipe: str) -> None:
        self.is_first_process = False
        self._recipe = recipe
        self._opened = ExitStack()
        self._advance: Advance | None = None
        self._download: Callable[[int, int | None], None] | None = None

    def __enter__(self) -> "Screen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Takes away what is shown."""
        self._opened.close()

    def on_download(self, done: int, total: int | None) -> None:
        """Weights to begin with come from elsewhere."""
        if self._download is None:
            self._download = self._opened.enter_context(transfer("fetching ImageNet weights"))
        self._download(done, total)

    def begin(self, step: int, total: int) -> None:
        """See `Watch`."""
        self.is_first_process = True
        self.close()
        if step:
            rest = "" if step < total else ", the last; a longer training needs another --out"
            err.print(escape(f"going on after step {step:,} of {total:,}{rest}"), style="dim", soft_wrap=True)
        if step < total:
            bar = progress(f"training {self._recipe}", total - step, unit="steps")
            self._advance = self._opened.enter_context(bar)

    def on_step(self, step: int, values: Mapping[str, float]) -> None:
        """See `Watch`."""
        if self._advance is not None:
            self._advance()

    def on_epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """See `Watch`."""
        shown = (f"{name} {value:.4g}" for name, value in telling(values).items())
        err.print(escape(f"epoch {epoch}: {', '.join(shown)}"), soft_wrap=True)

    def end(self, replaced: int) -> None:
        """See `Watch`."""
        self.close()
        if replaced:
            notify(f"{replaced:,} samples could not be made; others took their place, as named above")


def telling(values: Mapping[str, float]) -> Mapping[str, float]:
    """Those of the logged values that are worth a look in passing: whole losses, and scores of tracking."""
    parts = ("Loss/", "Stats/", "LearningRate/", "Clf")
    plain = {name: name.removeprefix("Validation/") for name in values}
    return {
        name: value
        for name, value in values.items()
        if plain[name] == "Loss/total" or not plain[name].startswith(parts)
    }


def print_rehearsal(rehearsal: "Rehearsal", *, as_json: bool) -> None:
    """Says what two steps have shown."""
    if as_json:
        print_json(asdict(rehearsal) | {"seconds_left": rehearsal.seconds_left})
        return
    shapes = {f"batch {name}": " x ".join(map(str, shape)) for name, shape in rehearsal.shapes.items()}
    trained = sum(rehearsal.trained.values())
    groups = "; ".join(f"{path or 'all'} {count:,}" for path, count in rehearsal.trained.items())
    left = timedelta(seconds=round(rehearsal.seconds_left))
    rows = shapes | {
        "first sample": shorten(rehearsal.origins[0].replace(",", ", "), 72, placeholder=" …"),
        "trained": f"{trained:,} of {rehearsal.parameters:,} parameters ({groups})",
        "loss": ", ".join(f"{loss:.4g}" for loss in rehearsal.losses),
        "memory": f"{rehearsal.memory / 2**30:.2f} GiB at the peak",
        "a step": f"{rehearsal.seconds:.3g} s, of which it waited {rehearsal.waiting:.2g} s for its samples",
        "time left": f"{left} for {rehearsal.steps_left:,} steps, without validation",
    }
    out.print(facts(rows))
