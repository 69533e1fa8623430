"""Result files: what a model left behind, one pair of text files a sequence.

results/<dataset>/
  dataset.json                name and root of the data set
  <model>/
    run.json                  what ran: configuration, seed, weights, device, versions
    <sequence>.txt            one line x,y,w,h a frame, in frame pixels
    <sequence>_time.txt       seconds that each frame took
    <sequence>_failure.txt    instead of these: why there is no result
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import ConfigError, DatasetError
from saccade.data import Dataset, Sequence, open_dataset
from saccade.data.formats import read_boxes, read_numbers
from saccade.media.files import make_folder, replacing


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What a model answered on one sequence.

    Attributes:
        boxes: (x, y, w, h) in frame pixels; the first is where the target was pointed at.
        seconds: what each frame took, reading it not included.
    """

    boxes: Float64[np.ndarray, "F 4"]
    seconds: Float64[np.ndarray, " F"]


@dataclass(frozen=True, slots=True)
class DatasetResults:
    """The results of all models on one data set, under `results/<dataset>` of an output folder."""

    folder: Path

    @classmethod
    def begin(cls, out: Path, dataset: Dataset) -> "DatasetResults":
        """Where results on this data set go; says in the folder which data set that is.

        Raises:
            DatasetError: when results on another data set of the same name lie there already.
            OutputError: when the folder cannot be written.
        """
        results = cls(out / "results" / dataset.name)
        facts = {"name": dataset.name, "root": str(dataset.root.resolve())}
        known = results._facts()
        if known is None:
            write_text(results.folder / "dataset.json", _json(facts))
        elif known != facts:
            raise DatasetError(
                f"{results.folder} holds results on {known.get('root')}, not on {facts['root']}; "
                f"choose another --out"
            )
        return results

    @classmethod
    def find(cls, out: Path, name: str | None = None) -> "DatasetResults":
        """The results that lie in an output folder.

        Args:
            name: which data set, where there are results on several.

        Raises:
            DatasetError: when there are none, or on several data sets and none is named.
        """
        found = [file.parent for file in sorted(out.glob(f"results/{name or '*'}/dataset.json"))]
        if not found:
            raise DatasetError(
                f"{out}: no results{f' on {name}' if name else ''} in it; saccade eval makes them"
            )
        if len(found) > 1:
            names = ", ".join(folder.name for folder in found)
            raise DatasetError(f"{out}: results on several data sets; choose one with --dataset: {names}")
        return cls(found[0])

    def dataset(self, root: Path | None = None) -> Dataset:
        """The data set that these are results on.

        Args:
            root: where it lies now; where it lay when not given.

        Raises:
            DatasetError: when it is missing or inconsistent, or nobody knows where it lies.
        """
        facts = self._facts() or {}
        place = root or facts.get("root")
        if place is None:
            raise DatasetError(f"{self.folder / 'dataset.json'} names no root; give it with --root")
        return open_dataset(facts.get("name", self.folder.name), place)

    def models(self) -> list[str]:
        """The models that have results here, in alphabetical order."""
        return sorted(file.parent.name for file in self.folder.glob("*/run.json"))

    def of(self, model: str) -> "ModelResults":
        """The results of one model."""
        return ModelResults(self.folder / model)

    def _facts(self) -> dict[str, Any] | None:
        return _read_json(self.folder / "dataset.json")


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The results of one model on one data set."""

    folder: Path

    def begin(self, settings: Mapping[str, Any], circumstances: Mapping[str, Any]) -> None:
        """Says in the folder what runs.

        Args:
            settings: what decides on the boxes; results of other settings are not added to.
            circumstances: what is good to know besides.

        Raises:
            ConfigError: when results of other settings lie here already.
            OutputError: when the folder cannot be written.
        """
        settings = json.loads(_json(settings))
        known = _read_json(self.folder / "run.json")
        if known is None:
            write_text(self.folder / "run.json", _json({"settings": settings, **circumstances}))
        elif known.get("settings") != settings:
            old = known.get("settings") or {}
            different = sorted(k for k in {*old, *settings} if old.get(k) != settings.get(k))
            raise ConfigError(
                f"{self.folder} holds results with another {' and '.join(different)}; "
                f"choose another --out, or delete the folder to start anew"
            )

    def is_finished(self, sequence: str) -> bool:
        """Whether the sequence has a result; the boxes are written last."""
        return self._boxes(sequence).is_file()

    def save(self, sequence: str, track: Track) -> None:
        """Writes a result, whole or not at all.

        Raises:
            OutputError: when it cannot be written.
        """
        write_text(self._seconds(sequence), "".join(f"{s:.6f}\n" for s in track.seconds))
        write_text(
            self._boxes(sequence), "".join(",".join(f"{v:.4f}" for v in box) + "\n" for box in track.boxes)
        )
        self._failure(sequence).unlink(missing_ok=True)

    def save_failure(self, sequence: str, message: str, account: str) -> None:
        """Writes down why there is no result: the message in the first line, and the whole account below."""
        write_text(self._failure(sequence), f"{message}\n\n{account}")

    def failure(self, sequence: str) -> str | None:
        """The message of what went wrong; None when nothing did."""
        file = self._failure(sequence)
        return file.read_text(encoding="utf-8").partition("\n")[0] if file.is_file() else None

    def read(self, sequence: Sequence) -> Track:
        """Reads a result.

        Raises:
            DatasetError: when it is missing, is not one box a frame, or a box in it is no box.
        """
        file = self._boxes(sequence.name)
        if not file.is_file():
            raise DatasetError(
                f"{file}: no result yet; saccade eval with the same --out makes what is missing"
            )
        boxes, seconds = read_boxes(file), read_numbers(self._seconds(sequence.name))
        for found, source in ((boxes, file), (seconds, self._seconds(sequence.name))):
            if len(found) != len(sequence):
                raise DatasetError(
                    f"{source} has {len(found)} lines, but sequence '{sequence.name}' has {len(sequence)} "
                    f"frames; delete it and evaluate again"
                )
        bad = np.flatnonzero(~is_box(boxes))
        if len(bad):
            raise DatasetError(f"{file}, line {bad[0] + 1}: no box; delete the file and evaluate again")
        return Track(boxes, seconds)

    def _boxes(self, sequence: str) -> Path:
        return self.folder / f"{sequence}.txt"

    def _seconds(self, sequence: str) -> Path:
        return self.folder / f"{sequence}_time.txt"

    def _failure(self, sequence: str) -> Path:
        return self.folder / f"{sequence}_failure.txt"


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all.

    Raises:
        OutputError: when the disk is full, or the folder cannot be written.
    """
    make_folder(path.parent)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def is_box(boxes: Float64[np.ndarray, "F 4"]) -> Bool[np.ndarray, " F"]:
    """Which rows (x, y, w, h) are boxes: finite, and of no negative size."""
    return np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] >= 0).all(axis=1)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read_json(path: Path) -> dict[str, Any] | None:
    """The dictionary in a file; None when there is no file."""
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); delete it and evaluate again") from None
    return value if isinstance(value, dict) else {}
