"""What an evaluation of a detector leaves on the disk, and continues from.

results/<dataset>/dataset.json                  which data set it is, and a digest of its pictures and classes
results/<dataset>/<model>/run.json              what ran
results/<dataset>/<model>/detections.json       COCO results
results/<dataset>/<model>/time.txt              seconds a picture, a line each; missing where nobody measured
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import DatasetError, Instances
from saccade.data.detection.annotations import DetectionDataset
from saccade.evaluation.detection.coco_results import read_coco_results, to_coco_results
from saccade.evaluation.results import FORMAT, ModelResults, write_text
from saccade.media.files import make_folder, output_error

TASK = "detect"


def label_of(dataset: DetectionDataset) -> str:
    """Names the data set and its split, as in `voc-test`."""
    return dataset.name if dataset.split is None else f"{dataset.name}-{Path(dataset.split).name}"


def digest_of(dataset: DetectionDataset) -> str:
    """Names the pictures and classes of a data set, in their order."""
    content = json.dumps([dataset.classes, [image.name for image in dataset.images]])
    return sha256(content.encode()).hexdigest()


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
class DetectionResults:
    """The results of one model on one data set, under `results/<dataset>/<model>` of an output folder."""

    folder: Path

    @classmethod
    def begin(
        cls,
        out: Path,
        dataset: DetectionDataset,
        model: str,
        settings: Mapping[str, Any],
        circumstances: Mapping[str, Any],
    ) -> "DetectionResults":
        """Says in the folder what runs on what.

        Args:
            settings: what decides on the detections; results of other settings are not added to.
            circumstances: what is good to know besides.

        Raises:
            DatasetError: when results on another data set, or of another model, lie there already.
            ConfigError: when results of other settings lie there already.
            OutputError: when the folder cannot be written.
        """
        results = cls(out / "results" / label_of(dataset) / model)
        others = [folder for folder in cls._all(out) if folder != results.folder]
        if others:
            raise DatasetError(
                f"{out} holds results in {others[0].relative_to(out)}; a report is of one detector on one "
                f"data set, so choose another --out"
            )
        facts = {"format": FORMAT, "task": TASK, "name": dataset.name, "root": str(dataset.root.resolve())}
        facts |= {} if dataset.split is None else {"split": dataset.split}
        file = results.folder.parent / "dataset.json"
        if file.is_file():
            known = _read(file)
            if {key: value for key, value in known.items() if key != "digest"} != facts:
                raise DatasetError(
                    f"{file.parent} holds results on {known.get('root')}, not on {facts['root']}; choose "
                    f"another --out"
                )
            results._check(dataset)
        facts |= {"digest": digest_of(dataset)}
        # the files that follow say what they are of, whenever it stops
        ModelResults(results.folder).begin(settings, circumstances)
        write_text(file, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        return results

    @classmethod
    def find(cls, out: Path) -> "DetectionResults | None":
        """The results in an output folder; None when there are none of a detector."""
        found = cls._all(out)
        return cls(found[0]) if found else None

    @classmethod
    def _all(cls, out: Path) -> list[Path]:
        files = sorted(out.glob("results/*/dataset.json"))
        places = [file.parent for file in files if _read(file).get("task") == TASK]
        return sorted(file.parent for place in places for file in place.glob("*/run.json"))

    @property
    def model(self) -> str:
        """What the model is called."""
        return self.folder.name

    @property
    def source(self) -> Source:
        """Where the data set lay."""
        facts = _read(self.folder.parent / "dataset.json")
        return Source(str(facts.get("name")), Path(str(facts.get("root"))), facts.get("split"))

    @property
    def score_floor(self) -> float | None:
        """The threshold that the detector ran with; None where nobody knows."""
        floor = _read(self.folder / "run.json").get("score_floor")
        return None if floor is None else float(floor)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores should know."""
        return tuple(map(str, _read(self.folder / "run.json").get("notes", ())))

    @property
    def is_whole(self) -> bool:
        """Whether every picture has been looked at."""
        return (self.folder / "detections.json").is_file()

    def save(
        self, dataset: DetectionDataset, found: Sequence[Instances], seconds: Sequence[float] | None
    ) -> None:
        """Writes what was found in every picture, labels being the data set's.

        Args:
            seconds: that each picture took; None when nobody measured.

        Raises:
            OutputError: when a file cannot be written.
        """
        if seconds is not None:
            write_text(self.folder / "time.txt", "".join(f"{value:.6f}\n" for value in seconds))
        rows = ",\n".join(json.dumps(row) for row in to_coco_results(dataset, found))
        write_text(self.folder / "detections.json", f"[\n{rows}\n]\n" if rows else "[]\n")
        self._journal.unlink(missing_ok=True)

    def read(self, dataset: DetectionDataset) -> list[Instances]:
        """What was found in each picture.

        Raises:
            DatasetError: when it is missing, not whole yet, or of other pictures.
        """
        if not self.is_whole:
            raise DatasetError(
                f"{self.folder}: not finished; saccade eval with the same --out goes on with it"
            )
        self._check(dataset)
        return read_coco_results(self.folder / "detections.json", dataset)

    def _check(self, dataset: DetectionDataset) -> None:
        """Refuses a data set that has changed: pictures and classes are known by their place."""
        if _read(self.folder.parent / "dataset.json").get("digest") != digest_of(dataset):
            raise DatasetError(
                f"{self.folder}: is of other pictures or classes than {dataset.root} has now; evaluate again "
                f"with another --out"
            )

    def read_seconds(self) -> np.ndarray | None:
        """The seconds that each picture took; None when nobody measured."""
        file = self.folder / "time.txt"
        if not file.is_file():
            return None
        try:
            return np.array([float(line) for line in file.read_text().split()])
        except ValueError:
            raise DatasetError(f"{file}: a line is no number; delete it, or evaluate again") from None

    def begun(self, dataset: DetectionDataset) -> tuple[list[Instances], list[float]]:
        """What was found, and in how many seconds, in the first pictures, before it was broken off."""
        found: list[Instances] = []
        seconds: list[float] = []
        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.is_file() else []
        for image, line in zip(dataset.images, lines, strict=False):
            try:
                row = json.loads(line)
            except ValueError:  # the line that was being written
                break
            if row["image"] != image.name:
                raise DatasetError(
                    f"{self._journal}: picture {len(found)} was {row['image']}, but is {image.name} now; the "
                    f"data set has changed, so delete the folder and evaluate again"
                )
            found.append(_instances(row, len(found)))
            seconds.append(row["seconds"])
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
        return self.folder / "detections.jsonl.part"


@dataclass(frozen=True, slots=True)
class Journal:
    """A file that grows by a line a picture."""

    file: Any

    def note(self, name: str, found: Instances, seconds: float) -> None:
        """Adds a picture."""
        labels = [] if found.labels is None else found.labels.tolist()
        row = {"image": name, "seconds": seconds, "labels": labels}
        row |= {"boxes": found.boxes.tolist(), "scores": found.scores.tolist()}
        self.file.write(json.dumps(row).encode() + b"\n")


def _instances(row: Mapping[str, Any], frame: int) -> Instances:
    return Instances(
        boxes=np.array(row["boxes"], np.float64).reshape(-1, 4),
        scores=np.array(row["scores"], np.float64),
        labels=np.array(row["labels"], np.int64),
        frame=frame,
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{file}: cannot be read ({error}); delete it and evaluate again") from None
    if not isinstance(facts, dict):
        raise DatasetError(f"{file}: no object of JSON; delete it and evaluate again")
    return facts
