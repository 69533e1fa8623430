"""OpenPose: heat maps of everybody's joints, and fields that point along their limbs."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.inference import as_precise_as
from saccade.nets.preprocessing import prepared
from saccade.pose.openpose import mobilenet, vgg
from saccade.pose.openpose.blocks import FieldsAndHeatmaps, Stage, initialise
from saccade.pose.openpose.config import OpenPoseNetworkConfig

_BACKBONES: dict[str, Callable[[float], tuple[nn.Module, int]]] = {
    "vgg19": vgg.vgg_backbone,
    "mobilenet_v1": mobilenet.mobilenet_backbone,
}
_STAGES: dict[str, tuple[Callable[..., Stage], Callable[..., Stage]]] = {
    "vgg19": (vgg.first_stage, vgg.later_stage),
    "mobilenet_v1": (mobilenet.first_stage, mobilenet.later_stage),
}


class OpenPose(nn.Module):
    """Part affinity fields and heat maps, looked at again and again (Cao et al. 2017; Osokin 2018).

    Attributes:
        joint_parts: names of the parts that are made for a number of key points and limbs.
        reducible: see `nets.inference.Reducible`; fields and heat maps themselves stay float32.
    """

    reducible = ("backbone",)

    def __init__(self, made: OpenPoseNetworkConfig) -> None:
        super().__init__()
        fields, heatmaps = 2 * len(made.skeleton.limb_indices), len(made.skeleton) + 1
        self.wanted = made.preprocessing
        self.backbone, features = _BACKBONES[made.backbone](made.width)
        first, later = _STAGES[made.backbone]
        stages = [first(features, fields, heatmaps, made.width)]
        for _ in range(1, made.stages):
            stages.append(later(fields + heatmaps + features, fields, heatmaps, made.width))
        self.stages = nn.ModuleList(stages)
        self.joint_parts = tuple(
            f"stages.{index}.{part}"
            for index, stage in enumerate(stages)
            for part in ("fields.last", "heatmaps.last", *stage.takers)
        )
        initialise(self)

    def forward(self, pictures: Float[Tensor, "B 3 H W"]) -> list[FieldsAndHeatmaps]:
        """What each stage finds, the last of which is the answer; all of them learn.

        Args:
            pictures: RGB with values from 0 to 1; sides are multiples of 8.

        Returns:
            part affinity fields (B, 2L, h, w), in each the x and then the y of a limb, of `Skeleton.limbs`
            in their order; and heat maps (B, K + 1, h, w), of which the last is that of the background.
        """
        features = self.backbone(as_precise_as(self.backbone, prepared(pictures, self.wanted)))
        found: list[FieldsAndHeatmaps] = []
        for stage in self.stages:
            seen = [as_precise_as(self.backbone, maps) for maps in found[-1]] if found else []
            found.append(stage(torch.cat([*seen, features], dim=1)))
        return found
