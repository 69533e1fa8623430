"""`saccade eval` of what follows: models over the sequences of data sets, and their scores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from saccade.cli.console import complain, print_json, progress
from saccade.cli.contenders import check_ability, make_contender, parse_others
from saccade.cli.eval_pictures import Wish
from saccade.cli.eval_tracks import Association, check_detections
from saccade.cli.options import choose_model
from saccade.cli.report import make_report
from saccade.core import ConfigError, ModelError
from saccade.core.processes import load_ahead

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import Contender, DatasetResults, Outcome, Protocol, Trial

HEAVY = ("saccade.evaluation.workers", "saccade.zoo", "torchvision")
"""what every worker needs, and takes seconds to load"""
NAMED = 3
"""how many failures are named in the last line"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWish:
    """What the options ask for that is for runs over sequences alone."""

    protocol: str | None
    workers: int | None
    ray: str | None
    repeat: int
    also: Sequence[str]
    associate: str | None
    sequences: Sequence[str]
    seed: int

    @property
    def is_shared(self) -> bool:
        """Whether several processes run models."""
        return self.ray is not None or (self.workers or 1) > 1


def evaluate_trackers(wish: Wish, running: RunningWish) -> None:
    """Runs models over data sets, and reports on all that have results there.

    Raises:
        SaccadeError: for whatever is wrong with the options, before anything is written.
        Exit: with status 1, when a run has failed.
    """
    if running.ray is None and running.is_shared:
        load_ahead(HEAVY)
    names, others = list(dict.fromkeys(wish.models)), parse_others(list(running.also))
    base, is_given = wish.place(), wish.detections is not None
    association, settings = Association.of(running.associate, list(wish.settings), is_given=is_given)
    check_detections(wish.detections, names, association)
    _check(wish, running, names, [*others, *([str(wish.detections)] if is_given else [])])
    benchmarks = _open(wish, running, base)
    contenders = _contenders(wish, running, names, settings, association, benchmarks)
    trials = _trials(running, contenders, benchmarks, others)
    failed = [outcome for outcome in _run(trials, running, base) if outcome.failure]
    _report(benchmarks, as_json=wish.json)
    if failed:
        named = ", ".join(f"{outcome.contender} on {outcome.run}" for outcome in failed[:NAMED])
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        complain(
            f"{len(failed)} of {len(trials)} runs failed: {named}{more}; *_failure.txt beside the results "
            f"say why, and the same command with --out {base} tries them again"
        )
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """A data set, how models are run over it and scored, and where that goes.

    Attributes:
        dialect: in which one-pass results are scored.
        out: the folder of its results and its report.
    """

    dataset: "Dataset"
    protocol: "Protocol"
    dialect: str
    out: Path

    @property
    def results(self) -> "DatasetResults":
        """Where the results of models go."""
        from saccade.evaluation import DatasetResults

        return DatasetResults.at(self.out, self.dataset, self.protocol.name)


def _check(wish: Wish, running: RunningWish, names: Sequence[str], others: Iterable[str]) -> None:
    """Refuses options that do not go together."""
    if not names and not others:
        raise ModelError(
            "nothing to evaluate; name a model, e.g. saccade eval eco …, or give --also NAME=DIR"
        )
    if wish.weights is not None and len(names) > 1:
        raise ModelError(
            f"--weights belong to one model, but there are {len(names)}; evaluate them one by one"
        )
    if len(wish.datasets) != len(wish.roots):
        raise ConfigError(
            f"{len(wish.datasets)} --dataset, but {len(wish.roots)} --root; give a root for each data set"
        )
    for option, value in (("--split", wish.split), ("--sequence", running.sequences)):
        if value and len(wish.datasets) > 1:
            raise ConfigError(f"{option} belongs to one data set; evaluate them one by one")
    for name in {*names} & {*others}:
        raise ConfigError(f"--also {name}=…: a model of that name is evaluated already; call it otherwise")


def _open(wish: Wish, running: RunningWish, base: Path) -> list[_Benchmark]:
    from saccade.data import open_dataset
    from saccade.evaluation import choose_protocol

    benchmarks: list[_Benchmark] = []
    for name, root in zip(wish.datasets, wish.roots, strict=True):
        # other machines know nothing of this one's working folder
        data = open_dataset(name, root.resolve() if running.ray is not None else root, wish.split)
        if running.sequences:
            data = data.only(running.sequences)
        rules, dialect = choose_protocol(running.protocol, data)
        if data.label in (known.dataset.label for known in benchmarks):
            raise ConfigError(
                f"--dataset {name}: {data.label} comes twice, and results of both would go to one folder; "
                f"evaluate them one by one, each with an --out of its own"
            )
        benchmarks.append(
            _Benchmark(data, rules, dialect, base if len(wish.datasets) == 1 else base / data.label)
        )
    return benchmarks


def _contenders(
    wish: Wish,
    running: RunningWish,
    names: Sequence[str],
    settings: list[str],
    association: Association | None,
    benchmarks: "Sequence[_Benchmark]",
) -> "list[Contender]":
    """What is run: models, detectors whose finds are associated, or detections that are given."""
    chosen = {
        title: (name, file) for name, file, title in (choose_model(name, wish.weights) for name in names)
    }
    if len(chosen) < len(names):
        raise ConfigError(
            "results of two of these would have one name; rename the folder of one, or its file"
        )
    check = check_ability if association is None else association.check
    for benchmark in benchmarks:
        check([name for name, _ in chosen.values()], benchmark.protocol, benchmark.dataset)
    elsewhere = {"is_shared": running.is_shared, "is_remote": running.ray is not None}
    contenders = [
        make_contender(name, file, wish.device, wish.precision, settings, title=title, **elsewhere)
        for title, (name, file) in chosen.items()
    ]
    if association is None:
        return contenders
    contenders = [association.after(one) for one in contenders]
    if wish.detections is not None:
        contenders.append(association.of_file(wish.detections, [one.dataset for one in benchmarks]))
    return contenders


def _trials(
    running: RunningWish,
    contenders: "Sequence[Contender]",
    benchmarks: "Sequence[_Benchmark]",
    others: Mapping[str, Path],
) -> "list[Trial]":
    """What is to be run; the results of others are put where they are looked for."""
    from saccade.evaluation import plan
    from saccade.evaluation.others import read_others

    # all is looked at before anything is written
    brought = [
        [read_others(name, place, one.dataset, one.protocol) for name, place in others.items()]
        for one in benchmarks
    ]
    trials: list[Trial] = []
    for benchmark, theirs in zip(benchmarks, brought, strict=True):
        trials += plan(
            contenders,
            benchmark.dataset,
            benchmark.out,
            protocol=benchmark.protocol,
            seed=running.seed,
            repeats=running.repeat,
            about={"workers": running.workers or 1} | ({"ray": running.ray} if running.ray else {}),
        )
        for other in theirs:
            other.write(benchmark.results)
    return trials


def _run(trials: "list[Trial]", running: RunningWish, base: Path) -> "list[Outcome]":
    from saccade.evaluation import run_here, run_in_processes, run_on_cluster

    with progress("evaluating", sum(trial.frames for trial in trials)) as advance:
        try:
            if running.ray is not None:
                return list(run_on_cluster(trials, running.ray, running.workers, advance))
            if running.workers is not None and running.workers > 1:
                return list(run_in_processes(trials, running.workers, advance))
            return list(run_here(trials, advance))
        except KeyboardInterrupt as stop:
            stop.add_note(f"finished sequences are kept; --out {base} continues")
            raise


def _report(benchmarks: list[_Benchmark], *, as_json: bool) -> None:
    """Writes and prints the report on each data set."""
    reports = {
        benchmark.dataset.label: make_report(
            benchmark.dataset, benchmark.results, benchmark.dialect, json=as_json
        )
        for benchmark in benchmarks
    }
    if as_json:
        print_json(next(iter(reports.values())) if len(reports) == 1 else reports)
