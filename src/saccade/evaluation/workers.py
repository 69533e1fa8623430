"""Trials side by side in processes of this machine."""

from collections.abc import Iterator, Sequence

from saccade.core import crew
from saccade.evaluation.protocols import OnFrame
from saccade.evaluation.runner import Outcome, Trial, keep, tasks_of


def run_in_processes(
    trials: Sequence[Trial], workers: int, on_frame: OnFrame = lambda count: None
) -> Iterator[Outcome]:
    """Makes trials in as many processes, each with its share of the processor's cores and of the devices.

    A process that dies takes one trial with it, which counts as failed; another takes its place. When this
    process dies, they do as well.

    Args:
        on_frame: is told how many frames more are done; in the end, as many as the trials have.

    Yields:
        each outcome, as soon as it is there.

    Raises:
        OutputError: when results cannot be written.
    """
    tasks = tasks_of(trials)
    for task, answer in crew.run_in_processes(tasks, workers, on_frame, preload=__name__):
        yield keep(tasks[task], answer)
