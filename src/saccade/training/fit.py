"""A training from its plan to its weights: begins, or goes on where the folder says that it was."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.strategies import DDPStrategy, Strategy
from torch.utils.data import DataLoader

from saccade.core import ConfigError
from saccade.core.config import to_json
from saccade.core.versions import versions
from saccade.training.checkpoints import LAST, check_same, read_training
from saccade.training.export import WEIGHTS
from saccade.training.feed import Feed, Share, train_loader, validation_loader
from saccade.training.initialisation import initialise
from saccade.training.loop import Judge, Loop, Rhythm, Watch
from saccade.training.memory import out_of_memory
from saccade.training.module import NotFinite, TrainingModule
from saccade.training.recipe import Recipe
from saccade.training.record import only_one, read_record, write_record
from saccade.training.stopped import not_finite
from saccade.weights.fetch import Progress
from saccade.weights.trained import NETWORK

Precision = Literal["float32", "bfloat16", "float16"]
_PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}
_PATIENCE = timedelta(hours=12)
"""for which processes wait for the one that tracks"""
_TASK = f"task.{NETWORK}"
"""how settings of a recipe begin that are its network's"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What a training runs on; none of it changes what comes out but by rounding.

    Attributes:
        device: "auto", "cpu", "cuda" or "mps".
        devices: how many of each node.
        nodes: how many.
        precision: what the network computes in; parameters are float32.
        accumulate: pieces that a step is made in, one after the other.
        workers: processes a device that make samples; 0 for none but the one that trains.
    """

    device: str = "auto"
    devices: int = 1
    nodes: int = 1
    precision: Precision = "float32"
    accumulate: int = 1
    workers: int = 4

    @property
    def world(self) -> int:
        """How many processes train together."""
        return self.devices * self.nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a training needs to know.

    Attributes:
        recipe: what is trained, and how.
        settings: what was changed in the recipe, as it was typed.
        feed: where samples come from.
        data: what they are made of, as JSON values; rows have at least `dataset`, `split` and `weight`.
        out: the folder that everything goes to.
        seed: of everything that is random.
        init: what it begins with, as `initialise` takes it.
        start: the weights of the model that the recipe goes on from; None for none.
        machines: what it runs on.
        rhythm: when things are done.
        about: what is good to know besides, for people.
    """

    recipe: Recipe
    settings: Mapping[str, str] = field(default_factory=dict)
    feed: Feed
    data: Sequence[Mapping[str, Any]]
    out: Path
    seed: int = 0
    init: str | None = None
    start: Path | None = None
    machines: Machines = Machines()
    rhythm: Rhythm = field(default_factory=Rhythm)
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def course(self) -> dict[str, Any]:
        """What decides on the course of the training, as JSON values."""
        parts = [{key: row[key] for key in ("dataset", "split", "weight")} for row in self.data]
        recipe = to_json(self.recipe)
        return {"recipe": recipe, "data": parts, "seed": self.seed, "init": self.init or "as the recipe says"}

    @property
    def facts(self) -> dict[str, Any]:
        """What checkpoints say of the training."""
        made = {
            name.removeprefix("task."): value
            for name, value in self.settings.items()
            if name.startswith(_TASK)
        }
        trained = {"model": self.recipe.model, "recipe": self.recipe.name, "settings": made}
        return {
            "trained": trained,
            "course": self.course,
            "data": [dict(row) for row in self.data],
            "versions": versions(),
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training leaves.

    Attributes:
        steps: that it has made in all.
        checkpoint: to go on from, and to track with.
        weights: to track with.
        scores: what was measured last.
    """

    steps: int
    checkpoint: Path
    weights: Path
    scores: Mapping[str, float]


def fit(
    plan: Plan, watch: Watch, judge: Judge | None = None, show: Progress = lambda done, total: None
) -> Fitted:
    """Trains, from the beginning or from the checkpoint in the plan's folder, to the end.

    Args:
        judge: tracks real sequences with the weights so far.
        show: is told how far a download of weights is.

    Raises:
        ConfigError: when the folder holds another training, or one is at work in it, or the plan cannot be
            carried out.
        TrainingError: when the loss is no number, or a batch does not fit into memory.
        WeightsError: when what it begins with is missing or broken, or its checkpoint is.
        OutputError: when something cannot be written; the last good checkpoint stays.
        KeyboardInterrupt: when the user wished to stop.
    """
    module, state = prepare(plan, show)
    loop = Loop(
        out=plan.out,
        about=plan.facts,
        state=state,
        validation=partial(_validation, plan),
        rhythm=plan.rhythm,
        watch=watch,
        judge=judge,
    )
    trainer = make_trainer(plan, [loop], steps=module.total_steps - module.step)
    with only_one(plan.out) if trainer.is_global_zero else nullcontext():
        if trainer.is_global_zero:
            write_record(plan.out, plan.facts, to_json(plan.machines), plan.about, module.step)
        batches = train_batches(plan, trainer, start=module.step, stop=module.total_steps)
        with running(plan, module, trainer), loop.heeding_interrupts(alone=plan.machines.world == 1):
            try:
                trainer.fit(module, batches)
            finally:
                if trainer.is_global_zero:
                    watch.end(getattr(batches.dataset, "num_failures", 0))
    if module.step < module.total_steps:
        raise KeyboardInterrupt
    return Fitted(module.step, plan.out / LAST, plan.out / WEIGHTS, loop.scores)


def prepare(plan: Plan, show: Progress) -> tuple[TrainingModule, dict[str, Any] | None]:
    """The task of a plan with the weights that it begins with, or goes on from.

    Returns:
        the module, and what its checkpoint holds; None at the beginning.

    Raises:
        ConfigError: when the folder holds another training.
        WeightsError: when weights are missing, broken, or another network's.
    """
    checkpoint, state = plan.out / LAST, None
    if checkpoint.is_file():
        state = read_training(checkpoint)
        check_same(plan.out, state["about"]["course"], plan.course)
    elif (before := read_record(plan.out)) is not None and any(plan.out.glob("*.ckpt")):
        # one that came to no checkpoint leaves nothing that another would spoil
        check_same(plan.out, before, plan.course)
    if plan.recipe.samples < plan.recipe.batch:
        raise ConfigError(
            f"{plan.recipe.samples} samples an epoch make no batch of {plan.recipe.batch}; change one with "
            f"--set samples=… or --set batch=…"
        )
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        task = plan.recipe.task.build()
    if state is None:
        initialise(task, plan.init, plan.start, show)
    module = TrainingModule(task, plan.recipe, seed=plan.seed)
    if state is not None:
        module.load_training_state(state)
    return module, state


def make_trainer(plan: Plan, callbacks: list[Callback], *, steps: int) -> Trainer:
    """Lightning's trainer on the machines of a plan, without all that saccade does itself."""
    machines = plan.machines
    strategy: str | Strategy = "auto"
    if machines.world > 1:
        # networks have parts that they never run, such as the last layers of backbones
        strategy = DDPStrategy(find_unused_parameters=True, timeout=_PATIENCE)
    with _quiet():
        try:
            return Trainer(
                accelerator="gpu" if machines.device == "cuda" else machines.device,
                devices=machines.devices,
                num_nodes=machines.nodes,
                precision=_PRECISIONS[machines.precision],
                strategy=strategy,
                # the same command goes on by itself, also when the cluster runs it again
                plugins=[SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else None,
                max_steps=steps,
                max_epochs=-1,
                accumulate_grad_batches=machines.accumulate,
                gradient_clip_val=plan.recipe.optimisation.clip,
                callbacks=callbacks,
                default_root_dir=plan.out,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
            )
        except (MisconfigurationException, ValueError) as error:
            raise ConfigError(f"--device {machines.device} --devices {machines.devices}: {error}") from None


@contextmanager
def running(plan: Plan, module: TrainingModule, trainer: Trainer) -> Iterator[None]:
    """Inside, lightning is quiet, and what stops a training becomes an error that says what to do."""
    with _quiet(), torch.random.fork_rng():
        try:
            yield
        except NotFinite as found:
            raise not_finite(found, plan.out, module.step + 1, plan.recipe.processing.colors) from None
        except torch.OutOfMemoryError:
            ran_out = True
        except SystemExit:  # how lightning passes on that a user, or a cluster, wants it to end
            raise KeyboardInterrupt from None
        else:
            ran_out = False
    # the memory of the failed step is free only now
    if ran_out:
        raise out_of_memory(module.task, module.batch, _share(plan, trainer), trainer.strategy.root_device)


def train_batches(plan: Plan, trainer: Trainer, *, start: int, stop: int) -> DataLoader[Any]:
    """What this process learns from in the steps `start` … `stop - 1`.

    Raises:
        ConfigError: when the batch cannot be shared out.
    """
    return train_loader(
        plan.feed, _share(plan, trainer), start=start, stop=stop, workers=plan.machines.workers
    )


def _validation(plan: Plan, trainer: Trainer) -> DataLoader[Any] | None:
    samples = plan.feed.validation()
    if samples is None or not plan.recipe.validation_samples:
        return None
    share = _share(plan, trainer)
    return validation_loader(samples, plan.recipe.validation_samples, share, plan.machines.workers)


def _share(plan: Plan, trainer: Trainer) -> Share:
    return Share(plan.recipe.batch, plan.machines.accumulate, trainer.global_rank, trainer.world_size)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what lightning has to say of itself from people who only want to train."""
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
