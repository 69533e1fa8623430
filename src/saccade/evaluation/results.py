"""Result files: what a model left behind, a few text files a sequence.

results/<dataset>[-<split>][-<protocol>]/     one pass goes without saying
  dataset.json                name, root and split of the data set, and the protocol
  <model>/
    run.json                  what ran: configuration, seed, weights, device, versions
    <sequence>.txt            one line x,y,w,h a frame, in frame pixels
    <sequence>_score.txt      one line score,lost a frame
    <sequence>_time.txt       seconds that each frame took
    <sequence>_failure.txt    instead of these: why there is no result

Where a protocol runs more than once over a sequence, the runs are called <sequence>@<run>; where it follows
several targets, their boxes and scores are called <run>@<target>. Frames are in the order in which the model
saw them. Masks are <sequence>/<frame>.png, label pictures as in DAVIS; tracks are files of the MOTChallenge.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import ConfigError, DatasetError
from saccade.data import Dataset, Sequence, open_dataset
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols.job import Job
from saccade.evaluation.tracks import Code, Track, is_box, read_answers, read_scores, read_seconds
from saccade.media.files import make_folder, replacing

ONE_PASS = "one-pass"
"""the protocol that goes without saying"""
FORMAT = 1
"""the version of this layout; what a later one may mean nobody knows yet"""


@dataclass(frozen=True, slots=True)
class DatasetResults:
    """The results of all models on one data set, under `results/<dataset>` of an output folder."""

    folder: Path

    @classmethod
    def begin(cls, out: Path, dataset: Dataset, protocol: str = ONE_PASS) -> "DatasetResults":
        """Where results on this data set go; says in the folder which data set that is.

        Args:
            protocol: how models are run over it.

        Raises:
            DatasetError: when results on another data set of the same name lie there already, or such as a
                newer version has written.
            OutputError: when the folder cannot be written.
        """
        label = dataset.label if protocol == ONE_PASS else f"{dataset.label}-{protocol}"
        results = cls(out / "results" / label)
        facts = {"format": FORMAT, "name": dataset.name, "root": str(dataset.root.resolve())}
        facts |= {} if dataset.split is None else {"split": dataset.split}
        facts |= {} if protocol == ONE_PASS else {"protocol": protocol}
        known = results._facts()
        if known is None:
            write_text(results.folder / "dataset.json", _json(facts))
        elif {"format": FORMAT} | known != facts:
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
        return open_dataset(facts.get("name", self.folder.name), place, facts.get("split"))

    @property
    def protocol(self) -> str:
        """The protocol by which models were run."""
        return str((self._facts() or {}).get("protocol", ONE_PASS))

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
            facts = {"format": FORMAT, "settings": settings, **circumstances}
            write_text(self.folder / "run.json", _json(facts))
        elif known.get("settings") != settings:
            old = known.get("settings") or {}
            different = sorted(k for k in {*old, *settings} if old.get(k) != settings.get(k))
            raise ConfigError(
                f"{self.folder} holds results with another {' and '.join(different)}; "
                f"choose another --out, or delete the folder to start anew"
            )

    def has(self, files: Iterable[str]) -> bool:
        """Whether all of these files are there."""
        return all((self.folder / name).exists() for name in files)

    def is_finished(self, stem: str) -> bool:
        """Whether a run over a sequence has left boxes; these are written last."""
        return self.has([f"{stem}.txt"])

    def save(self, stem: str, files: Mapping[str, bytes]) -> None:
        """Writes the files of one run in their order, each whole or not at all.

        Raises:
            OutputError: when one cannot be written.
        """
        for name, content in files.items():
            write_bytes(self.folder / name, content)
        self._failure(stem).unlink(missing_ok=True)

    def save_failure(self, stem: str, message: str, account: str) -> None:
        """Writes down why there is no result: the message in the first line, and the whole account below."""
        write_text(self._failure(stem), f"{message}\n\n{account}")

    def failure(self, stem: str) -> str | None:
        """The message of what went wrong; None when nothing did."""
        file = self._failure(stem)
        return file.read_text(encoding="utf-8").partition("\n")[0] if file.is_file() else None

    def read(self, sequence: Sequence) -> Track:
        """Reads the result of one pass over a sequence with one target.

        Raises:
            DatasetError: when it is missing, is not one box a frame, or a box in it is no box.
        """
        name = sequence.name
        return self._read(name, name, len(sequence))

    def read_job(self, job: Job) -> dict[ObjectId, Track]:
        """Reads the boxes of all targets of a run.

        Raises:
            DatasetError: when they are missing, not as many as there are frames, or a box is no box.
        """
        return {
            target: self._read(
                stem,
                job.stem,
                len(job.frames),
                joins=job.frames.index(job.starts[target]),
                has_codes=job.has_codes,
            )
            for target, stem in job.target_stems.items()
        }

    def _read(self, stem: str, run: str, frames: int, *, joins: int = 0, has_codes: bool = False) -> Track:
        file = self.folder / f"{stem}.txt"
        if not file.is_file():
            raise DatasetError(
                f"{file}: no result yet; saccade eval with the same --out makes what is missing"
            )
        boxes, codes = read_answers(file)
        times, marks = self.folder / f"{run}_time.txt", self.folder / f"{stem}_score.txt"
        seconds, (scores, is_lost) = read_seconds(times, frames), read_scores(marks, frames)
        for found, source in ((boxes, file), (seconds, times), (scores, marks)):
            if len(found) != frames:
                raise DatasetError(
                    f"{source} has {len(found)} lines, but '{run}' has {frames} frames; "
                    f"delete it and evaluate again"
                )
        is_answered = np.arange(frames) >= joins
        if codes is not None and has_codes:
            is_answered = codes == Code.FOLLOWED
        bad = np.flatnonzero(is_answered & ~is_box(boxes))
        if len(bad):
            raise DatasetError(f"{file}, line {bad[0] + 1}: no box; delete the file and evaluate again")
        return Track(boxes, seconds, scores, is_lost, codes)

    def _failure(self, stem: str) -> Path:
        return self.folder / f"{stem}_failure.txt"


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OutputError: when the disk is full, or the folder cannot be written.
    """
    make_folder(path.parent)
    with replacing(path) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole or not at all; see `write_bytes`."""
    write_bytes(path, text.encode())


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
    facts = value if isinstance(value, dict) else {}
    if facts.get("format", FORMAT) != FORMAT:
        raise DatasetError(
            f"{path}: written by a newer saccade (format {facts['format']}; this one knows {FORMAT}); "
            f"upgrade with pip install -U saccade, or choose another --out"
        )
    return facts
