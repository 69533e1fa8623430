"""How OpenPose is trained: as in the paper of 2017; and its light form, as by its author."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from saccade.core import COCO_17, COCO_18, Skeleton
from saccade.data.pose.augment import OPENPOSE as AUGMENTATION
from saccade.pose.openpose.config import OPENPOSE, OPENPOSE_LIGHT, OpenPoseConfig, OpenPoseNetworkConfig
from saccade.pose.openpose.network import OpenPose
from saccade.pose.openpose.weights import translated
from saccade.training.pose import FieldTask
from saccade.training.recipe import Group, Optimisation, SceneRecipe
from saccade.training.transfer import task_of

_RATE = 4e-5
_GROUPS = (
    Group(path="", lr=_RATE),
    Group(path="stages", lr=4 * _RATE),
    Group(path="stages.0", lr=_RATE),
)
"""stages behind the first learn four times as fast"""


class OpenPoseTask(FieldTask):
    """Training of an OpenPose, from published weights or ours."""

    def __init__(self, network: nn.Module, made: OpenPoseNetworkConfig) -> None:
        super().__init__(network)
        self._made = made
        if made.backbone == "vgg19":
            self.imagenet = {"backbone": "vgg19"}

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See `TransferTask`."""
        return translated(weights, self._made)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoseTaskConfig(OpenPoseConfig):
    """The settings of an OpenPose, as what is learned."""

    @property
    def skeleton(self) -> Skeleton:
        """See `PoseTaskConfig`."""
        return self.network.skeleton

    def build(self) -> OpenPoseTask:
        """A task with a randomly initialised network."""
        return OpenPoseTask(OpenPose(self.network), self.network)

    def of_skeleton(self, skeleton: Skeleton) -> "OpenPoseTaskConfig":
        """See `PoseTaskConfig`; of COCO's points, people can only be put together with a neck."""
        learned = COCO_18 if skeleton.points == COCO_17.points else skeleton
        return replace(self, network=replace(self.network, skeleton=learned))

    def from_scratch(self) -> "OpenPoseTaskConfig":
        """See `PoseTaskConfig`: all of it always learns."""
        return self


def openpose() -> SceneRecipe:
    """The paper's."""
    return SceneRecipe(
        name="openpose",
        summary="joints and limbs of everybody, from its weights or an ImageNet backbone",
        model="openpose",
        task=task_of(OpenPoseTaskConfig, OPENPOSE),
        augmentation=AUGMENTATION,
        optimisation=Optimisation(
            groups=_GROUPS,
            method="sgd",
            nesterov=False,
            weight_decay=5e-4,
            decays="kernels",
            bias_factor=2.0,
            # every 136,106 of 600,000 steps of ten of the 149,813 people of COCO's train2017
            milestones=(9, 18, 27, 36),
            gamma=0.333,
        ),
        epochs=40,
        batch=10,
        validation_every=1,
    )


def openpose_light() -> SceneRecipe:
    """For CPUs."""
    return SceneRecipe(
        name="openpose_light",
        summary="joints and limbs of everybody for CPUs, from its weights or from nothing",
        model="openpose_light",
        task=task_of(OpenPoseTaskConfig, OPENPOSE_LIGHT),
        augmentation=AUGMENTATION,
        optimisation=Optimisation(
            groups=_GROUPS,
            weight_decay=5e-4,
            decays="kernels",
            bias_factor=2.0,
            milestones=(100, 200, 260),
            gamma=0.333,
        ),
        epochs=280,
        batch=80,
        validation_every=5,
    )
