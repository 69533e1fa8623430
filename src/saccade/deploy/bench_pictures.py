"""How fast what looks at pictures is: its three stages, and torchvision's own model beside it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from saccade.core import Frame, SourceError
from saccade.core.timing import stages_end_with
from saccade.deploy.bench import at_once, peak_memory_mb, spread_boxes
from saccade.detectors import torchvision as detectors
from saccade.detectors.model import Detector
from saccade.pose import torchvision as poses
from saccade.pose.model import PeopleFinder, TopDown

WARM_UP = 5
"""frames that are looked at before the clock runs"""
Look = Callable[[Frame], Any]
Looker = Detector | PeopleFinder | TopDown
"""models that need no target"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBench:
    """What was measured."""

    model: str
    device: str
    threads: int
    """CPU threads that PyTorch may use"""
    size_wh: tuple[int, int]
    """frame, in pixels"""
    people: int | None
    """how many are looked at in each frame; None for models that find things by themselves"""
    frames: int
    """how many were timed"""
    median_ms: float
    """milliseconds of a frame"""
    fps: float
    """frames a second at the median"""
    stages_ms: dict[str, float]
    """milliseconds (median) of a frame by stage: pre-processing, network, post-processing"""
    torchvision_ms: float | None
    """milliseconds (median) of the same frames, in turn with ours, in torchvision's own model with the same
    weights, eager and in float32; None for models that torchvision does not have"""
    speedup: float | None
    """median of how many times as long torchvision's takes for a frame"""
    memory_mb: float | None
    """highest memory of the process so far, libraries included, in MiB; None on Windows"""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"size_wh": list(self.size_wh)}


def bench_pictures(
    model: Looker,
    frames: Sequence[Frame],
    *,
    device: torch.device,
    people: int = 1,
    on_frame: Callable[[], None] = lambda: None,
) -> PictureBench:
    """Times a detector or a pose estimator, frame by frame, over frames that are already in memory.

    Args:
        device: where the model runs.
        people: how many there are in each frame, for models that look at one at a time.
        on_frame: is called after every frame.

    Raises:
        SourceError: when no frame is left to time behind those of the warm-up.
    """
    if len(frames) <= WARM_UP:
        raise SourceError(
            f"a bench needs at least {WARM_UP + 1} frames, got {len(frames)}; give a longer source"
        )
    look: Look = model
    if isinstance(model, TopDown):
        look = partial(model, boxes=spread_boxes(people, frames[0].size_wh))
    wait = at_once if device.type == "cpu" else partial(torch.accelerator.synchronize, device)
    reference = _reference(model, device)
    spent, beside, stages = [], [], []
    with stages_end_with(wait):
        for frame in frames:
            ms, found = _timed(look, frame, wait)
            spent.append(ms)
            stages.append(found.timings)
            if reference is not None:
                beside.append(_timed(reference, frame, wait)[0])
            on_frame()
    ours, its = np.array(spent[WARM_UP:]), np.array(beside[WARM_UP:])
    return PictureBench(
        model=model.name,
        device=str(device),
        threads=torch.get_num_threads(),
        size_wh=frames[0].size_wh,
        people=people if isinstance(model, TopDown) else None,
        frames=len(ours),
        median_ms=float(np.median(ours)),
        fps=1e3 / float(np.median(ours)),
        stages_ms={name: float(np.median([each[name] for each in stages[WARM_UP:]])) for name in stages[0]},
        torchvision_ms=float(np.median(its)) if beside else None,
        speedup=float(np.median(its / ours)) if beside else None,
        memory_mb=peak_memory_mb(),
    )


def _timed(look: Look, frame: Frame, wait: Callable[[], None]) -> tuple[float, Any]:
    """Milliseconds, and what was found."""
    begun = time.perf_counter()
    found = look(frame)
    wait()
    return 1e3 * (time.perf_counter() - begun), found


def _reference(model: Looker, device: torch.device) -> Look | None:
    """torchvision's own model, from a frame to what is found in it; None where it has none."""
    if isinstance(model.config, detectors.TorchvisionConfig):
        plain = detectors.plain(model.config, model.network)
    elif isinstance(model.config, poses.KeypointRCNNConfig):
        plain = poses.plain(model.config, model.network)
    else:
        return None
    plain.to(device)

    @torch.inference_mode()
    def look(frame: Frame) -> Any:
        return plain([torch.from_numpy(frame.image).to(device).permute(2, 0, 1).float() / 255])

    return look
