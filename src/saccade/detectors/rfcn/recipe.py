"""How R-FCN is trained: as its authors do, in one go."""

from dataclasses import dataclass, replace

from saccade.data.detection.augment import Augmentation
from saccade.detectors.rfcn.config import RFCN_RESNET50, RFCN_RESNET101, RFCNConfig
from saccade.detectors.rfcn.network import RFCN
from saccade.training.detection import DetectionTask
from saccade.training.recipe import DetectionRecipe, Group, Optimisation
from saccade.training.transfer import task_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RFCNTaskConfig(RFCNConfig):
    """The settings of an R-FCN, as what is learned."""

    def build(self) -> DetectionTask:
        """A task with a randomly initialised network."""
        return DetectionTask(RFCN(self))

    def of_classes(self, classes: tuple[str, ...]) -> "RFCNTaskConfig":
        """See `DetectorTaskConfig`."""
        return replace(self, network=replace(self.network, classes=classes))

    def from_scratch(self) -> "RFCNTaskConfig":
        """See `DetectorTaskConfig`."""
        return replace(self, learning=replace(self.learning, trained_layers=5, stored_norms=False))


def rfcn_resnet101() -> DetectionRecipe:
    """The paper's."""
    return _recipe("rfcn_resnet101", RFCN_RESNET101)


def rfcn_resnet50() -> DetectionRecipe:
    """On the smaller backbone."""
    return _recipe("rfcn_resnet50", RFCN_RESNET50)


def _recipe(name: str, preset: RFCNConfig) -> DetectionRecipe:
    return DetectionRecipe(
        name=name,
        summary="two stages, all of it convolution, from an ImageNet backbone",
        model=name,
        task=task_of(RFCNTaskConfig, preset),
        augmentation=Augmentation(),
        fit="none",
        optimisation=Optimisation(
            groups=(Group(path="", lr=1e-3),),
            method="sgd",
            weight_decay=5e-4,
            # 80,000 and 110,000 steps of two of the 16,551 pictures of VOC 2007 and 2012
            milestones=(10,),
            gamma=0.1,
            warmup=500,
            clip=35.0,
        ),
        epochs=14,
        batch=2,
        validation_every=1,
    )
