"""What an evaluation over annotated pictures leaves on the disk, and continues from.

results/<dataset>/dataset.json        which data set it is, and a digest of its pictures and what is sought
results/<dataset>/<model>/run.json    what ran
results/<dataset>/<model>/<answers>   COCO results
results/<dataset>/<model>/time.txt    seconds a picture, a line each; missing where nobody measured
"""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from saccade.core import DatasetError, Instances
from saccade.core.errors import reason_of
from saccade.core.numerals import decimal
from saccade.data.pictured import Pictured
from saccade.evaluation.results import FORMAT, ModelResults, write_text
from saccade.media.files import make_folder, output_error

_FIELDS = {
    "boxes": np.float64,
    "scores": np.float64,
    "labels": np.int64,
    "keypoints": np.float64,
    "keypoint_scores": np.float64,
}
"""of `Instances`, that are noted"""


@runtime_checkable
class PictureSet(Protocol):
    """A data set of annotated pictures."""

    @property
    def name(self) -> str:
        """The form of its annotations."""
        ...

    @property
    def root(self) -> Path:
        """The folder it lies in."""
        ...

    @property
    def split(self) -> str | None:
        """Which part of it; None where it has no parts."""
        ...

    @property
    def images(self) -> Sequence[Pictured]:
        """In the order of their file."""
        ...


D = TypeVar("D", bound=PictureSet)
R = TypeVar("R", bound="PictureResults[Any]")


def label_of(dataset: PictureSet) -> str:
    """Names the data set and its split, as in `voc-test`."""
    return dataset.name if dataset.split is None else f"{dataset.name}-{Path(dataset.split).name}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data set lies that results are of.

    Attributes:
        name: the form of its annotations.
    """

    name: str
    root: Path
    split: str | None


@dataclass(frozen=True, slots=True)
class PictureResults(ABC, Generic[D]):
    """The results of one model on one data set, under `results/<dataset>/<model>` of an output folder."""

    folder: Path

    TASK: ClassVar[str]
    """by which such results are told from others"""
    ANSWERS: ClassVar[str]
    """the file of COCO results"""
    WHO: ClassVar[str]
    """what such a model is called"""
    WHAT: ClassVar[str]
    """what is annotated, that places in the files depend on"""

    @staticmethod
    @abstractmethod
    def known(dataset: D) -> Sequence[str]:
        """Names of what is annotated, in the order on which the files depend."""

    @staticmethod
    @abstractmethod
    def to_rows(dataset: D, found: Sequence[Instances]) -> list[dict[str, Any]]:
        """COCO results."""

    @staticmethod
    @abstractmethod
    def from_rows(file: Path, dataset: D) -> list[Instances]:
        """What COCO results say of each picture."""

    @classmethod
    def begin(
        cls: type[R],
        out: Path,
        dataset: D,
        model: str,
        settings: Mapping[str, Any],
        circumstances: Mapping[str, Any],
    ) -> R:
        """Says in the folder what runs on what.

        Args:
            settings: what decides on what is found; results of other settings are not added to.
            circumstances: what is good to know besides.

        Raises:
            DatasetError: when results on another data set, or of another model, lie there already.
            ConfigError: when results of other settings lie there already.
            OutputError: when the folder cannot be written.
        """
        results = cls(out / "results" / label_of(dataset) / model)
        others = [folder for folder in _all(out) if folder != results.folder]
        if others:
            raise DatasetError(
                f"{out} holds results in {others[0].relative_to(out)}; a report is of one {cls.WHO} on one "
                f"data set, so choose another --out"
            )
        facts = {
            "format": FORMAT,
            "task": cls.TASK,
            "name": dataset.name,
            "root": str(dataset.root.resolve()),
        }
        facts |= {} if dataset.split is None else {"split": dataset.split}
        file = results.folder.parent / "dataset.json"
        if file.is_file():
            known = read_json(file)
            if {key: value for key, value in known.items() if key != "digest"} != facts:
                raise DatasetError(
                    f"{file.parent} holds results on {known.get('root')}, not on {facts['root']}; choose "
                    f"another --out"
                )
            results._check(dataset)
        facts |= {"digest": cls.digest_of(dataset)}
        # the files that follow say what they are of, whenever it stops
        ModelResults(results.folder).begin(settings, circumstances)
        write_text(file, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        return results

    @classmethod
    def find(cls: type[R], out: Path) -> R | None:
        """The results in an output folder; None when there are none of such a model."""
        found = [folder for folder, task in _all(out).items() if task == cls.TASK]
        return cls(found[0]) if found else None

    @classmethod
    def digest_of(cls, dataset: D) -> str:
        """Names the pictures of a data set and what is annotated in them, in their order."""
        content = json.dumps([cls.known(dataset), [image.name for image in dataset.images]])
        return sha256(content.encode()).hexdigest()

    @property
    def model(self) -> str:
        """What the model is called."""
        return self.folder.name

    @property
    def source(self) -> Source:
        """Where the data set lay."""
        file = self.folder.parent / "dataset.json"
        facts = read_json(file)
        name, root, split = (facts.get(key) for key in ("name", "root", "split"))
        if not isinstance(name, str) or not isinstance(root, str) or not isinstance(split, str | None):
            raise DatasetError(f"{file}: names no data set and its root; delete it and evaluate again")
        return Source(name, Path(root), split)

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was written down of the run."""
        file = self.folder / "run.json"
        facts = read_json(file)
        floor = facts.get("score_floor")
        is_number = isinstance(floor, int | float) and 0 <= floor <= 1
        is_known = {
            "settings": isinstance(facts.get("settings", {}), dict),
            "notes": isinstance(facts.get("notes", []), list),
            "score_floor": floor is None or is_number,
        }
        for key in (key for key, is_right in is_known.items() if not is_right):
            raise DatasetError(f"{file}: {key} is {facts[key]!r}; delete it and evaluate again")
        return facts

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores should know."""
        return tuple(map(str, self.facts.get("notes", ())))

    @property
    def is_whole(self) -> bool:
        """Whether every picture has been looked at."""
        return (self.folder / self.ANSWERS).is_file()

    def save(self, dataset: D, found: Sequence[Instances], seconds: Sequence[float] | None) -> None:
        """Writes what was found in every picture, in the terms of the data set.

        Args:
            seconds: that each picture took; None when nobody measured.

        Raises:
            OutputError: when a file cannot be written.
        """
        if seconds is not None:
            write_text(self.folder / "time.txt", "".join(f"{value:.6f}\n" for value in seconds))
        rows = ",\n".join(json.dumps(row) for row in self.to_rows(dataset, found))
        write_text(self.folder / self.ANSWERS, f"[\n{rows}\n]\n" if rows else "[]\n")
        self._journal.unlink(missing_ok=True)

    def read(self, dataset: D) -> list[Instances]:
        """What was found in each picture.

        Raises:
            DatasetError: when it is missing, not whole yet, or of other pictures.
        """
        if not self.is_whole:
            raise DatasetError(
                f"{self.folder}: not finished; saccade eval with the same --out goes on with it"
            )
        self._check(dataset)
        return self.from_rows(self.folder / self.ANSWERS, dataset)

    def _check(self, dataset: D) -> None:
        """Refuses a data set that has changed: much is known by its place alone."""
        if read_json(self.folder.parent / "dataset.json").get("digest") != self.digest_of(dataset):
            raise DatasetError(
                f"{self.folder}: is of other pictures or {self.WHAT} than {dataset.root} has now; evaluate "
                f"again with another --out"
            )

    def read_seconds(self) -> np.ndarray | None:
        """The seconds that each picture took; None when nobody measured."""
        file = self.folder / "time.txt"
        if not file.is_file():
            return None
        try:
            seconds = np.array([decimal(line) for line in file.read_text(encoding="utf-8").split()])
            if not ((seconds >= 0) & np.isfinite(seconds)).all():
                raise ValueError
        except ValueError:
            raise DatasetError(f"{file}: a line is no number; delete it, or evaluate again") from None
        return seconds

    def begun(self, dataset: D) -> tuple[list[Instances], list[float]]:
        """What was found, and in how many seconds, in the first pictures, before it was broken off.

        Raises:
            DatasetError: when a line is of another picture, or not what `Journal` writes.
        """
        found: list[Instances] = []
        seconds: list[float] = []
        lines = self._journal.read_bytes().splitlines() if self._journal.is_file() else []
        for image, line in zip(dataset.images, lines, strict=False):
            try:
                row = json.loads(line)
            except (RecursionError, ValueError):  # the line that was being written
                break
            try:
                name, instances, spent = row["image"], _instances(row, len(found)), float(row["seconds"])
                if not 0 <= spent < math.inf:
                    raise ValueError
            except (LookupError, OverflowError, TypeError, ValueError):
                raise DatasetError(
                    f"{self._journal}, line {len(found) + 1}: not what an evaluation writes; delete the "
                    f"folder and evaluate again"
                ) from None
            if name != image.name:
                raise DatasetError(
                    f"{self._journal}: picture {len(found)} was {name}, but is {image.name} now; the "
                    f"data set has changed, so delete the folder and evaluate again"
                )
            found.append(instances)
            seconds.append(spent)
        return found, seconds

    @contextmanager
    def journal(self, begun: int) -> Iterator["Journal"]:
        """Where pictures are noted one by one, so that nothing is lost.

        Args:
            begun: how many of its pictures stay.

        Raises:
            OutputError: when it cannot be written.
        """
        make_folder(self.folder)
        try:
            lines = self._journal.read_bytes().splitlines(keepends=True) if begun else []
            with self._journal.open("wb", buffering=0) as opened:
                opened.write(b"".join(lines[:begun]))
                yield Journal(opened)
        except OSError as error:
            raise output_error(self._journal, error) from error

    @property
    def _journal(self) -> Path:
        return self.folder / f"{self.ANSWERS}l.part"


@dataclass(frozen=True, slots=True)
class Journal:
    """A file that grows by a line a picture."""

    file: Any

    def note(self, name: str, found: Instances, seconds: float) -> None:
        """Adds a picture."""
        given = {field: getattr(found, field) for field in _FIELDS}
        row = {field: value.tolist() for field, value in given.items() if value is not None and len(value)}
        self.file.write(json.dumps({"image": name, "seconds": seconds, **row}).encode() + b"\n")


def _all(out: Path) -> dict[Path, str]:
    """The folders of all results on annotated pictures, with their tasks."""
    tasks = {file.parent: read_json(file).get("task") for file in sorted(out.glob("results/*/dataset.json"))}
    return {
        file.parent: task
        for place, task in tasks.items()
        if isinstance(task, str)
        for file in sorted(place.glob("*/run.json"))
    }


def _instances(row: Mapping[str, Any], frame: int) -> Instances:
    values: dict[str, Any] = {
        field: np.array(row[field], kind) for field, kind in _FIELDS.items() if field in row
    }
    if not values:
        return Instances.empty(frame=frame)
    if not all(np.isfinite(value).all() for value in values.values()):
        raise ValueError("a number is not finite")
    return Instances(**values, frame=frame)


def read_json(file: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        DatasetError: when it cannot be read, or is none.
    """
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise DatasetError(
            f"{file}: cannot be read ({reason_of(error)}); delete it and evaluate again"
        ) from None
    if not isinstance(facts, dict):
        raise DatasetError(f"{file}: no object of JSON; delete it and evaluate again")
    return facts
