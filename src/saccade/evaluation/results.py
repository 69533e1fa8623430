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
several targets, their boxes and scores are called <run>@<target>. Repetitions of a model with other seeds are
called <model>@<seed>. Frames are in the order in which the model saw them. Masks are <sequence>/<frame>.png,
label pictures as in DAVIS; tracks are files of the MOTChallenge.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core import ConfigError, DatasetError
from saccade.core.errors import did_you_mean, reason_of
from saccade.data import Dataset, open_dataset
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols import ONE_PASS, PROTOCOLS, Job
from saccade.evaluation.tracks import Track, find_misfit, read_answers, read_scores, read_seconds
from saccade.media.files import make_folder, output_error, replacing

FORMAT = 1
"""the version of this layout; what a later one may mean nobody knows yet"""
_ANEW = "delete it and evaluate again"


@dataclass(frozen=True, slots=True)
class DatasetResults:
    """The results of all models on one data set, under `results/<dataset>` of an output folder."""

    folder: Path

    @classmethod
    def at(cls, out: Path, dataset: Dataset, protocol: str = ONE_PASS.name) -> "DatasetResults":
        """Where results on this data set lie in an output folder, whether there are any or not.

        Args:
            protocol: how models are run over it.
        """
        label = dataset.label if protocol == ONE_PASS.name else f"{dataset.label}-{protocol}"
        return cls(out / "results" / label)

    @classmethod
    def begin(cls, out: Path, dataset: Dataset, protocol: str = ONE_PASS.name) -> "DatasetResults":
        """Where results on this data set go; says in the folder which data set that is.

        A folder in which no model has begun is taken over.

        Args:
            protocol: how models are run over it.

        Raises:
            DatasetError: when results on another data set of the same name lie there already, or such as a
                newer version has written.
            OutputError: when the folder cannot be written.
        """
        results = cls.at(out, dataset, protocol)
        facts = {"format": FORMAT, "name": dataset.name, "root": str(dataset.root.resolve())}
        facts |= {} if dataset.split is None else {"split": dataset.split}
        facts |= {} if protocol == ONE_PASS.name else {"protocol": protocol}
        known, models = results._facts(), results.models()
        if known is not None and {"format": FORMAT} | known == facts:
            return results
        # where one has begun it may be at work, though it has left nothing yet
        if known is not None and models:
            raise DatasetError(
                f"{results.folder} holds results on {known.get('root')}, not on {facts['root']}; "
                f"choose another --out"
            )
        write_text(results.folder / "dataset.json", _json(facts))
        return results

    @classmethod
    def find(cls, out: Path, name: str | None = None) -> "DatasetResults":
        """The results that lie in an output folder, on one data set.

        Args:
            name: which, where there are several: the name of their folder, or of the data set.

        Raises:
            DatasetError: when there are none, or several, and none is named.
        """
        found = cls.find_all(out, name)
        check_choice(out, found)
        return found[0]

    @classmethod
    def find_all(
        cls, out: Path, name: str | None = None, protocol: str | None = None
    ) -> list["DatasetResults"]:
        """All results that lie in an output folder, or in the folders for each of several data sets in it.

        Folders in which nothing has run yet are passed over, where there are others.

        Args:
            name: only those of such a folder; where there is none, those on such a data set.
            protocol: only those of models that were run so.

        Raises:
            DatasetError: when there are none, with those that there are.
        """
        places = (out, *sorted(out.glob("*/")))
        files = (file for place in places for file in sorted(place.glob("results/*/dataset.json")))
        there = [cls(file.parent) for file in files]
        found = [results for results in there if protocol in (None, results.protocol)]
        if name is not None:
            exact = [results for results in found if results.folder.name == name]
            found = exact or [results for results in found if results.label == name]
        if not found:
            wishes = (("on", name), ("of protocol", protocol))
            what = "".join(f" {word} {wish}" for word, wish in wishes if wish)
            raise DatasetError(f"{out}: no results{what} in it; {_instead(there, name, protocol)}")
        return [results for results in found if not results.is_empty] or found

    @property
    def out(self) -> Path:
        """The output folder that they lie in, with their report."""
        return self.folder.parents[1]

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
        return str((self._facts() or {}).get("protocol", ONE_PASS.name))

    @property
    def label(self) -> str:
        """Names the data set and its split, as `Dataset.label` does."""
        return self.folder.name.removesuffix(f"-{self.protocol}")

    @property
    def is_empty(self) -> bool:
        """Whether no model has left anything yet."""
        return all(self.of(name).is_empty for name in self.models())

    def models(self) -> list[str]:
        """The models that have results here, in alphabetical order.

        Raises:
            DatasetError: when what says what ran cannot be read, or a newer version has written it.
        """
        files = sorted(self.folder.glob("*/run.json"))
        for file in files:
            _read_json(file)
        return [file.parent.name for file in files]

    def of(self, model: str) -> "ModelResults":
        """The results of one model."""
        return ModelResults(self.folder / model)

    def _facts(self) -> dict[str, Any] | None:
        path = self.folder / "dataset.json"
        facts = _read_json(path)
        for key in ("name", "root", "split", "protocol"):
            value = (facts or {}).get(key, "")
            if not isinstance(value, str):
                raise DatasetError(f"{path}: {key} is {value!r}, not a text; {_ANEW}")
        protocol = (facts or {}).get("protocol", ONE_PASS.name)
        if protocol not in PROTOCOLS:
            raise DatasetError(f"{path}: no protocol '{protocol}'; {did_you_mean(protocol, PROTOCOLS)}")
        return facts


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
        elif (old := self.settings) != settings:
            different = sorted(k for k in {*old, *settings} if old.get(k) != settings.get(k))
            raise ConfigError(
                f"{self.folder} holds results with another {' and '.join(different)}; "
                f"choose another --out, or delete the folder to start anew"
            )

    @property
    def is_empty(self) -> bool:
        """Whether it only says what is to run, and nothing has come of it, not even a failure."""
        return {file.name for file in self.folder.iterdir()} <= {"run.json"}

    def has(self, files: Iterable[str]) -> bool:
        """Whether all of these files are there."""
        return all((self.folder / name).exists() for name in files)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What decides on the boxes, as it was written down; nothing where nobody did.

        Raises:
            DatasetError: when it cannot be read.
        """
        path = self.folder / "run.json"
        settings = (_read_json(path) or {}).get("settings", {})
        if not isinstance(settings, dict):
            raise DatasetError(f"{path}: settings are {settings!r}, not an object of JSON; {_ANEW}")
        return settings

    def remove(self) -> None:
        """Removes all of them.

        Raises:
            OutputError: when that cannot be done.
        """
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise output_error(self.folder, error) from error

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

    def read_job(self, job: Job) -> dict[ObjectId, Track]:
        """Reads the boxes of all targets of a run.

        Raises:
            DatasetError: when they are missing, not as many as there are frames, or a box is no box.
        """
        return {
            target: self._read(job, stem, job.frames.index(job.starts[target]))
            for target, stem in job.target_stems.items()
        }

    def _read(self, job: Job, stem: str, joins: int) -> Track:
        file, frames = self.folder / f"{stem}.txt", len(job.frames)
        if not file.is_file():
            raise DatasetError(
                f"{file}: no result yet; saccade eval with the same --out makes what is missing"
            )
        boxes, codes = read_answers(file)
        times, marks = self.folder / f"{job.stem}_time.txt", self.folder / f"{stem}_score.txt"
        seconds, (scores, is_lost) = read_seconds(times, frames), read_scores(marks, frames)
        for found, source in ((boxes, file), (seconds, times), (scores, marks)):
            if len(found) != frames:
                raise DatasetError(
                    f"{source} has {len(found)} lines, but '{job.stem}' has {frames} frames; "
                    f"delete it and evaluate again"
                )
        bad = find_misfit(boxes, codes if job.has_codes else None, joins)
        if bad is not None:
            raise DatasetError(f"{file}, line {bad + 1}: no box; delete the file and evaluate again")
        return Track(boxes, seconds, scores, is_lost, codes)

    def _failure(self, stem: str) -> Path:
        return self.folder / f"{stem}_failure.txt"


def repetition_name(model: str, number: int, first: int = 0) -> str:
    """What the results of a repetition are called: `<model>@<number>`; of the first, as the model."""
    return model if number == first else f"{model}@{number}"


def split_repetition(name: str) -> tuple[str, int | None]:
    """The model whose results are called so, and the number of its repetition; None for the first."""
    model, _, number = name.rpartition("@")
    return (model, int(number)) if model and number.isdecimal() else (name, None)


def check_choice(out: Path, found: Sequence[DatasetResults], *, by_protocol: bool = False) -> None:
    """Refuses several results where there may be those on one data set by one protocol.

    Args:
        by_protocol: whether the user has an option --protocol to choose with.

    Raises:
        DatasetError: with what there is to choose from.
    """
    if len(found) <= 1:
        return
    names, labels = [results.folder.name for results in found], {results.label for results in found}
    several, remedy = "on several data sets", f"choose one with --dataset: {', '.join(names)}"
    if len(set(names)) == 1:
        remedy = f"name one of these folders instead: {', '.join(str(results.out) for results in found)}"
    elif len(labels) == 1:
        several = f"on {min(labels)} by several protocols"
        if by_protocol:
            remedy = f"choose one with --protocol: {', '.join(results.protocol for results in found)}"
    raise DatasetError(f"{out}: results {several}; {remedy}")


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


def _instead(there: Sequence[DatasetResults], name: str | None, protocol: str | None) -> str:
    """What to do where there are no results of a name and a protocol: those that there are."""
    if not there:
        return "saccade eval makes them"
    named = [results for results in there if name in (None, results.folder.name, results.label)]
    if protocol is not None and named:
        return f"there are those of protocol {', '.join(dict.fromkeys(r.protocol for r in named))}"
    return did_you_mean(name or "", dict.fromkeys(results.folder.name for results in there))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read_json(path: Path) -> dict[str, Any] | None:
    """The dictionary in a file; None when there is no file."""
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({reason_of(error)}); {_ANEW}") from None
    if not isinstance(value, dict):
        raise DatasetError(f"{path}: no object of JSON; {_ANEW}")
    if value.get("format", FORMAT) != FORMAT:
        raise DatasetError(
            f"{path}: written by a newer saccade (format {value['format']}; this one knows {FORMAT}); "
            f"upgrade with pip install -U saccade, or choose another --out"
        )
    return value
