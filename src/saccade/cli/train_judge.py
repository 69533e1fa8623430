"""Validation by tracking: what `--validate` names is tracked with the weights so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.cli.console import notify, progress
from saccade.cli.contenders import check_ability
from saccade.cli.train_data import Given
from saccade.core import ConfigError, DatasetError

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import Contender, Protocol

RESULTS = "validation"


def make_judge(
    model: str, texts: Sequence[str] | None, out: Path, device: str
) -> Callable[[Path, int], Mapping[str, float]] | None:
    """What tracks the sequences that were named; None where none were.

    Raises:
        ConfigError: for what names none.
        DatasetError: when one is missing or broken.
        ModelError: when the model cannot be run on one.
    """
    from saccade.data import open_dataset
    from saccade.evaluation import choose_protocol

    courts = []
    for given in (Given.of(text, "--validate") for text in texts or ()):
        if given.weight is not None:
            raise ConfigError(f"--validate {given.name}: takes no weight; every sequence counts the same")
        dataset = open_dataset(given.name, given.root, given.split)
        protocol, dialect = choose_protocol(None, dataset)
        check_ability([model], protocol, dataset)
        courts.append(_Court(dataset, protocol, dialect, out / RESULTS / dataset.label))
    return _Judge(model, tuple(courts), device) if courts else None


@dataclass(frozen=True, slots=True)
class _Court:
    """A data set, how models are run over it and scored, and where results go."""

    dataset: "Dataset"
    protocol: "Protocol"
    dialect: str
    out: Path

    def judge(self, contender: "Contender") -> Mapping[str, float]:
        """The main score on the data set, in percent; none where no run succeeded."""
        from saccade.evaluation import DatasetResults, board_of, plan, run_here

        trials = plan([contender], self.dataset, self.out, protocol=self.protocol)
        with progress(f"tracking {self.dataset.label}", sum(trial.frames for trial in trials)) as advance:
            failed = [outcome for outcome in run_here(trials, advance) if outcome.failure]
        if failed:
            notify(f"{len(failed)} of {len(trials)} runs failed: {failed[0].run}: {failed[0].failure}")
        results = DatasetResults.at(self.out, self.dataset, self.protocol.name)
        try:
            board = board_of(self.dataset, results, [contender.name], dialect=self.dialect, frames=0)
        except DatasetError:
            return {}
        column = board.columns[0]
        value = board.rows[0].summary.values.get(column.key)
        return {} if value is None else {f"{column.title}/{self.dataset.label}": value}


@dataclass(frozen=True, slots=True)
class _Judge:
    """Tracks with the weights in a file."""

    model: str
    courts: tuple[_Court, ...]
    device: str

    def __call__(self, weights: Path, epoch: int) -> Mapping[str, float]:
        """The scores of the weights after an epoch, by name as it is logged."""
        from saccade.evaluation import Contender
        from saccade.weights.store import sha256_of
        from saccade.zoo import load

        model = load(self.model, weights=weights, device=self.device)
        contender = Contender.of(f"epoch-{epoch:04d}", model, {"weights": sha256_of(weights)})
        return {name: value for court in self.courts for name, value in court.judge(contender).items()}
