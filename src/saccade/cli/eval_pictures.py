"""What `saccade eval` and `saccade report` do alike with all models over annotated pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from saccade.cli.console import Advance, notify, out, print_json, print_numbers, progress
from saccade.cli.contenders import make_contender
from saccade.cli.options import PrecisionChoice, choose_model, default_out
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.core import Instances
    from saccade.evaluation import Contender
    from saccade.evaluation.pictures.results import PictureResults
    from saccade.evaluation.report.tables import Table

R = TypeVar("R", bound="PictureResults[Any]")
ROWS = 40
"""rows of a table that are printed; the report has them all"""
Task = Literal["detect", "pose"]
MODELS: Mapping[Task, str] = {"detect": "detectors", "pose": "pose models"}
"""what models of a task are called"""
_ONE = {"detect": "detector", "pose": "pose model"}
_DOES = {
    "track": "follows what it is pointed at",
    "segment": "follows what it is pointed at",
    "detect": "says what is where",
    "pose": "says how people hold themselves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options ask for.

    Attributes:
        detections: a file of COCO results, instead of a model.
    """

    datasets: Sequence[str]
    roots: Sequence[Path]
    models: Sequence[str]
    split: str | None
    out: Path | None
    weights: str | None
    detections: Path | None
    device: str
    precision: PrecisionChoice
    settings: Sequence[str]
    json: bool

    def check(self, task: Task) -> None:
        """Refuses more than one model, or more than one data set.

        Raises:
            ConfigError: for data sets.
            ModelError: for models.
        """
        one = _ONE[task]
        if len(self.datasets) != 1 or len(self.roots) != 1:
            raise ConfigError(
                f"a {one} is judged on one data set at a time; give one --dataset and one --root"
            )
        if len(self.models) + (self.detections is not None) != 1:
            raise ModelError(f"name one {one}, or give --detections FILE; the report is of one at a time")

    def place(self) -> Path:
        """Where results go; a new folder each time when nobody says."""
        return self.out or default_out("eval")

    def contender(self, task: Task, settings: Sequence[str], **more: Any) -> "Contender":
        """The model, for a task of which it must be.

        Args:
            settings: that stand before the user's.
            more: what loading a model takes besides.

        Raises:
            ModelError: for a model of another task.
        """
        name, file, title = choose_model(self.models[0], self.weights)
        check_ability(name, task)
        changes = [*settings, *self.settings]
        return make_contender(
            name,
            file,
            self.device,
            self.precision,
            changes,
            is_shared=False,
            is_remote=False,
            title=title,
            **more,
        )


def task_of(
    datasets: Iterable[str], models: Iterable[str], *, has_results: bool, wishes_tracks: bool = False
) -> Task | None:
    """Which task it is about, by the data sets first; None for one of following things.

    Args:
        has_results: whether there are COCO results instead of a model.
        wishes_tracks: whether what is asked for is only asked of sequences, which some data sets are as well.
    """
    from saccade.data import DATASETS
    from saccade.data.detection import DETECTION
    from saccade.data.pose import POSE
    from saccade.zoo import CATALOG

    datasets = list(datasets)
    if wishes_tracks and all(name in DATASETS for name in datasets):
        return None
    if any(name in POSE for name in datasets):
        return "pose"
    if has_results or any(name in DETECTION for name in datasets):
        return "detect"
    for name in models:
        row = CATALOG.get(choose_model(name, None)[0])
        if row is not None and row.task in MODELS:
            return "pose" if row.task == "pose" else "detect"
    return None


def refuse_options(options: Mapping[str, object], whose: str) -> None:
    """Refuses options that mean nothing for some models.

    Args:
        whose: what these models are called.

    Raises:
        ConfigError: naming the first that is given.
    """
    for name, value in options.items():
        if value:
            raise ConfigError(f"{name} is not for {whose}; leave it out")


def check_ability(name: str, task: Task) -> None:
    """Refuses a model of another task.

    Raises:
        ModelError: naming some that can do it.
    """
    from saccade.zoo.catalog import entry, such_as

    own = entry(name).task
    if own == task:
        return
    raise ModelError(
        f"'{name}' {_DOES[own]}, and this data set is for {MODELS[task]}; take one, {such_as(task)}"
    )


def take(kind: type[R], file: Path, dataset: Any, place: Path, found: "Sequence[Instances]") -> R:
    """Takes over what another program has found, and written into a file."""
    from saccade.weights.store import sha256_of

    settings = {"detections": sha256_of(file)}
    results = kind.begin(place, dataset, file.stem, settings, {"file": str(file.resolve())})
    results.save(dataset, found, None)
    return results


@contextmanager
def running(title: str, dataset: Any, place: Path) -> Iterator[Advance]:
    """A bar over the pictures of a data set; says what continues when somebody stops it."""
    with progress(f"{title} on {dataset.name}", len(dataset), unit="pictures") as advance:
        try:
            yield advance
        except KeyboardInterrupt as stop:
            stop.add_note(f"what was found is kept; --out {place} continues")
            raise


def show_report(
    report: Mapping[str, Any], tables: "Iterable[Table]", how: Iterable[str], place: Path, *, json: bool
) -> None:
    """Prints a report that was written."""
    for note in report["notes"]:
        notify(note)
    if json:
        print_json(report)
        return
    for table in tables:
        print_numbers(table.head, table.rows[:ROWS])
        out.print()
    for line in how:
        out.print(line, style="dim", soft_wrap=True)
    out.print(f"report.html, report.json, report.md and plots in {place}", style="dim", soft_wrap=True)
