"""A recipe: all that is chosen for a training, as one frozen value."""

import math
from dataclasses import dataclass
from typing import Literal

from saccade.core import ConfigError
from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.training.task import TaskConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One data set of a mixture.

    Attributes:
        dataset: its name, as in `saccade data list`.
        split: which part of it; None for the usual one.
        weight: how often it is drawn from, relative to the others.
    """

    dataset: str
    split: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parameters that share a learning rate.

    Attributes:
        path: the part of the network that they are in, e.g. "classifier.filter_optimizer"; "" is all of it.
        lr: the learning rate at the start.
    """

    path: str
    lr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimisation:
    """How the parameters are changed; a parameter that is in no group is not.

    A parameter that is in several groups belongs to the one with the longest path.

    Attributes:
        groups: what is trained, and how fast.
        method: the optimiser.
        weight_decay: the optimiser's.
        schedule: "step" multiplies the rates by `gamma` after each epoch of `milestones`, counted from 1;
            "cosine" lets them fall to `gamma` times their start over the whole training.
        milestones: epochs after which the rates fall.
        gamma: by how much.
        warmup: steps over which the rates rise from 0.
        clip: largest norm of the gradient of all parameters together; None for any.
        lr_factor: on all learning rates.
    """

    groups: tuple[Group, ...]
    method: Literal["adam", "adamw"] = "adam"
    weight_decay: float = 0.0
    schedule: Literal["step", "cosine"] = "step"
    milestones: tuple[int, ...] = ()
    gamma: float = 0.2
    warmup: int = 0
    clip: float | None = None
    lr_factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        _check("optimisation.warmup", self.warmup, self.warmup >= 0, "0 or more")
        _check("optimisation.gamma", self.gamma, self.gamma >= 0, "0 or more")
        _check("optimisation.lr_factor", self.lr_factor, 0 < self.lr_factor < math.inf, "more than 0")
        if self.clip is not None:
            _check("optimisation.clip", self.clip, self.clip > 0, "more than 0, or none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training.

    Attributes:
        name: what `saccade train` calls it.
        summary: what comes out of it, in a line.
        model: the model of the zoo that the trained network is for.
        task: what is learned.
        data: what it is learned from.
        validation: what is measured on while training; empty for nothing.
        sampling: which frames make a sample.
        processing: how frames become network input and targets.
        optimisation: how the parameters change.
        epochs: how often the learning-rate schedule advances.
        samples: samples an epoch.
        batch: samples a step, on all devices together.
        validation_samples: samples a validation.
        validation_every: epochs between validations.
        ema: decay of the moving average of the parameters that is kept as the result; None for none.
        start: name of the recipe whose result it goes on from; None for one that starts from a trained
            backbone or from nothing.
    """

    name: str
    summary: str
    model: str
    task: TaskConfig
    data: tuple[Part, ...]
    validation: tuple[Part, ...] = ()
    sampling: Sampling
    processing: Processing
    optimisation: Optimisation
    epochs: int
    samples: int
    batch: int
    validation_samples: int = 0
    validation_every: int = 5
    ema: float | None = None
    start: str | None = None

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        for name in ("epochs", "samples", "batch", "validation_every"):
            value = getattr(self, name)
            _check(name, value, value >= 1, "1 or more")
        _check("validation_samples", self.validation_samples, self.validation_samples >= 0, "0 or more")
        if self.ema is not None:
            _check("ema", self.ema, 0 < self.ema < 1, "between 0 and 1, such as 0.999, or none")


def _check(name: str, value: float | int, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ConfigError(f"'{name}': expected {expected}, got {value:g}")
