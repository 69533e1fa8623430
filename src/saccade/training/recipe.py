"""A recipe: all that is chosen for a training, as one frozen value."""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from saccade.core import ConfigError
from saccade.data.detection.augment import Augmentation, Fit
from saccade.data.pose.augment import PersonAugmentation, SceneAugmentation
from saccade.data.pose.targets import SceneTargets
from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.training.task import DetectorTaskConfig, PersonTaskConfig, PoseTaskConfig, TaskConfig


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
        momentum: that of "sgd".
        nesterov: whether "sgd" is Nesterov's.
        weight_decay: the optimiser's.
        decays: what weights decay; "kernels" spares biases and the scales of norms.
        bias_factor: on the learning rates of biases.
        schedule: "step" multiplies the rates by `gamma` after each epoch of `milestones`, counted from 1;
            "cosine" lets them fall to `gamma` times their start over the whole training.
        milestones: epochs after which the rates fall.
        gamma: by how much.
        flat: epochs at the end of "cosine" in which they fall no further.
        warmup: steps over which the rates rise from 0.
        warmup_epochs: the same in epochs; the longer of the two counts.
        warmup_shape: how they rise.
        clip: largest norm of the gradient of all parameters together; None for any.
        lr_factor: on all learning rates.
    """

    groups: tuple[Group, ...]
    method: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 0.0
    decays: Literal["all", "kernels"] = "all"
    bias_factor: float = 1.0
    schedule: Literal["step", "cosine"] = "step"
    milestones: tuple[int, ...] = ()
    gamma: float = 0.2
    flat: int = 0
    warmup: int = 0
    warmup_epochs: float = 0.0
    warmup_shape: Literal["linear", "quadratic"] = "linear"
    clip: float | None = None
    lr_factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        for name in ("warmup", "warmup_epochs", "flat"):
            _check(f"optimisation.{name}", getattr(self, name), getattr(self, name) >= 0, "0 or more")
        _check("optimisation.momentum", self.momentum, 0 < self.momentum < 1, "between 0 and 1")
        _check("optimisation.gamma", self.gamma, self.gamma >= 0, "0 or more")
        for name in ("lr_factor", "bias_factor"):
            value = getattr(self, name)
            _check(f"optimisation.{name}", value, 0 < value < math.inf, "more than 0")
        if self.clip is not None:
            _check("optimisation.clip", self.clip, self.clip > 0, "more than 0, or none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What every training has.

    Attributes:
        name: what `saccade train` calls it.
        summary: what comes out of it, in a line.
        model: the model of the zoo that the trained network is for.
        task: what is learned.
        optimisation: how the parameters change.
        epochs: how often the learning-rate schedule advances.
        samples: samples an epoch.
        batch: samples a step, on all devices together.
        validation_samples: samples that the loss is measured on in a validation.
        validation_every: epochs between validations.
        ema: decay of the moving average of the parameters that is kept as the result; None for none.
        ema_rise: steps in which the decay comes two thirds of its way from 0, so that what is random at the
            beginning is forgotten.
        start: name of the recipe, or of the weights, that it goes on from; None for one that starts from a
            trained backbone or from nothing.
    """

    model_settings: ClassVar[str] = "task.network."
    """how the names of those settings begin that the trained model must know"""
    fewest_samples: ClassVar[int] = 1
    """of an epoch; 0 where that means as many as there are"""

    name: str
    summary: str
    model: str
    task: TaskConfig
    optimisation: Optimisation
    epochs: int
    samples: int
    batch: int
    validation_samples: int = 0
    validation_every: int = 5
    ema: float | None = None
    ema_rise: int = 0
    start: str | None = None

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        for name in ("epochs", "batch", "validation_every"):
            value = getattr(self, name)
            _check(name, value, value >= 1, "1 or more")
        is_enough = self.samples >= self.fewest_samples
        _check("samples", self.samples, is_enough, f"{self.fewest_samples} or more")
        for name in ("validation_samples", "ema_rise"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        if self.ema is not None:
            _check("ema", self.ema, 0 < self.ema < 1, "between 0 and 1, such as 0.999, or none")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRecipe(Recipe):
    """A training of what follows a target through frames.

    Attributes:
        data: what it is learned from.
        validation: what the loss is measured on while training; empty for nothing.
        sampling: which frames make a sample.
        processing: how frames become network input and targets.
    """

    data: tuple[Part, ...]
    validation: tuple[Part, ...] = ()
    sampling: Sampling
    processing: Processing


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRecipe(Recipe):
    """A training of what finds things in pictures; its samples are the pictures of the data, each in turn.

    Attributes:
        task: the detector's own settings, with the size of its pictures; its classes come from the data.
        samples: pictures an epoch; 0 for as many as there are.
        augmentation: what happens to pictures.
        fit: how they come to the size of `task`.
    """

    model_settings: ClassVar[str] = "task."
    fewest_samples: ClassVar[int] = 0

    task: DetectorTaskConfig
    samples: int = 0
    augmentation: Augmentation
    fit: Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseRecipe(Recipe):
    """A training of what finds people's key points; its samples are the people of the data, each in turn.

    Attributes:
        task: the estimator's own settings; its skeleton comes from the data.
        samples: people an epoch; 0 for as many as there are.
    """

    model_settings: ClassVar[str] = "task."
    fewest_samples: ClassVar[int] = 0

    task: PoseTaskConfig
    samples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecipe(PoseRecipe):
    """A training of what looks at one person at a time, in a crop.

    Attributes:
        augmentation: what happens to crops.
    """

    task: PersonTaskConfig
    augmentation: PersonAugmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRecipe(PoseRecipe):
    """A training of what finds the joints and the limbs of everybody, in squares around one of them.

    Attributes:
        side: of the squares in pixels, a multiple of the cells'.
        augmentation: what happens to them.
        targets: what the network should answer.
    """

    side: int = 368
    augmentation: SceneAugmentation
    targets: SceneTargets = field(default_factory=SceneTargets)

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        PoseRecipe.__post_init__(self)
        stride = self.targets.stride
        _check("side", self.side, self.side > 0 and self.side % stride == 0, f"a multiple of {stride}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecipe(PoseRecipe):
    """A training of what finds people and their key points in whole pictures, which are its samples.

    Attributes:
        flip: probability of a picture being mirrored, left to right.
    """

    flip: float = 0.5

    def __post_init__(self) -> None:
        """Refuses values that make no training."""
        PoseRecipe.__post_init__(self)
        _check("flip", self.flip, 0 <= self.flip <= 1, "from 0 to 1")


def _check(name: str, value: float | int, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ConfigError(f"'{name}': expected {expected}, got {value:g}")
