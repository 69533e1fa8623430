"""The IoU-Net's maps where they are needed: over the part of the search region that proposals can reach.

The maps cost more than half as much as the backbone, but proposals stay near the target, which covers a
twenty-fifth of a search region five targets wide. A processor computes the maps of a window around it, and
of the whole region for the rare frame in which a proposal leaves that window. A GPU, for which the rest costs
next to nothing and asking where the proposals are a lot, computes the whole.
"""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.nets.iou_net import STRIDES, IoUNet, Maps, Modulation
from saccade.online.refinement import BoxRefinement, OverlapFunction, RefinedBoxes, refine

SLACK = 0.3
"""how far the window lets proposals climb / square root of the target's area"""
HALO = 2
"""cells at the border of a window whose values lack neighbours: one for each of two convolutions"""
WORTHWHILE = 0.75
"""share of the maps' cells above which a window saves too little"""


def refine_nearby(
    network: IoUNet,
    layers: tuple[Float[Tensor, "N c2 h2 w2"], Float[Tensor, "N c3 h3 w3"]],
    modulation: Modulation,
    boxes: Float[Tensor, "N 4"],
    draws: Float[Tensor, "N R 4"],
    config: BoxRefinement,
) -> RefinedBoxes:
    """Refine first estimates by the IoU-Net; see `refine`, whose result it is to rounding."""
    if boxes.device.type == "cpu":
        window = _Window.around(boxes, layers, config)
        if window is not None:
            nearby = _NearbyOverlap(network, network.maps(*window.cut(layers)), modulation, window)
            refined = refine(nearby, boxes, draws, config)
            if not nearby.was_left:
                return refined
    return refine(_overlap(network, network.maps(*layers), modulation), boxes, draws, config)


def _overlap(network: IoUNet, maps: Maps, modulation: Modulation) -> OverlapFunction:
    return lambda boxes: network.predict_with_gradient(maps, modulation, boxes)


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of each target's maps, equally large for all.

    Attributes:
        origin: first column and row (x, y) of each target, in cells of the coarse map.
        size_wh: columns and rows in cells of the coarse map.
        valid: corners (x1, y1, x2, y2) in crop pixels between which values are those of the whole maps.
    """

    origin: list[tuple[int, int]]
    size_wh: tuple[int, int]
    valid: Float[Tensor, "N 1 4"]

    @classmethod
    def around(
        cls, boxes: Float[Tensor, "N 4"], layers: tuple[Tensor, Tensor], config: BoxRefinement
    ) -> "_Window | None":
        """The window that proposals around the boxes can reach; none where it would save too little."""
        stride, coarse = STRIDES[1], layers[1]
        height, width = coarse.shape[-2:]
        reach = config.position_jitter / 2 + config.size_jitter / 4 + SLACK
        firsts, lasts = [], []
        for x, y, w, h in boxes.tolist():
            if not all(map(math.isfinite, (x, y, w, h))):
                return None
            beyond = reach * math.sqrt(max(w * h, 0.0))
            firsts.append([math.floor((at - beyond) / stride) - HALO for at in (x, y)])
            lasts.append([math.ceil((at + beyond) / stride) + HALO + 1 for at in (x + w, y + h)])
        spans = [
            min(max(last[axis] - first[axis] for first, last in zip(firsts, lasts, strict=True)), limit)
            for axis, limit in enumerate((width, height))
        ]
        if spans[0] * spans[1] > WORTHWHILE * width * height:
            return None
        origins = [(min(max(x, 0), width - spans[0]), min(max(y, 0), height - spans[1])) for x, y in firsts]
        valid = [
            [
                *(stride * (at + HALO) if at > 0 else -math.inf for at in origin),
                *(
                    stride * (at + span - 1 - HALO) if at + span < limit else math.inf
                    for at, span, limit in zip(origin, spans, (width, height), strict=True)
                ),
            ]
            for origin in origins
        ]
        return cls(origins, (spans[0], spans[1]), boxes.new_tensor(valid)[:, None])

    def cut(self, layers: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The window of both maps."""
        fine, coarse = (
            self._cut_one(layer, STRIDES[1] // stride) for layer, stride in zip(layers, STRIDES, strict=True)
        )
        return fine, coarse

    def _cut_one(self, layer: Float[Tensor, "N C h w"], factor: int) -> Float[Tensor, "N C h2 w2"]:
        width, height = (factor * side for side in self.size_wh)
        rows = layer.movedim(1, -1)  # channels last in memory, which a stack of cuts then is too
        cuts = [
            rows[n, factor * y : factor * y + height, factor * x : factor * x + width]
            for n, (x, y) in enumerate(self.origin)
        ]
        return torch.stack(cuts).movedim(-1, 1)


@dataclass(slots=True)
class _NearbyOverlap:
    """The predicted overlap of proposals on a window's maps; notes when one lies beyond."""

    network: IoUNet
    maps: Maps
    modulation: Modulation
    window: _Window
    was_left: bool = False
    _shift: Tensor = field(init=False)

    def __post_init__(self) -> None:
        origin = self.window.valid.new_tensor(self.window.origin) * STRIDES[1]
        self._shift = torch.cat([origin, torch.zeros_like(origin)], dim=1)[:, None]

    def __call__(self, boxes: Float[Tensor, "N P 4"]) -> tuple[Tensor, Tensor]:
        inside = (boxes[..., :2] >= self.window.valid[..., :2]) & (
            boxes[..., :2] + boxes[..., 2:] <= self.window.valid[..., 2:]
        )
        self.was_left = self.was_left or not bool(inside.all())
        return self.network.predict_with_gradient(self.maps, self.modulation, boxes - self._shift)
