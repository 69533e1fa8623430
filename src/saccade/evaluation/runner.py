"""Runs contenders by a protocol over data sets, one after another, in processes, or on a cluster.

What is to be run is a list of trials. Wherever a trial is made, its files come back to the one process that
writes them, so that a run that is killed leaves whole results, and the next one makes what is missing.
"""

import platform
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from saccade.core import Model, SaccadeWarning
from saccade.core.config import to_json
from saccade.core.tasks import Lost, Meter, Task
from saccade.core.versions import versions
from saccade.data import Dataset
from saccade.evaluation.protocols import ONE_PASS, Job, OnFrame, Protocol, jobs_of
from saccade.evaluation.results import DatasetResults, ModelResults, repetition_name

Load = Callable[..., Model]
"""makes a model with `device="cuda:0"` or another; to be sent to other processes it must be picklable"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A model that takes part in an evaluation.

    Attributes:
        name: names its results and its row in the report.
        load: makes it.
        settings: what decides on its answers besides the seed, such as its configuration and the content of
            its weight file: results of other settings are never added to.
        devices: where it may run; with several, processes share them out.
        circumstances: what is good to know of it besides, e.g. where its weight file lies.
        key: tells it from all others.
    """

    name: str = field(compare=False)
    load: Load = field(compare=False)
    settings: Mapping[str, Any] = field(compare=False)
    devices: tuple[str, ...] = field(default=("cpu",), compare=False)
    circumstances: Mapping[str, Any] = field(default_factory=dict, compare=False)
    key: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def of(cls, name: str, model: Model, settings: Mapping[str, Any] | None = None) -> "Contender":
        """A model that is there already, and runs where it is.

        Args:
            settings: what decides on its answers besides its configuration and the seed.
        """
        facts = {"model": model.name, "configuration": to_json(model.config), **(settings or {})}
        return cls(name, partial(_given, model), facts)


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One run that is to be made: a contender over a job.

    Attributes:
        results: where what comes of it goes.
    """

    contender: Contender
    protocol: Protocol
    job: Job
    seed: int
    results: ModelResults

    @property
    def frames(self) -> int:
        """How many there are to be run."""
        return len(self.job.frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a trial.

    Attributes:
        files: what it leaves behind, by name.
        failure: why it leaves nothing, in a line; empty when all went well.
        account: the traceback.
        remarks: warnings for the user.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    failure: str = ""
    account: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a contender fared in a trial.

    Attributes:
        contender: name of its results.
        run: name of the sequence, and of the run over it where there are several.
        failure: what went wrong; None when there is a result.
    """

    contender: str
    run: str
    failure: str | None


def plan(
    contenders: Iterable[Contender],
    dataset: Dataset,
    out: Path,
    *,
    protocol: Protocol = ONE_PASS,
    seed: int = 0,
    repeats: int = 1,
    about: Mapping[str, Any] | None = None,
) -> list[Trial]:
    """The trials that are still to be made; says under `out` what they are.

    Trials that failed in an earlier evaluation are made again.

    Args:
        seed: of the first repetition. The others have the next seeds, and results called `<name>@<seed>`.
        repeats: how often each contender runs.
        about: what is good to know of the circumstances, e.g. how many processes share the machine.

    Raises:
        InputError: when other results lie under `out` already, the protocol does not fit the data set, or
            results of two sequences would have the same name.
        OutputError: when results cannot be written.
    """
    jobs = jobs_of(protocol, dataset)
    everything = DatasetResults.begin(out, dataset, protocol.name)
    circumstances = {"versions": versions(), "processor": platform.machine(), **(about or {})}
    trials = []
    for contender in contenders:
        for number in range(seed, seed + repeats):
            results = everything.of(repetition_name(contender.name, number, first=seed))
            results.begin(
                {**contender.settings, "seed": number}, {**circumstances, **contender.circumstances}
            )
            trials += [
                Trial(contender, protocol, job, number, results)
                for job in jobs
                if not results.has(protocol.files(job))
            ]
    return trials


def run_here(trials: Iterable[Trial], on_frame: OnFrame = lambda count: None) -> Iterator[Outcome]:
    """Makes trials one after another in this process.

    What a trial leaves is written as soon as it is finished. A contender that fails is written down with its
    traceback, and the others have their turn.

    Args:
        on_frame: is told how many frames more are done; in the end, as many as the trials have.

    Yields:
        each outcome, as soon as it is there.

    Raises:
        OutputError: when results cannot be written.
    """
    try:
        for trial in trials:
            meter = Meter(trial.frames, on_frame)
            answer = make(trial, trial.contender.devices[0], meter.add)
            meter.finish()
            yield keep(trial, answer)
    finally:
        _model.cache_clear()


def make(trial: Trial, device: str, on_frame: OnFrame) -> Answer:
    """Makes a trial, here and now, and writes nothing."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SaccadeWarning)
        try:
            model = _model(trial.contender, device)
            files = trial.protocol.run(model, trial.job, seed=trial.seed, on_frame=on_frame)
            answer = Answer(files=files)
        # a tracker under test may raise anything at all, and the others shall have their turn
        except Exception as error:  # noqa: BLE001
            message = " ".join(f"{type(error).__name__}: {error}".split())
            answer = Answer(failure=message, account="".join(traceback.format_exception(error)))
    return Answer(
        files=answer.files, failure=answer.failure, account=answer.account, remarks=_remarks(caught)
    )


def keep(trial: Trial, answer: Answer | Lost) -> Outcome:
    """Writes what came of a trial.

    Raises:
        OutputError: when that cannot be done.
    """
    if isinstance(answer, Lost):
        answer = Answer(failure=answer.reason, account=answer.account)
    for remark in answer.remarks:
        warnings.warn(f"{trial.job.stem}: {remark}", SaccadeWarning, stacklevel=2)
    if answer.failure:
        trial.results.save_failure(trial.job.stem, answer.failure, answer.account)
    else:
        trial.results.save(trial.job.stem, answer.files)
    return Outcome(trial.results.folder.name, trial.job.stem, answer.failure or None)


def tasks_of(trials: Iterable[Trial]) -> dict[Task[Answer], Trial]:
    """What processes are given to do, and which trial each is, in the order that suits them."""
    return {
        Task(partial(make, trial), trial.frames, trial.contender.devices): trial
        for trial in longest_first(trials)
    }


def longest_first(trials: Iterable[Trial]) -> list[Trial]:
    """Trials in the order that suits those who share them: contender by contender, the longest first.

    So nobody is left with a long one at the end, and a process seldom needs another model.
    """
    trials = list(trials)
    order = {contender: place for place, contender in enumerate(dict.fromkeys(t.contender for t in trials))}
    return sorted(trials, key=lambda trial: (order[trial.contender], -trial.frames))


# one, for networks are large
@lru_cache(maxsize=1)
def _model(contender: Contender, device: str) -> Model:
    return contender.load(device=device)


def _given(model: Model, *, device: str) -> Model:
    return model


def _remarks(caught: Iterable[warnings.WarningMessage]) -> tuple[str, ...]:
    """The warnings that are for users, each once; all others go where they would have gone."""
    caught = list(caught)
    for message in caught:
        if not issubclass(message.category, SaccadeWarning):
            warnings.warn_explicit(message.message, message.category, message.filename, message.lineno)
    texts = (str(message.message) for message in caught if issubclass(message.category, SaccadeWarning))
    return tuple(dict.fromkeys(texts))
