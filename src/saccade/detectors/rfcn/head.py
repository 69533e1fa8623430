"""Position-sensitive maps, and the vote that reads a proposal's class and box from them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.ops import ps_roi_align, ps_roi_pool

from saccade.detectors.rfcn.backbone import STRIDE
from saccade.detectors.rfcn.config import RFCNNetworkConfig
from saccade.nets.inference import as_precise_as


class Maps(NamedTuple):
    """What is computed of a batch of pictures once, however many proposals there are.

    Attributes:
        features: those that proposals are made from.
        classes: for each class, background first, one map a cell of the grid.
        boxes: for each delta, one map a cell of the grid.
    """

    features: Float[Tensor, "B 1024 h w"]
    classes: Float[Tensor, "B k h w"]
    boxes: Float[Tensor, "B d h w"]


class PositionSensitiveMaps(nn.Module):
    """Three 1 x 1 convolutions: fewer features, and the two kinds of maps of them."""

    reducible = ("reduce", "classes", "boxes")

    def __init__(self, network: RFCNNetworkConfig) -> None:
        super().__init__()
        cells = network.cells**2
        self.reduce = nn.Conv2d(2048, network.channels, 1)
        self.classes = nn.Conv2d(network.channels, cells * (len(network.classes) + 1), 1)
        self.boxes = nn.Conv2d(network.channels, cells * (8 if network.background_boxes else 4), 1)
        for layer in (self.reduce, self.classes, self.boxes):
            assert layer.bias is not None
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Float[Tensor, "B 2048 h w"]) -> tuple[Tensor, Tensor]:
        """Maps of classes and of boxes, in float32."""
        hidden = self.reduce(as_precise_as(self.reduce, features)).relu()
        return self.classes(hidden).float(), self.boxes(hidden).float()


def vote(
    maps: Float[Tensor, "B c h w"],
    proposals: Sequence[Float[Tensor, "_ 4"]],
    *,
    cells: int,
    pooling: Literal["pool", "align"],
    samples: int,
) -> Float[Tensor, "R n"]:
    """The mean, over a grid of cells in each proposal, of what each cell's own map says there.

    Map `(c * cells + i) * cells + j` is read in the cell of row i and column j, for output c.

    Args:
        maps: float32: PyTorch's operators have no bfloat16.
        proposals: corners in pixels, picture by picture.
        pooling: "pool" takes the mean of the positions in a cell; "align" that of `samples` x `samples`
            points between them, so that edges need not lie on positions.
    """
    with torch.autocast(maps.device.type, enabled=False):
        boxes = [proposal.to(maps.dtype) for proposal in proposals]
        if pooling == "pool":
            # torchvision's operator never reads the last row and column of a map; these are none of it
            read = ps_roi_pool(F.pad(maps, (0, 1, 0, 1)), boxes, cells, 1 / STRIDE)
        else:
            read = ps_roi_align(maps, boxes, cells, 1 / STRIDE, samples)
        return read.mean((2, 3))
