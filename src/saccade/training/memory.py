"""How much of a batch fits into a device's memory, once a whole one did not."""

import gc

import torch

from saccade.core import TrainingError
from saccade.data.samples.sample import Sample
from saccade.training.feed import Share
from saccade.training.task import Task

_SPARE = 0.9
"""share of the memory that is counted on; the rest is lost between what is in it"""


def shrink(batch: Sample, count: int) -> Sample:
    """The first samples of a batch."""
    train, test = (frames.map(lambda part: part[:, :count]) for frames in (batch.train, batch.test))
    return Sample(train, test, batch.origins[:count])


def out_of_memory(task: Task, batch: Sample | None, share: Share, device: torch.device) -> TrainingError:
    """The one line for a user whose batch does not fit, with what would.

    It is found out by trying ever smaller parts of the batch, where no other process has to take part.
    """
    size = share.size
    fits = largest_fitting(task, batch, device) if batch is not None and share.world == 1 else size // 2
    if not fits:
        return TrainingError(
            f"out of memory on {device}, even with one sample at a time; take smaller crops "
            f"(--set processing.crop.size_wh=…), fewer frames (--set sampling.num_test=…), or a larger device"
        )
    pieces = next(
        pieces
        for pieces in range(share.accumulate + 1, share.batch + 1)
        if share.batch % (pieces * share.world) == 0 and share.batch // (pieces * share.world) <= fits
    )
    tried = "would fit" if share.world == 1 else "may fit"
    return TrainingError(
        f"out of memory on {device} with {size} samples at a time; {fits} {tried}: --accumulate {pieces} "
        f"makes the same batch of {share.batch} in {pieces} pieces; --precision bfloat16 needs less too"
    )


def largest_fitting(task: Task, batch: Sample, device: torch.device) -> int:
    """How many samples of a batch pass forwards and backwards; 0 when not even one does.

    Halves the batch until it passes; on a GPU, peaks of memory then tell how many more would.
    """
    task.to(device).train()
    count = len(batch.origins)
    while count := count // 2:
        try:
            peak = _peak(task, shrink(batch, count), device)
        except torch.OutOfMemoryError:
            continue
        return (
            count + _room(peak, _peak(task, shrink(batch, count // 2), device), count, device)
            if count > 1
            else 1
        )
    return 0


def _peak(task: Task, batch: Sample, device: torch.device) -> int:
    """Bytes at the peak of a step; 0 where nobody counts them."""
    _clear(task)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        task(batch)["loss"].backward()
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
