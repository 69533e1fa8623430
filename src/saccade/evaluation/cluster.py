"""Trials on a Ray cluster.

The machines need saccade, and the data set and the weights under the same paths; results come back to this
one.
"""

from collections.abc import Iterator, Sequence

from saccade.core import cluster
from saccade.evaluation.protocols import OnFrame
from saccade.evaluation.runner import Outcome, Trial, keep, tasks_of


def run_on_cluster(
    trials: Sequence[Trial],
    address: str,
    workers: int | None = None,
    on_frame: OnFrame = lambda count: None,
) -> Iterator[Outcome]:
    """Makes trials as tasks of a cluster, one core each, and one GPU where the contender may use one.

    Args:
        address: of the cluster, as `ray.init` takes it: "auto", host:port, or ray://host:port.
        workers: trials at the same time; as many as the cluster takes when None.
        on_frame: is told how many frames more are done, trial by trial.

    Yields:
        each outcome, as soon as it is there.

    Raises:
        MissingExtraError: when the package `ray` is missing.
        ConfigError: when there is no such cluster, a device is none of its, or a GPU is asked for and it has
            none.
        OutputError: when results cannot be written.
    """
    tasks = tasks_of(trials)
    for task, answer in cluster.run_on_cluster(list(tasks), address, workers, on_frame):
        yield keep(tasks[task], answer)
