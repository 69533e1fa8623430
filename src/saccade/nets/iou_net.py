"""The IoU-Net of ATOM and its successors: how well does a box fit the target of another picture?"""

from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.inference import as_precise_as
from saccade.nets.local_iou import LocalIoU, PooledLevel
from saccade.nets.resnet import STRIDES as BACKBONE_STRIDES
from saccade.ops.roi_pool import roi_pool, roi_pool_vjp

Maps = tuple[Tensor, Tensor]
"""features of layer2 (stride 8) and of layer3 (stride 16), (N, C, h, w) each"""
OverlapFunction = Callable[[Tensor], tuple[Tensor, Tensor]]
"""the predicted overlap (N, P) of proposals (N, P, 4), and its gradient by them"""
Modulation = tuple[Tensor, Tensor]
"""one factor for each channel of the maps, (N, C) each"""

STRIDES = (BACKBONE_STRIDES["layer2"], BACKBONE_STRIDES["layer3"])
"""crop pixels in a cell of each map"""
REFERENCE_BINS = (3, 1)
"""bins that the target's box is pooled into, along each axis of each map"""
PROPOSAL_BINS = (5, 3)
"""bins that a proposal is pooled into"""
CHANNELS = 256
"""of modulation and maps; half of what the prediction is made of"""


class LinearBlock(nn.Module):
    """A linear layer, batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.bn: nn.BatchNorm1d | nn.Identity = nn.BatchNorm1d(outputs)

    def forward(self, x: Float[Tensor, "B d"]) -> Float[Tensor, "B c"]:
        return cast(Tensor, self.bn(self.linear(x))).relu()

    def pull(self, gradient: Float[Tensor, "#B c"], output: Float[Tensor, "B c"]) -> Float[Tensor, "B d"]:
        """The gradient by the input in eval mode, given the output and the gradient by it."""
        gradient = gradient * (output > 0)
        if isinstance(self.bn, nn.BatchNorm1d):  # not folded into the linear layer
            gradient = gradient * self.bn.weight * (cast(Tensor, self.bn.running_var) + self.bn.eps).rsqrt()
        return gradient @ self.linear.weight


class IoUNet(nn.Module):
    """Predicts the overlap of proposals with a target (Danelljan et al. 2019, ATOM, section 3.2).

    The target's picture and box give a modulation, the frame's features give maps; both are computed once.
    Then any number of proposals can be scored, and moved along the gradient of their score. What is
    predicted is a raw number: an overlap for ATOM and DiMP, a log-density for PrDiMP. Everything is batched
    over N targets. Boxes are (x, y, w, h) in crop pixels. Parameters have the names of the original's
    checkpoints.

    Args:
        fine_channels: channels of layer2: 128 of ResNet-18, 512 of ResNet-50.
        coarse_channels: channels of layer3: 256 and 1024.
    """

    reducible = ("conv3_1t", "conv3_2t", "conv4_1t", "conv4_2t")

    def __init__(self, fine_channels: int = 128, coarse_channels: int = 256) -> None:
        super().__init__()
        self.conv3_1r = _block(fine_channels, 128)
        self.conv3_1t = _block(fine_channels, CHANNELS)
        self.conv3_2t = _block(CHANNELS, CHANNELS)
        self.fc3_1r = _block(128, 256, padding=0)
        self.conv4_1r = _block(coarse_channels, 256)
        self.conv4_1t = _block(coarse_channels, CHANNELS)
        self.conv4_2t = _block(CHANNELS, CHANNELS)
        self.fc34_3r = _block(512, CHANNELS, kernel=1, padding=0)
        self.fc34_4r = _block(512, CHANNELS, kernel=1, padding=0)
        self.fc3_rt = LinearBlock(CHANNELS * PROPOSAL_BINS[0] ** 2, 256)
        self.fc4_rt = LinearBlock(CHANNELS * PROPOSAL_BINS[1] ** 2, 256)
        self.iou_predictor = nn.Linear(512, 1)
        self.apply(_initialise)
        self.local_levels: list[PooledLevel] = []

    def modulation(
        self,
        layer2: Float[Tensor, "N c2 h2 w2"],
        layer3: Float[Tensor, "N c3 h3 w3"],
        boxes: Float[Tensor, "N 4"],
    ) -> Modulation:
        """What is characteristic of each target, from a picture's backbone features and its box there."""
        corners = _corners(boxes)[:, None]
        fine, coarse = (
            roi_pool(features, corners, bins=bins, stride=stride)[:, 0]
            for features, bins, stride in zip(
                (
                    self.conv3_1r(as_precise_as(self.conv3_1r, layer2)),
                    self.conv4_1r(as_precise_as(self.conv4_1r, layer3)),
                ),
                REFERENCE_BINS,
                STRIDES,
                strict=True,
            )
        )
        both = torch.cat([self.fc3_1r(fine), coarse], dim=1)
        return self.fc34_3r(both).flatten(1), self.fc34_4r(both).flatten(1)

    def maps(self, layer2: Float[Tensor, "N c2 h2 w2"], layer3: Float[Tensor, "N c3 h3 w3"]) -> Maps:
        """What proposals are pooled from, of the backbone features of the pictures they lie in."""
        fine = self.conv3_2t(self.conv3_1t(as_precise_as(self.conv3_1t, layer2)))
        return fine, self.conv4_2t(self.conv4_1t(as_precise_as(self.conv4_1t, layer3)))

    def predict(
        self, maps: Maps, modulation: Modulation, boxes: Float[Tensor, "N P 4"]
    ) -> Float[Tensor, "N P"]:
        """The predicted overlap of each proposal; differentiable in everything."""
        corners = _corners(boxes)
        hidden = []
        for features, factors, bins, stride, block in self._levels(maps, modulation):
            pooled = roi_pool(features, corners, bins=bins, stride=stride)
            hidden.append(block((pooled * factors).flatten(2).flatten(0, 1)))
        return cast(Tensor, self.iou_predictor(torch.cat(hidden, dim=1))).unflatten(0, boxes.shape[:2])[
            ..., 0
        ]

    def predict_with_gradient(
        self, maps: Maps, modulation: Modulation, boxes: Float[Tensor, "N P 4"]
    ) -> tuple[Float[Tensor, "N P"], Float[Tensor, "N P 4"]]:
        """The predicted overlap of each proposal, and its gradient by the proposal's (x, y, w, h).

        The gradient is written out, not left to autograd, which does not work in inference mode and is a
        little slower. The network must be in eval mode.
        """
        corners = _corners(boxes)
        levels = self._levels(maps, modulation)
        hidden, pullbacks = [], []
        for features, factors, bins, stride, block in levels:
            pooled, pullback = roi_pool_vjp(features, corners, bins=bins, stride=stride)
            hidden.append(block((pooled * factors).flatten(2).flatten(0, 1)))
            pullbacks.append(pullback)
        overlap = cast(Tensor, self.iou_predictor(torch.cat(hidden, dim=1))).unflatten(0, boxes.shape[:2])

        by_corner = torch.zeros_like(boxes)
        by_hidden = self.iou_predictor.weight.chunk(2, dim=1)
        for (_, factors, bins, _, block), output, gradient, pullback in zip(
            levels, hidden, by_hidden, pullbacks, strict=True
        ):
            by_pooled = block.pull(gradient, output).reshape(*boxes.shape[:2], CHANNELS, bins, bins)
            by_corner = by_corner + pullback(by_pooled * factors)
        by_first, by_last = by_corner[..., :2], by_corner[..., 2:]
        return overlap[..., 0], torch.cat([by_first + by_last, by_last], dim=-1)

    def overlap_in(
        self,
        layer2: Float[Tensor, "N c2 h2 w2"],
        layer3: Float[Tensor, "N c3 h3 w3"],
        modulation: Modulation,
    ) -> OverlapFunction:
        """What box refinement climbs: the predicted overlap of proposals in pictures, and its gradient.

        It is `predict_with_gradient` on the pictures' maps. A network that was made ready for inference on a
        CPU computes no more of them than the proposals need.
        """
        if self.local_levels:
            return LocalIoU(self.local_levels, self.iou_predictor.bias, (layer2, layer3), modulation)
        return partial(self.predict_with_gradient, self.maps(layer2, layer3), modulation)

    def prepare(self) -> None:
        """Lay out weights as a CPU wants them; a GPU is faster at computing everything."""
        self.local_levels = []
        if self.iou_predictor.weight.device.type != "cpu":
            return
        assert isinstance(self.fc3_rt.bn, nn.Identity), "batch norms are folded first"
        fine, coarse = self.iou_predictor.weight[0].chunk(2)
        self.local_levels = [
            PooledLevel.of(
                (self.conv3_1t, self.conv3_2t),
                self.fc3_rt.linear,
                fine,
                bins=PROPOSAL_BINS[0],
                stride=STRIDES[0],
            ),
            PooledLevel.of(
                (self.conv4_1t, self.conv4_2t),
                self.fc4_rt.linear,
                coarse,
                bins=PROPOSAL_BINS[1],
                stride=STRIDES[1],
            ),
        ]

    def _levels(
        self, maps: Maps, modulation: Modulation
    ) -> list[tuple[Tensor, Tensor, int, int, LinearBlock]]:
        """Features, factors (N, 1, C, 1, 1), bins, stride and layer of each resolution.

        The factors can be applied after pooling, which is linear: to a few bins in place of the whole map.
        """
        factors = (vector[:, None, :, None, None] for vector in modulation)
        return list(zip(maps, factors, PROPOSAL_BINS, STRIDES, (self.fc3_rt, self.fc4_rt), strict=True))


def _corners(boxes: Float[Tensor, "*batch 4"]) -> Float[Tensor, "*batch 4"]:
    return torch.cat([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], dim=-1)


def _block(inputs: int, outputs: int, *, kernel: int = 3, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_in")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
        nn.init.uniform_(module.weight)
        nn.init.zeros_(module.bias)
