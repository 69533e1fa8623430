"""How SimpleBaseline is trained: as its authors do; and in the small, on a CPU."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from saccade.core import Skeleton
from saccade.data.pose.augment import SIMPLEBASELINE_COCO, SIMPLEBASELINE_MPII, PersonAugmentation
from saccade.data.pose.targets import PersonTargets
from saccade.nets.resnet import STRIDES
from saccade.pose.simplebaseline import config as presets
from saccade.pose.simplebaseline.config import SimpleBaselineConfig
from saccade.pose.simplebaseline.network import SimpleBaseline
from saccade.pose.simplebaseline.weights import translated
from saccade.training.pose import HeatMapTask
from saccade.training.recipe import Group, Optimisation, PersonRecipe
from saccade.training.transfer import task_of


class SimpleBaselineTask(HeatMapTask):
    """Training of a SimpleBaseline, from weights of its authors or ours."""

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See `TransferTask`."""
        return translated(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleBaselineTaskConfig(SimpleBaselineConfig):
    """The settings of a SimpleBaseline, as what is learned."""

    @property
    def skeleton(self) -> Skeleton:
        """See `PoseTaskConfig`."""
        return self.network.skeleton

    @property
    def targets(self) -> PersonTargets:
        """See `PersonTaskConfig`."""
        stride = STRIDES["layer4"] // 2**self.network.upsamplings
        return PersonTargets(stride=stride, first_cell=self.first_cell, sigma=self.blur)

    def build(self) -> SimpleBaselineTask:
        """A task with a randomly initialised network."""
        return SimpleBaselineTask(SimpleBaseline(self.network), factor=0.5, learns_absence=False)

    def of_skeleton(self, skeleton: Skeleton) -> "SimpleBaselineTaskConfig":
        """See `PoseTaskConfig`."""
        return replace(self, network=replace(self.network, skeleton=skeleton))

    def from_scratch(self) -> "SimpleBaselineTaskConfig":
        """See `PoseTaskConfig`: all of it always learns."""
        return self


def simplebaseline_resnet18() -> PersonRecipe:
    """On the smallest backbone, as on the larger ones."""
    return _recipe("simplebaseline_resnet18", presets.SIMPLEBASELINE_RESNET18)


def simplebaseline_resnet50() -> PersonRecipe:
    """The paper's, as those below: on COCO's key points."""
    return _recipe("simplebaseline_resnet50", presets.SIMPLEBASELINE_RESNET50)


def simplebaseline_resnet101() -> PersonRecipe:
    """See `simplebaseline_resnet50`."""
    return _recipe("simplebaseline_resnet101", presets.SIMPLEBASELINE_RESNET101)


def simplebaseline_resnet152() -> PersonRecipe:
    """See `simplebaseline_resnet50`."""
    return _recipe("simplebaseline_resnet152", presets.SIMPLEBASELINE_RESNET152)


def simplebaseline_resnet50_384x288() -> PersonRecipe:
    """On larger crops, as those below."""
    return _recipe("simplebaseline_resnet50_384x288", presets.SIMPLEBASELINE_RESNET50_384X288)


def simplebaseline_resnet101_384x288() -> PersonRecipe:
    """See `simplebaseline_resnet50_384x288`."""
    return _recipe("simplebaseline_resnet101_384x288", presets.SIMPLEBASELINE_RESNET101_384X288)


def simplebaseline_resnet152_384x288() -> PersonRecipe:
    """See `simplebaseline_resnet50_384x288`."""
    return _recipe("simplebaseline_resnet152_384x288", presets.SIMPLEBASELINE_RESNET152_384X288)


def simplebaseline_resnet50_mpii() -> PersonRecipe:
    """On MPII, with weaker augmentation, as those below."""
    return _mpii("simplebaseline_resnet50_mpii", presets.SIMPLEBASELINE_RESNET50_MPII)


def simplebaseline_resnet101_mpii() -> PersonRecipe:
    """See `simplebaseline_resnet50_mpii`."""
    return _recipe(
        "simplebaseline_resnet101_mpii", presets.SIMPLEBASELINE_RESNET101_MPII, SIMPLEBASELINE_MPII
    )


def simplebaseline_resnet152_mpii() -> PersonRecipe:
    """See `simplebaseline_resnet50_mpii`."""
    return _recipe(
        "simplebaseline_resnet152_mpii", presets.SIMPLEBASELINE_RESNET152_MPII, SIMPLEBASELINE_MPII
    )


def simplebaseline_resnet18_cpu() -> PersonRecipe:
    """For a few hundred people and two cores: as many steps whatever the data, at small crops."""
    recipe = _recipe("simplebaseline_resnet18", replace(presets.SIMPLEBASELINE_RESNET18, size=(128, 128)))
    return replace(
        recipe,
        name="simplebaseline_resnet18_cpu",
        summary="simplebaseline_resnet18 at 128 pixels, from nothing, in 4,800 small steps for a CPU",
        augmentation=replace(recipe.augmentation, color=0.2),
        optimisation=Optimisation(
            groups=(Group(path="", lr=1e-3),),
            method="adamw",
            weight_decay=0.05,
            decays="kernels",
            schedule="cosine",
            gamma=0.01,
            warmup_epochs=2.0,
        ),
        epochs=60,
        samples=1280,
        batch=16,
        validation_every=5,
        ema=0.998,
        ema_rise=200,
    )


def _mpii(name: str, preset: SimpleBaselineConfig) -> PersonRecipe:
    return _recipe(name, preset, SIMPLEBASELINE_MPII)


def _recipe(
    name: str, preset: SimpleBaselineConfig, augmentation: PersonAugmentation = SIMPLEBASELINE_COCO
) -> PersonRecipe:
    return PersonRecipe(
        name=name,
        summary="heat maps of one person, from its weights or an ImageNet backbone",
        model=name,
        task=task_of(SimpleBaselineTaskConfig, preset),
        augmentation=augmentation,
        optimisation=Optimisation(groups=(Group(path="", lr=1e-3),), milestones=(90, 120), gamma=0.1),
        epochs=140,
        # 32 on each of four GPUs
        batch=128,
        validation_every=5,
    )
