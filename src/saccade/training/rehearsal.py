"""Two steps of a training that leave nothing but knowledge: shapes, memory, and how long it would take."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from saccade.core import ConfigError
from saccade.training.batch import Batch
from saccade.training.fit import Plan, make_trainer, prepare, running, train_batches
from saccade.weights.fetch import Progress

STEPS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What two steps have shown.

    Attributes:
        shapes: of the tensors of a batch, frames first, samples second.
        origins: of the samples of the first batch.
        trained: parameters that are trained, group by group.
        parameters: parameters of the network in all.
        memory: bytes at the peak, on the device, or of the process where that is the CPU.
        first_step: seconds of the first step, in which much is done once and for all.
        seconds: of the second step, with the time in which it waited for its samples.
        waiting: seconds of it in which it waited.
        steps_left: in the whole training.
        losses: of both steps.
    """

    shapes: Mapping[str, tuple[int, ...]]
    origins: tuple[str, ...]
    trained: Mapping[str, int]
    parameters: int
    memory: int
    first_step: float
    seconds: float
    waiting: float
    steps_left: int
    losses: tuple[float, ...]

    @property
    def seconds_left(self) -> float:
        """How long the rest of the training would take at this speed, without validation."""
        return self.steps_left * self.seconds


def rehearse(plan: Plan, show: Progress = lambda done, total: None) -> Rehearsal | None:
    """Makes two steps from where the training stands, and writes nothing.

    Args:
        show: is told how far a download of weights is.

    Returns:
        what they have shown; None in all processes but the first.

    Raises:
        ConfigError: and all else that `fit` raises before its first step, or in it.
        TrainingError: when the loss is no number, or the batch does not fit into memory.
    """
    module, _ = prepare(plan, show)
    start, left = module.step, module.total_steps - module.step
    if not left:
        raise ConfigError(f"--out {plan.out}: this training is finished, so there is nothing to rehearse")
    stop = start + min(STEPS, left)
    clock = _Clock()
    trainer = make_trainer(plan, [clock], steps=stop - start)
    batches = train_batches(plan, trainer, start=start, stop=stop)
    with running(plan, module, trainer):
        trainer.fit(module, batches)
    if not trainer.is_global_zero:
        return None
    groups = zip(plan.recipe.optimisation.groups, module.groups, strict=True)
    return Rehearsal(
        shapes=clock.shapes,
        origins=clock.origins,
        trained={group.path: sum(p.numel() for p in parameters) for group, parameters in groups},
        parameters=sum(p.numel() for p in module.task.network.parameters()),
        memory=clock.memory,
        first_step=clock.seconds[0],
        seconds=clock.seconds[-1],
        waiting=clock.waiting,
        steps_left=left,
        losses=tuple(clock.losses),
    )


class _Clock(Callback):
    """Takes the time of steps, and looks at the first batch."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: Mapping[str, tuple[int, ...]] = {}
        self.origins: tuple[str, ...] = ()
        self.seconds: list[float] = []
        self.losses: list[float] = []
        self.waiting, self.memory = 0.0, 0
        self._begun = self._ended = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """From here on the time counts."""
        self._begun = self._ended = time.monotonic()

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Batch, batch_idx: int) -> None:
        """The samples are there."""
        self.waiting += time.monotonic() - self._ended
        if not self.shapes:
            self.origins, self.shapes = batch.origins, batch.shapes

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """A piece of a step is made, or the whole of it."""
        device = trainer.strategy.root_device
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        self._ended = time.monotonic()
        if (trainer.fit_loop.batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        self.losses.append(pl_module.end_step()["Loss/total"])
        self.seconds.append(self._ended - self._begun)
        self.memory = _peak(device)
        if len(self.seconds) < STEPS:
            self.waiting, self._begun = 0.0, self._ended


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource  # Unix alone has it

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
