"""Precise RoI pooling: the exact mean of a feature map over each bin of a box (Jiang et al. 2018, IoU-Net).

A map has its values at integer coordinates, is bilinear between them and falls to 0 within one cell beyond
its border. Its mean over a bin is then a sum over cells, whose weights are a product of one factor for each
axis, so that pooling is two small matrix products a box, and differentiable in the box without any sampling.

Boxes are corners (x1, y1, x2, y2) in crop pixels; divided by the stride they are coordinates of the map, with
no half-pixel offset. A box without area pools to 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Pullback = Callable[[Tensor], Tensor]
"""turns the gradient by what was pooled (N, P, C, b, b) into that by the boxes (N, P, 4)"""


def roi_pool(
    features: Float[Tensor, "N C h w"], boxes: Float[Tensor, "N P 4"], *, bins: int, stride: int
) -> Float[Tensor, "N P C b b"]:
    """Pool P boxes on each of N maps into `bins` x `bins` means, rows first; differentiable in both.

    Fastest on maps that lie channels-last in memory; others are copied.
    """
    rows, corners = _covered(features, boxes, stride)
    axes = _AxisWeights.of(corners, rows.shape[1:3], bins)
    return _pooled(*axes.by_axis(rows), rows)[0].movedim(-1, 2)


def roi_pool_vjp(
    features: Float[Tensor, "N C h w"], boxes: Float[Tensor, "N P 4"], *, bins: int, stride: int
) -> tuple[Float[Tensor, "N P C b b"], Pullback]:
    """Like `roi_pool`, with the function that carries gradients back to the boxes.

    It needs no autograd, so that it works in inference mode too.
    """
    rows, corners = _covered(features, boxes, stride)
    axes = _AxisWeights.of(corners, rows.shape[1:3], bins)
    along_x, along_y = axes.by_axis(rows)
    pooled, strips = _pooled(along_x, along_y, rows)

    def pull(gradient: Tensor) -> Tensor:
        gradient = gradient.movedim(2, -1).contiguous()  # batched products of views are slow
        by_x = (gradient @ strips.mT).sum(dim=2)
        spread = (along_x.mT.contiguous()[:, :, None] @ gradient).flatten(3).flatten(1, 2)
        by_y = (spread @ rows.flatten(2).mT).unflatten(1, along_y.shape[1:3])
        return (axes.pull(by_x, by_y) / stride).to(boxes.dtype)

    return pooled.movedim(-1, 2), pull


def _covered(
    features: Float[Tensor, "N C h w"], boxes: Float[Tensor, "N P 4"], stride: int
) -> tuple[Float[Tensor, "N h2 w2 C"], Float[Tensor, "N P 4"]]:
    """The part of the maps that any of the boxes touches, channels last, and the boxes in its coordinates.

    Boxes of a tracker's proposals touch a small part. A GPU, where reading their extent would make the host
    wait and where the rest costs nothing, keeps the whole.
    """
    # differences of integrals lose digits: of a box of one pixel, float32 would leave five. Apple's GPUs have
    # no float64.
    corners = (boxes if boxes.device.type == "mps" else boxes.double()) / stride
    maps = features.movedim(1, -1)
    # nor is there anything to be read while a graph is exported
    if boxes.device.type == "cpu" and boxes.numel() and not torch.compiler.is_exporting():
        height, width = maps.shape[1:3]
        points = corners.detach().flatten(0, 1)
        (left, top), (right, bottom) = points[:, :2].amin(dim=0).tolist(), points[:, 2:].amax(dim=0).tolist()
        columns, rows = _touched(left, right, width), _touched(top, bottom, height)
        maps = maps[:, rows, columns]
        corners = corners - corners.new_tensor((columns.start, rows.start) * 2)
    # of maps in bfloat16, only what is touched is made as precise as the boxes
    return maps.to(torch.promote_types(features.dtype, boxes.dtype)).contiguous(), corners


def _touched(low: float, high: float, cells: int) -> slice:
    """The cells, at least one, that weigh in boxes between `low` and `high`; all if those are not finite."""
    if not math.isfinite(high - low):
        return slice(0, cells)
    first = min(max(math.floor(low), 0), cells - 1)
    return slice(first, max(min(math.ceil(high) + 1, cells), first + 1))


def _pooled(
    along_x: Float[Tensor, "N P b w"], along_y: Float[Tensor, "N P b h"], rows: Float[Tensor, "N h w C"]
) -> tuple[Float[Tensor, "N P b b C"], Float[Tensor, "N P b w C"]]:
    """The means over bins, and those over rows of bins for each column of the map."""
    strips = along_y.flatten(1, 2) @ rows.flatten(2)
    strips = strips.unflatten(1, along_y.shape[1:3]).unflatten(-1, rows.shape[2:])
    return along_x[:, :, None] @ strips, strips


@dataclass(frozen=True, slots=True)
class _AxisWeights:
    """How much each column (axis 0) and row (axis 1) of a map counts in each bin of a box.

    With the hat function hat(t) = max(0, 1 - |t|) and its integral H, cell i weighs
    (H(t_{k+1} - i) - H(t_k - i)) / b in the bin between the edges t_k and t_{k+1} = t_k + b.

    Attributes:
        offsets: from cells to edges, clamped to the reach of the hat.
        per_width: 1 / b, and 0 for boxes without extent.
        weights: as above.
    """

    offsets: Float[Tensor, "N P 2 e s"]
    per_width: Float[Tensor, "N P 2 1 1"]
    weights: Float[Tensor, "N P 2 b s"]

    @classmethod
    def of(cls, corners: Float[Tensor, "N P 4"], size_hw: tuple[int, ...], bins: int) -> "_AxisWeights":
        """The weights of boxes in coordinates of a map of `size_hw` cells."""
        start, stop = corners[..., :2, None, None], corners[..., 2:, None, None]
        extent = stop - start
        per_width = torch.where(extent > 0, bins / torch.where(extent > 0, extent, 1), 0)
        edges = start + extent * _fractions(bins, corners)
        offsets = (edges - torch.arange(max(size_hw), dtype=corners.dtype, device=corners.device)).clamp(
            -1, 1
        )
        integral = offsets - 0.5 * offsets * offsets.abs()
        return cls(offsets, per_width, (integral[..., 1:, :] - integral[..., :-1, :]) * per_width)

    def by_axis(self, rows: Float[Tensor, "N h w C"]) -> tuple[Tensor, Tensor]:
        """The weights of columns (N, P, b, w) and of rows (N, P, b, h), as precise as the map."""
        height, width = rows.shape[1:3]
        along_x, along_y = self.weights.to(rows.dtype).unbind(dim=2)
        return along_x[..., :width], along_y[..., :height]

    def pull(self, by_x: Float[Tensor, "N P b w"], by_y: Float[Tensor, "N P b h"]) -> Float[Tensor, "N P 4"]:
        """The gradient by the corners, given those by the weights of columns and rows."""
        bins, cells = self.weights.shape[-2:]
        padded = [F.pad(by, (0, cells - by.shape[-1])) for by in (by_x, by_y)]
        gradient = torch.stack(padded, dim=2).to(self.weights.dtype)
        # an edge adds to the bin before it and takes from the one behind it
        by_integral = F.pad(gradient, (0, 0, 1, 0)) - F.pad(gradient, (0, 0, 0, 1))
        by_edge = (by_integral * (1 - self.offsets.abs())).sum(dim=-1) * self.per_width[..., 0]
        stop_share = _fractions(bins, by_edge)[:, 0]
        by_stop = (by_edge * stop_share).sum(dim=-1)
        by_start = by_edge.sum(dim=-1) - by_stop
        # a wider bin divides by more
        by_extent = (gradient * self.weights).sum(dim=(-1, -2)) * self.per_width[..., 0, 0] / bins
        return torch.cat([by_start + by_extent, by_stop - by_extent], dim=-1)


def _fractions(bins: int, like: Tensor) -> Float[Tensor, "e 1"]:
    """How far along the box each edge of its bins lies, from 0 to 1."""
    return torch.arange(bins + 1, dtype=like.dtype, device=like.device)[:, None] / bins
