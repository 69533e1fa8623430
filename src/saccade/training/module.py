"""The one Lightning module: it trains any task by any recipe, step by step, and knows where it stands.

Where it stands is a number of steps. Rates, samples and random numbers are functions of it, so that a
training that goes on from a checkpoint cannot be told from one that was never broken off.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.swa_utils import AveragedModel

from saccade.core import ConfigError
from saccade.training.batch import Batch
from saccade.training.groups import shares, train_only
from saccade.training.processes import mean_over_processes
from saccade.training.recipe import Optimisation, Recipe
from saccade.training.schedule import rate_factor
from saccade.training.task import Task

_SEEDS = 0x9E3779B97F4A7C15
"""an odd number without pattern, by which neighbouring steps get seeds that are far apart"""


class NotFinite(Exception):  # noqa: N818 - becomes an error for the user once the batch is saved
    """The loss of a batch is infinite, or not a number.

    Attributes:
        parts: what it is made of.
        batch: whose loss it is; None in a process whose own batch is well.
    """

    def __init__(self, parts: Mapping[str, float], batch: Batch | None) -> None:
        super().__init__("the loss is not finite")
        self.parts, self.batch = parts, batch


class TrainingModule(LightningModule):
    """A task in training.

    Attributes:
        task: what is trained.
        recipe: how.
        groups: the parameters that are trained, group by group of the recipe.
        average: the moving average of the network, which is the result; None where the recipe wants none.
        step: optimiser steps that have been made.
        batch: what the step that is being made learns from; None between steps.
    """

    def __init__(self, task: Task, recipe: Recipe, *, seed: int) -> None:
        """Prepares a task for training.

        Raises:
            ConfigError: when the recipe trains a part that the network does not have, or nothing.
        """
        super().__init__()
        self.task, self.recipe, self.step = task, recipe, 0
        self.batch: Batch | None = None
        self.groups = train_only(task.network, recipe.optimisation.groups)
        if not any(self.groups):
            raise ConfigError(
                "optimisation.groups: no parameter is in any of them, so there is nothing to train"
            )
        self._shares = shares(task.network, self.groups, recipe.optimisation)
        self.average: AveragedModel | None = None
        if recipe.ema is not None:
            # buffers too: the statistics of batch norms belong to the weights
            averaging = _averaging(recipe.ema, recipe.ema_rise)
            self.average = AveragedModel(task.network, multi_avg_fn=averaging, use_buffers=True)
            self.average.requires_grad_(False)
        self._seed = seed
        self._pieces: list[dict[str, float]] = []
        self._optimiser_state: dict[str, Any] = {}
        self._precision_state: dict[str, Any] = {}

    @property
    def epoch_steps(self) -> int:
        """Steps an epoch."""
        return self.recipe.samples // self.recipe.batch

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.epoch_steps * self.recipe.epochs

    @property
    def result(self) -> nn.Module:
        """The network as it would be used now: averaged where the recipe says so."""
        return self.task.network if self.average is None else self.average.module

    @property
    def is_finite(self) -> bool:
        """Whether all that is trained is finite: gradients may be infinite though no loss was."""
        sums = [parameter.detach().sum() for parameters in self.groups for parameter in parameters]
        return bool(torch.stack(sums).isfinite().all())

    def train(self, mode: bool = True) -> "TrainingModule":
        """Sets training mode; the average is always as it is used."""
        super().train(mode)
        if self.average is not None:
            self.average.eval()
        return self

    def configure_optimizers(self) -> Optimizer:
        """The recipe's optimiser, as the checkpoint left it if there is one."""
        settings = self.recipe.optimisation
        rows = [
            {
                "params": share.parameters,
                "lr": settings.groups[share.group].lr * share.rate,
                "weight_decay": share.decay,
            }
            for share in self._shares
        ]
        optimiser = _optimiser(settings, rows)
        if self._optimiser_state:
            optimiser.load_state_dict(self._optimiser_state)
        if self._precision_state:  # of the gradient scaler of float16
            self.trainer.precision_plugin.load_state_dict(self._precision_state)
        return optimiser

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Sets the rates of the step, and the random numbers of this piece of it."""
        self.batch, rates = batch, self.rates()
        for row, share in zip(self.trainer.optimizers[0].param_groups, self._shares, strict=True):
            row["lr"] = rates[share.group] * share.rate
        # tasks may draw while they compute
        piece = (
            self.step * self.trainer.accumulate_grad_batches + len(self._pieces)
        ) * self.trainer.world_size
        torch.manual_seed((self._seed + (piece + self.global_rank + 1) * _SEEDS) % 2**63)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch.

        Raises:
            NotFinite: when it is infinite, or not a number, here or in another process.
        """
        parts = self.task(batch)
        loss: Tensor = parts["loss"]
        named = {"Loss/total": loss, **{name: part for name, part in parts.items() if name != "loss"}}
        own = torch.stack([part.detach().float() for part in named.values()])
        # one transfer a step; before the backward pass, so that no parameter has been spoiled yet
        shared = mean_over_processes(own)
        both = torch.stack([own, shared]).tolist()
        if not torch.isfinite(shared[0]):
            is_own = not torch.isfinite(own[0])
            raise NotFinite(dict(zip(named, both[0], strict=True)), batch if is_own else None)
        self._pieces.append(dict(zip(named, both[1], strict=True)))
        return loss

    def rates(self) -> list[float]:
        """The learning rates of the step that comes next, group by group."""
        settings = self.recipe.optimisation
        factor = rate_factor(settings, self.step, epoch_steps=self.epoch_steps, epochs=self.recipe.epochs)
        return [group.lr * factor for group in settings.groups]

    def end_step(self) -> dict[str, float]:
        """Counts a step that the optimiser has made.

        Returns:
            what the log says of it: the means over its pieces, and the learning rates.
        """
        values = {
            name: sum(piece[name] for piece in self._pieces) / len(self._pieces) for name in self._pieces[0]
        }
        values |= {f"LearningRate/group{place}": rate for place, rate in enumerate(self.rates())}
        self._pieces.clear()
        self.batch, self.step = None, self.step + 1
        if self.average is not None:
            self.average.update_parameters(self.task.network)
        return values

    def training_state(self) -> dict[str, Any]:
        """All that the next steps depend on, as plain values."""
        return {
            "step": self.step,
            "task": dict(self.task.state_dict()),
            "average": None if self.average is None else dict(self.average.module.state_dict()),
            "averaged": 0 if self.average is None else int(self.average.n_averaged),
            "optimizer": self.trainer.optimizers[0].state_dict(),
            "precision": self.trainer.precision_plugin.state_dict(),
        }

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Goes on where another stood when it said `training_state`."""
        self.step = int(state["step"])
        self.task.load_state_dict(state["task"])
        if self.average is not None and state["average"] is not None:
            self.average.module.load_state_dict(state["average"])
            self.average.n_averaged.fill_(state["averaged"])
        self._optimiser_state = state["optimizer"]
        self._precision_state = state["precision"]


def _optimiser(settings: Optimisation, rows: list[dict[str, Any]]) -> Optimizer:
    if settings.method == "sgd":
        return SGD(rows, lr=rows[0]["lr"], momentum=settings.momentum, nesterov=settings.nesterov)
    return {"adam": Adam, "adamw": AdamW, "rmsprop": RMSprop}[settings.method](rows)


def _averaging(decay: float, rise: int) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """Moves averages towards what is; from the second step on, for the first is taken as it is."""

    @torch.no_grad()
    def move(averages: Sequence[Tensor], current: Sequence[Tensor], count: Tensor) -> None:
        if not averages[0].is_floating_point():  # they come by kind; what counts is not averaged
            for average, value in zip(averages, current, strict=True):
                average.copy_(value)
            return
        risen = 1 - math.exp(-int(count) / rise) if rise else 1.0
        torch._foreach_lerp_(list(averages), list(current), 1 - decay * risen)

    return move
