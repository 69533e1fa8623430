"""How Keypoint R-CNN is trained: as torchvision's reference scripts do, on one device."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core import Skeleton
from saccade.nets.torchvision import with_current_names
from saccade.pose.torchvision.build import make_network
from saccade.pose.torchvision.config import KEYPOINTRCNN_RESNET50_FPN, KeypointRCNNConfig
from saccade.pose.torchvision.network import KeypointRCNNNetwork
from saccade.training.detection import DetectionTask
from saccade.training.recipe import Group, Optimisation, PictureRecipe
from saccade.training.transfer import task_of

_BATCH = 4
_LEARNING_EPS = 1e-5
"""what batch norms add to the variance where they learn"""


class KeypointRCNNTask(DetectionTask):
    """Training of a Keypoint R-CNN, from weights of any age."""

    def __init__(self, network: KeypointRCNNNetwork) -> None:
        super().__init__(network)
        # torchvision's loss takes what it is given for contiguous
        for part in (network.roi_heads.keypoint_head, network.roi_heads.keypoint_predictor):
            part.to(memory_format=torch.contiguous_format)

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See `TransferTask`."""
        return dict(with_current_names(weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointRCNNTaskConfig(KeypointRCNNConfig):
    """The settings of Keypoint R-CNN, as what is learned."""

    @property
    def skeleton(self) -> Skeleton:
        """See `PoseTaskConfig`."""
        return self.network.skeleton

    def build(self) -> KeypointRCNNTask:
        """A task with a randomly initialised network."""
        return KeypointRCNNTask(make_network(self, None))

    def of_skeleton(self, skeleton: Skeleton) -> "KeypointRCNNTaskConfig":
        """See `PoseTaskConfig`."""
        return replace(self, network=replace(self.network, skeleton=skeleton))

    def from_scratch(self) -> "KeypointRCNNTaskConfig":
        """See `PoseTaskConfig`."""
        return replace(self, network=replace(self.network, norm_eps=self.network.norm_eps or _LEARNING_EPS))


def keypointrcnn_resnet50_fpn() -> PictureRecipe:
    """With rates for its smaller batch."""
    return PictureRecipe(
        name="keypointrcnn_resnet50_fpn",
        summary="people and their joints in whole pictures, from COCO weights or an ImageNet backbone",
        model="keypointrcnn_resnet50_fpn",
        task=task_of(KeypointRCNNTaskConfig, KEYPOINTRCNN_RESNET50_FPN),
        optimisation=Optimisation(
            groups=(Group(path="", lr=0.02 * _BATCH / 16),),
            method="sgd",
            nesterov=False,
            weight_decay=1e-4,
            milestones=(36, 43),
            gamma=0.1,
            warmup_epochs=1.0,
        ),
        epochs=46,
        batch=_BATCH,
        validation_every=1,
    )
