"""How much of a batch fits into a device's memory, once a whole one did not."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from saccade.core import TrainingError
from saccade.training.batch import Batch
from saccade.training.feed import Share
from saccade.training.task import Task

_SPARE = 0.9
"""share of the memory that is counted on; the rest is lost between what is in it"""
_SIGNS = ("out of memory", "ALLOC_FAILED")
"""how Metal, and the libraries of CUDA, say so"""
FEWEST_TO_COMPARE = 4
"""samples of which a half is enough for batch norms"""
Context = Callable[[], AbstractContextManager[object]]
"""makes what a step is computed in: mixed precision, or nothing"""


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a step failed for want of a device's memory."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)


def has_too_few_samples(error: ValueError) -> bool:
    """Whether a batch norm had but one number to normalise; PyTorch knows no error of its own for it."""
    return "more than 1 value per channel" in str(error)


def out_of_memory(
    task: Task,
    batch: Batch | None,
    share: Share,
    device: torch.device,
    context: Context = nullcontext,
    *,
    smaller: str,
) -> TrainingError:
    """The one line for a user whose batch does not fit, with what would.

    It is found out by trying ever smaller parts of the batch, where no other process has to take part.

    Args:
        smaller: what makes samples smaller.
    """
    size = share.size
    fits, tried = size // 2, "may fit"
    if batch is not None and share.world == 1:
        fits, tried = largest_fitting(task, batch, device, context), "would fit"
    if not fits:
        return TrainingError(
            f"out of memory on {device}, even with the fewest samples at a time; take {smaller}, or a larger "
            f"device"
        )
    pieces = next(
        pieces
        for pieces in range(share.accumulate + 1, share.batch + 1)
        if share.batch % (pieces * share.world) == 0 and share.batch // (pieces * share.world) <= fits
    )
    return TrainingError(
        f"out of memory on {device} with {size} samples at a time; {fits} {tried}: --accumulate {pieces} "
        f"makes the same batch of {share.batch} in {pieces} pieces; --precision bfloat16 needs less too"
    )


def largest_fitting(task: Task, batch: Batch, device: torch.device, context: Context = nullcontext) -> int:
    """How many samples of a batch pass forwards and backwards; 0 when not even the fewest do.

    Halves the batch until it passes; on a GPU, peaks of memory then tell how many more would. Batch norms may
    need two samples.
    """
    task.to(device).train()
    count = len(batch.origins)
    while count := count // 2:
        try:
            peak = _peak(task, batch.first(count), device, context)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            continue
        except ValueError as error:
            if not has_too_few_samples(error):
                raise
            return 0
        if count < FEWEST_TO_COMPARE:
            return count
        half_peak = _peak(task, batch.first(count // 2), device, context)
        return count + _room(peak, half_peak, count, device)
    return 0


def _peak(task: Task, batch: Batch, device: torch.device, context: Context) -> int:
    """Bytes at the peak of a step; 0 where nobody counts them."""
    _clear(task)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        with context():
            loss = task(batch)["loss"]
        loss.backward()
    finally:
        _clear(task)
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def _room(peak: int, half_peak: int, count: int, device: torch.device) -> int:
    """How many samples more than `count` there is room for, short of twice as many."""
    each = (peak - half_peak) / (count - count // 2)
    if each <= 0:
        return 0
    free = _SPARE * torch.cuda.get_device_properties(device).total_memory - peak
    return max(min(int(free / each), count - 1), 0)


def _clear(task: Task) -> None:
    task.zero_grad(set_to_none=True)
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
