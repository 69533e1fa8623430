"""Trials as tasks on a Ray cluster, which sees to it that many machines are busy.

The machines need saccade, and the data set and the weights under the same paths; results come back to this
one.
"""

import re
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import cv2
import torch

from saccade.core import ConfigError, MissingExtraError
from saccade.evaluation.protocols import OnFrame
from saccade.evaluation.runner import Answer, Meter, Outcome, Trial, keep, longest_first, make

RETRIES = 2
"""how often a task is given to another machine when the one that had it is lost"""


def run_on_cluster(
    trials: Sequence[Trial],
    address: str,
    workers: int | None = None,
    on_frame: OnFrame = lambda count: None,
) -> Iterator[Outcome]:
    """Makes trials as Ray tasks, one core each, and one GPU where the contender may use one.

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
    ray = _ray()
    for trial in trials:
        check_device(trial.contender.devices[0])
    _join(ray, address)
    try:
        has_gpu = ray.cluster_resources().get("GPU", 0) >= 1
        task = ray.remote(max_retries=RETRIES)(_make)
        waiting = longest_first(trials)[::-1]
        devices = {
            trial.contender: _device(trial.contender.devices[0], has_gpu, address) for trial in waiting
        }
        pending: dict[Any, Trial] = {}
        while waiting or pending:
            while waiting and (workers is None or len(pending) < workers):
                trial = waiting.pop()
                device = devices[trial.contender]
                gpus = 0 if device == "cpu" else 1
                pending[task.options(num_gpus=gpus).remote(trial, device)] = trial
            ready, _ = ray.wait(list(pending), num_returns=1)
            trial = pending.pop(ready[0])
            answer = _answer(ray, ready[0])
            Meter(trial, on_frame).finish()
            yield keep(trial, answer)
    finally:
        ray.shutdown()


def check_device(wish: str) -> None:
    """Refuses devices that a cluster does not hand out: it knows of cores and of NVIDIA's GPUs.

    Raises:
        ConfigError: naming those that it does.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", wish):
        raise ConfigError(f"--device {wish}: no device of a cluster; choose auto, cpu or cuda")


def _join(ray: ModuleType, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"--ray {address}: no cluster answers ({reason}); start one with: ray start --head"
        ) from None


def _device(wish: str, has_gpu: bool, address: str) -> str:
    """Where a contender runs on a machine of the cluster, of whose GPUs Ray shows it its own alone."""
    if wish.startswith("cuda") and not has_gpu:
        raise ConfigError(f"--device {wish}: the cluster {address} has no GPU; choose --device cpu")
    if wish == "cpu" or (wish == "auto" and not has_gpu):
        return "cpu"
    return "cuda"


def _answer(ray: ModuleType, reference: Any) -> Answer:
    try:
        answer: Answer = ray.get(reference)
    except ray.exceptions.RayError as error:
        return Answer(failure=f"lost on the cluster ({type(error).__name__})", account=str(error))
    return answer


def _make(trial: Trial, device: str) -> Answer:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    return make(trial, device, lambda count: None)


def _ray() -> ModuleType:
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError.of("ray", "cluster") from None
    return ray
