"""How stacked hourglasses are trained: as in the original's code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from saccade.core import Skeleton
from saccade.data.pose.augment import HOURGLASS
from saccade.data.pose.targets import PersonTargets
from saccade.pose.hourglass.config import (
    HOURGLASS1,
    HOURGLASS2,
    HOURGLASS8,
    HourglassConfig,
    HourglassNetworkConfig,
)
from saccade.pose.hourglass.network import StackedHourglass
from saccade.pose.hourglass.weights import translated
from saccade.training.pose import HeatMapTask
from saccade.training.recipe import Group, Optimisation, PersonRecipe
from saccade.training.transfer import task_of


class HourglassTask(HeatMapTask):
    """Training of a stacked hourglass, from published weights or ours."""

    def __init__(self, network: nn.Module, made: HourglassNetworkConfig) -> None:
        super().__init__(network, factor=1.0, learns_absence=True)
        self._made = made

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See `TransferTask`."""
        return translated(weights, self._made)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourglassTaskConfig(HourglassConfig):
    """The settings of a stacked hourglass, as what is learned."""

    @property
    def skeleton(self) -> Skeleton:
        """See `PoseTaskConfig`."""
        return self.network.skeleton

    @property
    def targets(self) -> PersonTargets:
        """See `PersonTaskConfig`."""
        return PersonTargets(first_cell=self.first_cell, sigma=self.blur)

    def build(self) -> HourglassTask:
        """A task with a randomly initialised network."""
        return HourglassTask(StackedHourglass(self.network), self.network)

    def of_skeleton(self, skeleton: Skeleton) -> "HourglassTaskConfig":
        """See `PoseTaskConfig`."""
        return replace(self, network=replace(self.network, skeleton=skeleton))

    def from_scratch(self) -> "HourglassTaskConfig":
        """See `PoseTaskConfig`: it always is."""
        return self


def hourglass1() -> PersonRecipe:
    """A single one."""
    return _recipe("hourglass1", HOURGLASS1)


def hourglass2() -> PersonRecipe:
    """Two of them."""
    return _recipe("hourglass2", HOURGLASS2)


def hourglass8() -> PersonRecipe:
    """The paper's."""
    return _recipe("hourglass8", HOURGLASS8)


def _recipe(name: str, preset: HourglassConfig) -> PersonRecipe:
    return PersonRecipe(
        name=name,
        summary="heat maps of one person, looked at again and again, from its weights or from nothing",
        model=name,
        task=task_of(HourglassTaskConfig, preset),
        augmentation=HOURGLASS,
        optimisation=Optimisation(
            groups=(Group(path="", lr=2.5e-4),),
            method="rmsprop",
            # the paper lowers it once, when nothing becomes better any more; when that is, it does not say
            milestones=(75,),
            gamma=0.2,
        ),
        epochs=100,
        # 8,000 steps of 6
        samples=48_000,
        batch=6,
        validation_every=1,
    )
