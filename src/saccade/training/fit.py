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
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
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
from saccade.training.feed import Feed, Share, is_lost_worker, lost_worker, train_loader, validation_loader
from saccade.training.initialisation import initialise
from saccade.training.loop import Judge, Loop, Rhythm, Watch
from saccade.training.memory import has_too_few_samples, is_out_of_memory, out_of_memory
from saccade.training.module import NotFinite, TrainingModule
from saccade.training.processes import end_with_starter
from saccade.training.recipe import Recipe
from saccade.training.record import only_one, read_record, write_record
from saccade.training.stopped import not_finite
from saccade.weights.fetch import Progress

Precision = Literal["float32", "bfloat16", "float16"]
_PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}
_PATIENCE = timedelta(hours=12)
"""for which processes wait for the one that tracks"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What a training runs on.

    But for rounding, devices, nodes and workers change nothing that comes out, and pieces nothing of losses
    that are means over samples; those that pool all pixels, or divide by a count, are of one piece. Batch
    norms that learn see the samples of one piece on one device.

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
    settings: Mapping[str, Any] = field(default_factory=dict)
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
            if name.startswith(self.recipe.model_settings)
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
    seen = _stamp(plan.out / LAST)
    module, state = prepare(plan, show)
    loop = Loop(
        out=plan.out,
        about=plan.facts,
        state=state,
        feed=plan.feed,
        validation=partial(_validation, plan),
        rhythm=plan.rhythm,
        watch=watch,
        judge=judge,
    )
    stop = module.step if loop.has_had_enough else module.total_steps
    trainer = make_trainer(plan, [loop], steps=stop - module.step)
    with only_one(plan.out) if trainer.is_global_zero else nullcontext():
        if trainer.is_global_zero:
            if _stamp(plan.out / LAST) != seen:
                raise ConfigError(
                    f"--out {plan.out}: another training was at work in it until just now; run this again"
                )
            write_record(plan.out, plan.facts, to_json(plan.machines), plan.about, module.step)
        batches = train_batches(plan, trainer, start=module.step, stop=stop)
        with running(plan, module, trainer), loop.heeding_interrupts(alone=plan.machines.world == 1):
            try:
                trainer.fit(module, batches)
            finally:
                if trainer.is_global_zero:
                    watch.end(getattr(batches.dataset, "num_failures", 0))
    if module.step < module.total_steps and not loop.has_had_enough:
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
    _check_counts(plan)
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        task = plan.recipe.task.build()
    if state is None:
        initialise(task, plan.init, plan.start, show)
    module = TrainingModule(task, plan.recipe, seed=plan.seed)
    if state is not None:
        module.load_training_state(state)
    return module, state


def _check_counts(plan: Plan) -> None:
    """Refuses epochs and validations that are shorter than what is seen at once."""
    recipe = plan.recipe
    if recipe.samples < recipe.batch:
        raise ConfigError(
            f"{recipe.samples} samples an epoch make no batch of {recipe.batch}; change one with "
            f"--set samples=… or --set batch=…"
        )
    at_once, count = recipe.batch // plan.machines.accumulate, recipe.validation_samples
    if 0 < count < at_once and plan.feed.validation() is not None:
        raise ConfigError(
            f"{count} validation samples make no batch of {at_once}; change one with "
            f"--set validation_samples=… (0 for none) or --set batch=…"
        )


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
    if _is_started_by_first(trainer):
        end_with_starter()
    ran_out = False
    with _quiet(), torch.random.fork_rng():
        try:
            yield
        except NotFinite as found:
            raise not_finite(found, plan.out, module.step + 1, plan.feed) from None
        except RuntimeError as error:
            if is_lost_worker(error):
                raise lost_worker(plan.machines.workers) from None
            ran_out = is_out_of_memory(error)
            if not ran_out:
                raise
        except ValueError as error:
            if not has_too_few_samples(error):
                raise
            raise ConfigError(
                f"a batch norm has nothing to compare with {_share(plan, trainer).size} samples at a time; "
                f"use fewer --devices or a smaller --accumulate, or a larger --set batch=…"
            ) from None
        except SystemExit:  # how lightning passes on that a user, or a cluster, wants it to end
            raise KeyboardInterrupt from None
    # the memory of the failed step is free only now
    if ran_out:
        context, device = trainer.precision_plugin.forward_context, trainer.strategy.root_device
        share, smaller = _share(plan, trainer), plan.feed.smaller
        raise out_of_memory(module.task, module.batch, share, device, context, smaller=smaller)


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
    count, workers = plan.recipe.validation_samples, plan.machines.workers
    return validation_loader(plan.feed, samples, count, share, workers)


def _stamp(checkpoint: Path) -> tuple[int, int] | None:
    """What tells that a checkpoint is another than it was; None where there is none."""
    try:
        status = checkpoint.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _is_started_by_first(trainer: Trainer) -> bool:
    """Whether the first process of this node made this one, rather than a cluster or torchrun."""
    strategy = trainer.strategy
    return (
        isinstance(strategy, DDPStrategy)
        and isinstance(strategy.cluster_environment, LightningEnvironment)
        and trainer.local_rank > 0
    )


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
