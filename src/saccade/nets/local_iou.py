"""The IoU-Net's prediction for proposals that lie close together, at a fraction of the work.

Pooling is linear, and so is the layer behind it. In the other order, each bin (j, i) of a proposal has a
1 x 1 convolution of its own (position-sensitive pooling; Dai et al. 2016, R-FCN):

    W vec(pool(F)) = sum_ji sum_yx a_j(y) b_i(x) (W_ji F)[y, x],

a and b being how much rows and columns weigh in a bin. The projections W_ji F do not depend on the proposal:
they are made once a frame, of the few cells that the bin can reach. A step of box refinement is then one
small matrix product with the weights a_j(y) b_i(x), and one back. The maps F themselves are made around the
proposals only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from saccade.nets.convolution import WinogradConv2d, convolve_inside
from saccade.nets.inference import as_precise_as
from saccade.ops.constants import constant

MARGIN = 16
"""crop pixels that proposals can move away from where they began, before projections are made anew: a few
more cells cost little, and doing it again costs more than all steps"""


@dataclass(frozen=True, slots=True)
class PooledLevel:
    """What an IoU-Net does with the features of one resolution, its batch norms folded.

    Attributes:
        blocks: two convolutions of 3 x 3 taps, each with its ReLU, that make the map.
        by_bin: weights of the linear layer behind pooling, bin by bin, rows first.
        bias: of that layer.
        readout: what each of its outputs counts in the prediction.
        bins: along each axis.
        stride: crop pixels in a cell.
    """

    blocks: tuple[nn.Sequential, nn.Sequential]
    by_bin: Float[Tensor, "b2 C o"]
    bias: Float[Tensor, " o"]
    readout: Float[Tensor, " o"]
    bins: int
    stride: int

    @classmethod
    def of(
        cls,
        blocks: tuple[nn.Sequential, nn.Sequential],
        linear: nn.Linear,
        readout: Float[Tensor, " o"],
        *,
        bins: int,
        stride: int,
    ) -> "PooledLevel":
        by_bin = linear.weight.detach().unflatten(1, (-1, bins * bins)).permute(2, 1, 0).contiguous()
        return cls(blocks, by_bin, linear.bias.detach(), readout, bins, stride)


class LocalIoU:
    """The predicted overlap of N targets' proposals in one frame, and its gradient by (x, y, w, h).

    Args:
        levels: of the network.
        offset: what is added to the sum over levels.
        features: of the backbone, for each level.
        modulation: factors of the maps' channels, for each level.
    """

    def __init__(
        self,
        levels: Sequence[PooledLevel],
        offset: Float[Tensor, "1"],
        features: Sequence[Float[Tensor, "N _c _h _w"]],
        modulation: Sequence[Float[Tensor, "N C"]],
    ) -> None:
        self._levels, self._offset = levels, offset
        self._features = [maps.movedim(1, -1) for maps in features]
        self._modulation = modulation
        self._seen: Tensor | None = None
        self._reach: _Reach
        self._projections: list[Tensor]

    def __call__(self, boxes: Float[Tensor, "N P 4"]) -> tuple[Float[Tensor, "N P"], Float[Tensor, "N P 4"]]:
        if self._seen is None:
            self._project(boxes)
        edges = self._reach.edges(boxes)
        if not self._reach.has(edges):
            self._project(boxes)
            edges = self._reach.edges(boxes)
        weights, slopes = _bin_weights(edges)
        overlap, by_weights = self._predict(weights.to(self._modulation[0].dtype))
        return overlap, self._reach.pull(slopes * by_weights[:, :, None]).to(boxes.dtype)

    def _predict(
        self, weights: Float[Tensor, "N P m"]
    ) -> tuple[Float[Tensor, "N P"], Float[Tensor, "N P m"]]:
        """The prediction, and its gradient by the weights of cells."""
        overlap: Tensor = self._offset
        gradients = []
        for level, projection, (along_x, along_y) in zip(
            self._levels, self._projections, self._reach.split(weights), strict=True
        ):
            cells = (along_y[..., :, None] * along_x[..., None, :]).flatten(2)
            hidden = torch.baddbmm(level.bias, cells, projection).relu_()
            overlap = overlap + hidden @ level.readout
            by_cells = (hidden > 0) * level.readout @ projection.mT
            by_cells = by_cells.unflatten(2, (along_y.shape[2], along_x.shape[2]))
            gradients += [
                (along_y[..., None, :] @ by_cells)[..., 0, :],
                (by_cells @ along_x[..., None])[..., 0],
            ]
        return overlap, torch.cat(gradients, dim=2)

    def _project(self, boxes: Float[Tensor, "N P 4"]) -> None:
        """Make the projections of the cells that these proposals, and all before them, can reach."""
        self._seen = boxes if self._seen is None else torch.cat([self._seen, boxes], dim=1)
        windows = [
            _Windows.around(self._seen, level, features.shape[1:3])
            for level, features in zip(self._levels, self._features, strict=True)
        ]
        self._reach = _Reach.of(windows, self._levels)
        self._projections = [
            _projection(*each)
            for each in zip(self._levels, windows, self._features, self._modulation, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class _Windows:
    """The cells that each bin can reach, along each axis: equally many of every bin.

    Attributes:
        first: along x and y.
        counts: of cells, along x and y.
        size_wh: of the whole map.
    """

    first: Integer[Tensor, "N 2 b"]
    counts: tuple[int, int]
    size_wh: tuple[int, int]

    @classmethod
    def around(cls, boxes: Float[Tensor, "N P 4"], level: PooledLevel, size_hw: Sequence[int]) -> "_Windows":
        size_wh = (size_hw[1], size_hw[0])
        last_cell = torch.tensor(size_wh)[:, None] - 1
        corners, sizes = boxes.double().nan_to_num().split(2, dim=-1)
        fractions = torch.arange(level.bins + 1, dtype=torch.float64) / level.bins
        edges = corners[..., None] + sizes[..., None] * fractions
        low, high = edges[..., :-1].amin(dim=1) - MARGIN, edges[..., 1:].amax(dim=1) + MARGIN
        first = (low / level.stride).floor().clamp(min=torch.zeros_like(last_cell), max=last_cell)
        last = (high / level.stride).ceil().clamp(min=torch.zeros_like(last_cell), max=last_cell)
        # bins of boxes without area end before they begin
        counts = (last - first).amax(dim=(0, 2)).clamp(min=0).long() + 1
        first = torch.minimum(first.long(), last_cell + 1 - counts[:, None])
        across, down = counts.tolist()
        return cls(first, (across, down), size_wh)

    def cells(self, axis: int) -> Integer[Tensor, "N b r"]:
        return self.first[:, axis, :, None] + torch.arange(self.counts[axis])


@dataclass(frozen=True, slots=True)
class _Reach:
    """The cells of all windows, of every level, along x and along y, in one row of m.

    Attributes:
        to_edges: from a box to the edges of the bin that each cell belongs to, the lower and the upper ones.
        cells: where they are.
        inward: 1 and -1 where a bin must not go beyond the first or last cell of its window, as there are
            more cells of the map; 0 elsewhere.
        counts: how many there are along x and along y, of each level.
    """

    to_edges: Float[Tensor, "4 e"]
    cells: Float[Tensor, "N 1 1 m"]
    inward: Float[Tensor, "N 1 2 m"]
    counts: list[int]

    @classmethod
    def of(cls, windows: Sequence[_Windows], levels: Sequence[PooledLevel]) -> "_Reach":
        to_edges, cells, inward = [], [], []
        for window, level in zip(windows, levels, strict=True):
            for axis in (0, 1):
                here = window.cells(axis)
                must = torch.zeros(len(here), 2, *here.shape[1:], dtype=torch.float64)
                must[:, 0, :, 0] = (here[..., 0] > 0).double()
                must[:, 1, :, -1] = -(here[..., -1] < window.size_wh[axis] - 1).double()
                to_edges.append(_columns_to_edges(axis, level.bins, level.stride, window.counts[axis]))
                cells.append(here.flatten(1))
                inward.append(must.flatten(2))
        return cls(
            torch.cat(to_edges, dim=2).flatten(1),
            torch.cat(cells, dim=1)[:, None, None].double(),
            torch.cat(inward, dim=2)[:, None],
            [each.shape[1] for each in cells],
        )

    def edges(self, boxes: Float[Tensor, "N P 4"]) -> Float[Tensor, "N P 2 m"]:
        """From each cell to the lower and the upper edge of its bin.

        In float64: weights are differences of integrals, which lose digits where boxes are small.
        """
        return (boxes.double() @ self.to_edges).unflatten(2, (2, -1)) - self.cells

    def has(self, edges: Float[Tensor, "N P 2 m"]) -> bool:
        """Whether every cell that weighs is among these."""
        return not bool((edges * self.inward < 0).any())

    def split(self, weights: Float[Tensor, "N P m"]) -> list[tuple[Tensor, Tensor]]:
        """Those along x and along y of each level."""
        parts = weights.split(self.counts, dim=2)
        return list(zip(parts[::2], parts[1::2], strict=True))

    def pull(self, by_edges: Float[Tensor, "N P 2 m"]) -> Float[Tensor, "N P 4"]:
        """The gradient by boxes, given that by the edges."""
        return by_edges.flatten(2) @ self.to_edges.mT


@constant
def _columns_to_edges(axis: int, bins: int, stride: int, count: int) -> Float[Tensor, "4 2 m"]:
    """What turns (x, y, w, h) into each bin's lower and upper edge along an axis, `count` times."""
    columns = torch.zeros(4, 2, bins * count, dtype=torch.float64)
    bin_of = torch.arange(bins, dtype=torch.float64)[:, None].expand(bins, count).flatten()
    columns[axis] = 1 / stride
    columns[axis + 2] = torch.stack([bin_of, bin_of + 1]) / (bins * stride)
    return columns


def _bin_weights(edges: Float[Tensor, "N P 2 m"]) -> tuple[Float[Tensor, "N P m"], Float[Tensor, "N P 2 m"]]:
    """How much each cell counts in its bin, and the derivatives by the lower and the upper edge.

    The mean over the bin of the hat function max(0, 1 - |t|) around the cell, as in `ops.roi_pool`. Bins
    without width have no weight.
    """
    lower, upper = edges.unbind(dim=2)
    width = upper - lower
    per_width = torch.where(width > 0, 1 / width, 0)
    t = edges.clamp(-1, 1)
    hat = 1 - t.abs()
    integral = t * (0.5 + 0.5 * hat)
    weights = (integral[:, :, 1] - integral[:, :, 0]) * per_width
    signs = edges.new_tensor([-1, 1])[:, None]
    return weights, (hat - weights[:, :, None]) * (per_width[:, :, None] * signs)


def _projection(
    level: PooledLevel,
    windows: _Windows,
    features: Float[Tensor, "N h w c"],
    modulation: Float[Tensor, "N C"],
) -> Float[Tensor, "N m2 o"]:
    """W_ji F on the windows of every two bins: rows of j and y, columns of i and x."""
    first = windows.first.amin(dim=2)
    counts = torch.tensor(windows.counts)
    reach = (windows.first.amax(dim=2) - first).amax(dim=0) + counts
    first = torch.minimum(first, torch.tensor(windows.size_wh) - reach)
    # two convolutions look two cells further
    x = _cut(features, first - 2, reach + 4)
    x = _zero_outside(_convolved(level.blocks[0], x), first - 1, features.shape[1:3])
    maps = _convolved(level.blocks[1], x).to(modulation.dtype) * modulation[:, None, None]

    columns, rows = (windows.cells(axis).movedim(0, 1) - first[:, axis, None] for axis in (0, 1))
    targets = torch.arange(len(maps))[:, None, None]
    near = maps[targets, rows[:, None, :, :, None], columns[None, :, :, None]]
    projected = (near.flatten(2, 4).flatten(0, 1) @ level.by_bin).view(*near.shape[:-1], -1)
    return projected.permute(2, 0, 3, 1, 4, 5).flatten(3, 4).flatten(1, 3)


def _convolved(block: nn.Sequential, x: Float[Tensor, "N h w c"]) -> Float[Tensor, "N h2 w2 C"]:
    """The convolution and ReLU of a block, without padding."""
    convolution = cast(nn.Conv2d | WinogradConv2d, block[0])
    return convolve_inside(convolution, as_precise_as(block, x).movedim(-1, 1)).relu_().movedim(1, -1)


def _cut(
    maps: Float[Tensor, "N h w C"], first: Integer[Tensor, "N 2"], size_wh: Integer[Tensor, "2"]
) -> Float[Tensor, "N h2 w2 C"]:
    """Equally large parts of maps, with zeros where they reach beyond."""
    columns, rows = (first[:, axis, None] + torch.arange(int(size_wh[axis])) for axis in (0, 1))
    height, width = maps.shape[1:3]
    targets = torch.arange(len(maps))[:, None, None]
    parts = maps[targets, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]]
    return _zero_outside(parts, first, (height, width))


def _zero_outside(
    parts: Float[Tensor, "N h2 w2 C"], first: Integer[Tensor, "N 2"], size_hw: Sequence[int]
) -> Float[Tensor, "N h2 w2 C"]:
    """Parts of maps, with zeros in the cells beyond the map's border."""
    columns = first[:, 0, None] + torch.arange(parts.shape[2])
    rows = first[:, 1, None] + torch.arange(parts.shape[1])
    is_inside = _is_within(rows, size_hw[0])[:, :, None] & _is_within(columns, size_hw[1])[:, None]
    return parts if bool(is_inside.all()) else parts * is_inside[..., None]


def _is_within(cells: Integer[Tensor, "N r"], count: int) -> Tensor:
    return (cells >= 0) & (cells < count)
