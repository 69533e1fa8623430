"""How fast a model is, and how much memory it takes."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from saccade.core import Frame, Model, ModelError, SourceError, Targets
from saccade.core.targets import Box
from saccade.core.timing import stages_end_with
from saccade.data.synthetic import render
from saccade.media import open_source
from saccade.ops.masks import fill_box

WARM_UP = 10
"""frames that are tracked before the clock runs: caches fill and kernels are chosen in them"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """What was measured."""

    model: str
    device: str
    threads: int
    """CPU threads that PyTorch may use"""
    size_wh: tuple[int, int]
    """frame, in pixels"""
    targets: int
    frames: int
    """how many were timed"""
    warm_up: int
    """how many were tracked before them, besides the first"""
    begin_ms: float
    """milliseconds of the first frame, in which the targets are learnt"""
    median_ms: float
    """milliseconds of a frame"""
    mean_ms: float
    """milliseconds of a frame"""
    p95_ms: float | None
    """95 of 100 frames take no longer; None for a single frame"""
    fps: float
    """frames by seconds, all timed frames together; reading frames is not counted"""
    stages_ms: dict[str, float]
    """mean milliseconds of a frame by stage, in the order of the frame; on a GPU from a pass of its own, in
    which every stage is waited for"""
    staged_ms: float
    """mean milliseconds of a frame in the pass that the stages are of"""
    backbone_ms: float | None
    """milliseconds (median) of a frame in the backbone, below which no tracker that runs it can get, in that
    pass; None for models without one"""
    overhead: float | None
    """what all else takes (median), in times of the backbone, in that pass"""
    memory_mb: float | None
    """highest memory of the process so far, libraries included, in MiB; None on Windows"""
    device_memory_mb: float | None
    """highest memory that tensors took on a CUDA device, in MiB"""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"size_wh": list(self.size_wh)}


def bench(
    model: Model,
    frames: Sequence[Frame],
    boxes: Sequence[Box],
    *,
    device: torch.device,
    warm_up: int | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> BenchResult:
    """Times a model over frames that are already in memory.

    Args:
        frames: the first is where the targets are pointed at.
        boxes: (x, y, w, h) in pixels of the first frame, one a target.
        device: where the model runs.
        warm_up: how many frames behind the first are not timed; when not given, `WARM_UP`, or half of them
            where there are few.
        on_frame: is called after every frame.

    Raises:
        SourceError: for fewer than three frames, or none left to time.
    """
    if warm_up is None:
        warm_up = min(WARM_UP, max(1, (len(frames) - 1) // 2))
    if len(frames) < warm_up + 2:
        raise SourceError(
            f"a bench needs at least {warm_up + 2} frames, got {len(frames)}; give a longer source"
        )
    on_cuda = device.type == "cuda"
    wait = partial(torch.accelerator.synchronize, device) if device.type != "cpu" else at_once
    if on_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    spent, timings = _pass(model, frames, boxes, wait, on_frame)
    first = 1 + warm_up
    timed = whole = np.array(spent[first:])
    if device.type != "cpu":
        with stages_end_with(wait):
            waited, timings = _pass(model, frames, boxes, wait, at_once)
        whole = np.array(waited[first:])
    staged = timings[first:]
    stages = dict.fromkeys(name for timing in staged for name in timing)
    backbone = np.array([timing.get("backbone", np.nan) for timing in staged])
    return BenchResult(
        model=model.name,
        device=str(device),
        threads=torch.get_num_threads(),
        size_wh=frames[0].size_wh,
        targets=len(boxes),
        frames=len(timed),
        warm_up=warm_up,
        begin_ms=spent[0],
        median_ms=float(np.median(timed)),
        mean_ms=float(timed.mean()),
        p95_ms=float(np.percentile(timed, 95)) if len(timed) > 1 else None,
        fps=1e3 * len(timed) / float(timed.sum()),
        stages_ms={name: float(np.mean([t.get(name, 0.0) for t in staged])) for name in stages},
        staged_ms=float(whole.mean()),
        backbone_ms=float(np.nanmedian(backbone)) if "backbone" in stages else None,
        overhead=float(np.nanmedian(whole / backbone)) - 1 if "backbone" in stages else None,
        memory_mb=peak_memory_mb(),
        device_memory_mb=torch.cuda.max_memory_allocated(device) / 2**20 if on_cuda else None,
    )


def _pass(
    model: Model,
    frames: Sequence[Frame],
    boxes: Sequence[Box],
    wait: Callable[[], None],
    on_frame: Callable[[], None],
) -> tuple[list[float], list[Mapping[str, float]]]:
    """Milliseconds of each frame, and of its stages."""
    run = model.start()
    # segmenters want masks, and trackers do not mind them
    masks = [fill_box(box, frames[0].image.shape[:2]) for box in boxes]
    targets = Targets(boxes=boxes, masks=masks)
    spent, timings = [], []
    for number, frame in enumerate(frames):
        start = time.perf_counter()
        found = run.step(frame, targets if number == 0 else None)
        wait()
        spent.append(1e3 * (time.perf_counter() - start))
        timings.append(found.timings)
        on_frame()
    return spent, timings


def at_once() -> None:
    """What has been computed when the call returns needs no waiting for."""


def material(
    source: Any, num_frames: int, num_targets: int, on_frame: Callable[[], None] = lambda: None
) -> tuple[list[Frame], list[Box]]:
    """Frames to time a model on, held in memory, and boxes to point at.

    Args:
        source: a file, folder or whatever else `open_source` takes; None for the synthetic clip.
        num_frames: the clip has exactly as many, a source at most.
        on_frame: is called after every frame.

    Returns:
        frames, and boxes (x, y, w, h): a single one lies on the target of the synthetic clip, all others
        in a grid over the frame.
    """
    frames: list[Frame] = []
    boxes: list[Box] = []
    if source is None:
        for index, (rgb, truth, _) in enumerate(render(num_frames)):
            frames.append(Frame(rgb, index))
            if index == 0:
                x1, y1, x2, y2 = truth[0].tolist()
                boxes = [(x1, y1, x2 - x1, y2 - y1)]
            on_frame()
    else:
        with open_source(source, end=num_frames) as opened:
            for frame in opened:
                frames.append(frame)
                on_frame()
    if source is not None or num_targets != 1:
        boxes = spread_boxes(num_targets, frames[0].size_wh)
    return frames, boxes


def spread_boxes(count: int, size_wh: tuple[int, int]) -> list[Box]:
    """Equal boxes (x, y, w, h) in a grid over a frame, each an eighth of its shorter side.

    Raises:
        ModelError: when `count` is not positive.
    """
    if count < 1:
        raise ModelError(f"a bench needs at least one target, got {count}")
    columns = int(np.ceil(np.sqrt(count * size_wh[0] / size_wh[1])))
    rows = int(np.ceil(count / columns))
    side = max(min(size_wh) / 8, 2.0)
    centers = [
        ((c + 0.5) / columns * size_wh[0], (r + 0.5) / rows * size_wh[1])
        for r in range(rows)
        for c in range(columns)
    ]
    return [(x - side / 2, y - side / 2, side, side) for x, y in centers[:count]]


def peak_memory_mb() -> float | None:
    """Highest memory of the process so far in MiB; None on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # bytes on macOS, kibibytes elsewhere
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
