"""The decoupled head: one branch tells the class, another the box and whether there is one."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.detectors.yolox.backbone import STRIDES, Levels
from saccade.detectors.yolox.blocks import Conv, spatial_conv
from saccade.nets.inference import as_precise_as

_PRIOR = 0.01
"""probability that a point holds something, before anything is learned (Lin et al. 2017)"""


class DecoupledHead(nn.Module):
    """Three levels of features to one row a point: box (4), objectness, classes; all raw."""

    reducible = ("stems", "cls_convs", "reg_convs")

    def __init__(self, num_classes: int, width: float, *, depthwise: bool) -> None:
        super().__init__()
        hidden = int(256 * width)

        def branch() -> nn.Sequential:
            return nn.Sequential(*(spatial_conv(hidden, hidden, depthwise=depthwise) for _ in range(2)))

        def prediction(outputs: int) -> nn.ModuleList:
            return nn.ModuleList(nn.Conv2d(hidden, outputs, 1) for _ in STRIDES)

        self.stems = nn.ModuleList(Conv(int(inputs * width), hidden, 1) for inputs in (256, 512, 1024))
        self.cls_convs = nn.ModuleList(branch() for _ in STRIDES)
        self.reg_convs = nn.ModuleList(branch() for _ in STRIDES)
        self.cls_preds = prediction(num_classes)
        self.reg_preds = prediction(4)
        self.obj_preds = prediction(1)
        for layer in (*self.cls_preds, *self.obj_preds):
            assert isinstance(layer, nn.Conv2d) and layer.bias is not None
            nn.init.constant_(layer.bias, math.log(_PRIOR / (1 - _PRIOR)))

    def forward(self, levels: Levels) -> Float[Tensor, "B P c"]:
        """Rows of all levels, fine to coarse; in each level row by row, as `Points` has them."""
        rows = [self._level(level, features) for level, features in enumerate(levels)]
        return torch.cat(rows, dim=2).mT

    def _level(self, level: int, features: Float[Tensor, "B f h w"]) -> Float[Tensor, "B c P"]:
        x = self.stems[level](features)
        of_class, of_box = self.cls_convs[level](x), self.reg_convs[level](x)
        # a box to a fraction of a pixel needs more than the eight bits of bfloat16
        of_class = as_precise_as(self.cls_preds[level], of_class)
        of_box = as_precise_as(self.reg_preds[level], of_box)
        maps = [self.reg_preds[level](of_box), self.obj_preds[level](of_box), self.cls_preds[level](of_class)]
        return torch.cat(maps, dim=1).flatten(2)
