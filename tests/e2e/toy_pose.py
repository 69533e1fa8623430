"""A pose estimator for tests: all joints of a person are where their box is brightest."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core import COCO_17, Skeleton
from saccade.pose.config import TopDownConfig
from saccade.pose.model import TopDown


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyPoseNetworkConfig:
    """What the estimator knows."""

    skeleton: Skeleton = COCO_17


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyPoseConfig(TopDownConfig):
    """Settings of the estimator."""

    network: ToyPoseNetworkConfig = ToyPoseNetworkConfig()


TOY_POSE = ToyPoseConfig(size=(64, 64), first_cell=1.5)


class ToyPoseNetwork(nn.Module):
    """Heat maps that are as high as the crop is bright."""

    def forward(self, pictures: Tensor) -> Tensor:
        bright = nn.functional.avg_pool2d(pictures.mean(1, keepdim=True), 4)
        return bright[:, None].expand(-1, 1, len(COCO_17), -1, -1)


def build(name: str, config: ToyPoseConfig, *, weights: Any, device: Any, precision: str) -> TopDown:
    """The estimator; it has learned nothing."""
    return TopDown.of(name, config, ToyPoseNetwork(), device=torch.device("cpu"), precision="float32")
