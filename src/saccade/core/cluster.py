"""Tasks on a Ray cluster, which sees to it that many machines are busy.

The machines need saccade, and whatever files the tasks name under the same paths.
"""

import re
import socket
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import cv2
import torch

from saccade.core.errors import ConfigError, MissingExtraError
from saccade.core.tasks import Answer, Lost, OnProgress, Task

RETRIES = 2
"""how often a task is given to another machine when the one that had it is lost"""
PATIENCE = 10.0
"""seconds until a cluster must have taken a call"""


def run_on_cluster(
    tasks: Sequence[Task[Answer]],
    address: str,
    workers: int | None = None,
    on_progress: OnProgress = lambda count: None,
) -> Iterator[tuple[Task[Answer], Answer | Lost]]:
    """Does tasks, in their order, on a cluster: one core each, and one GPU where the task may use one.

    Args:
        address: of the cluster, as `ray.init` takes it: "auto", host:port, or ray://host:port; "local" is one
            of this machine alone, for as long as this lasts.
        workers: tasks at the same time; as many as the cluster takes when None.
        on_progress: is told how much more is done, task by task.

    Yields:
        each task and what it answers, as soon as that is there.

    Raises:
        MissingExtraError: when the package `ray` is missing.
        ConfigError: when there is no such cluster, a device is none of its, or a GPU is asked for and it has
            none.
    """
    ray = _ray()
    for task in tasks:
        check_device(task.devices[0])
    _join(ray, address)
    try:
        has_gpu = ray.cluster_resources().get("GPU", 0) >= 1
        remote = ray.remote(max_retries=RETRIES)(_do)
        waiting = [(task, _device(task.devices[0], has_gpu, address)) for task in tasks][::-1]
        pending: dict[Any, Task[Answer]] = {}
        while waiting or pending:
            while waiting and (workers is None or len(pending) < workers):
                task, device = waiting.pop()
                gpus = 0 if device == "cpu" else 1
                pending[remote.options(num_gpus=gpus).remote(task.work, device)] = task
            ready, _ = ray.wait(list(pending), num_returns=1)
            task = pending.pop(ready[0])
            answer = _answer(ray, ready[0])
            on_progress(task.size)
            yield task, answer
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
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"--ray {address}: no cluster answers ({reason}); start one with: ray start --head"
        ) from None


def _knock(address: str) -> None:
    """Finds out whether anybody listens at host:port, for which Ray itself takes minutes.

    Raises:
        OSError: when nobody does.
    """
    place = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address)
    if place is not None:
        socket.create_connection((place[1], int(place[2])), PATIENCE).close()


def _device(wish: str, has_gpu: bool, address: str) -> str:
    """Where a task is done on a machine of the cluster, of whose GPUs Ray shows it its own alone."""
    if wish.startswith("cuda") and not has_gpu:
        raise ConfigError(f"--device {wish}: the cluster {address} has no GPU; choose --device cpu")
    if wish == "cpu" or (wish == "auto" and not has_gpu):
        return "cpu"
    return "cuda"


def _answer(ray: ModuleType, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return Lost(f"lost on the cluster ({type(error).__name__})", str(error))


def _do(work: Any, device: str) -> Any:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    return work(device, lambda count: None)


def _ray() -> ModuleType:
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError.of("ray", "cluster") from None
    return ray
