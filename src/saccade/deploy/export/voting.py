"""R-FCN as a graph: its pooling by sums over rectangles, for which there is no operator elsewhere."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core import ModelError
from saccade.deploy.export.proposals import FixedProposals
from saccade.deploy.export.selection import clipped
from saccade.deploy.export.sight import normalised
from saccade.detectors.rfcn.backbone import STRIDE
from saccade.detectors.rfcn.deltas import decode


class RFCNCandidates(nn.Module):
    """R-FCN's boxes and scores.

    Raises:
        ModelError: for one that pools by samples between positions.
    """

    def __init__(self, network: Any, size: tuple[int, int]) -> None:
        super().__init__()
        if network.config.pooling != "pool":
            raise ModelError(
                "an R-FCN with pooling=align cannot be exported: no other runtime has its operator; one with "
                "pooling=pool can"
            )
        self.network = network
        with torch.no_grad():
            maps = network.dense(torch.zeros(1, 3, *size))
            self.proposals = FixedProposals(network.rpn, size, [maps.features])

    def forward(
        self, pictures: Float[Tensor, "B 3 H W"], edges: Float[Tensor, "B 1 4"]
    ) -> tuple[Float[Tensor, "B P 1 4"], Float[Tensor, "B P C"]]:
        """A box for each proposal, and a score for each class."""
        maps = self.network.dense(normalised(self.network, pictures))
        proposals, is_there = self.proposals([maps.features], edges)
        cells = self.network.config.network.cells
        logits, deltas = (vote(of_what, proposals, cells) for of_what in (maps.classes, maps.boxes))
        boxes = decode(deltas[..., -4:].flatten(0, 1), proposals.flatten(0, 1))
        boxes = clipped(boxes.unflatten(0, is_there.shape), edges)
        scores = logits.softmax(2)[..., 1:]
        return boxes[:, :, None], torch.where(is_there[..., None], scores, 0)


def vote(
    maps: Float[Tensor, "B c h w"], proposals: Float[Tensor, "B P 4"], cells: int
) -> Float[Tensor, "B P n"]:
    """See `saccade.detectors.rfcn.head.vote`, with pooling "pool".

    The sum over a rectangle is that of four corners of a table (Viola and Jones 2001), in float64, as all of
    them are of the size of a whole map.
    """
    batch, channels, height, width = maps.shape
    table = torch.zeros_like(maps[..., :1, :1]).double()
    table = torch.cat([table.expand(-1, -1, 1, width), maps.double()], dim=2)
    table = torch.cat([table.new_zeros(1).expand(batch, channels, height + 1, 1), table], dim=3)
    table = table.cumsum(2).cumsum(3).flatten(2)
    # half a cell is rounded away from zero
    corners = torch.floor(proposals / STRIDE + 0.5)
    left, right = _edges(corners[..., 0], corners[..., 2], cells, width)
    top, bottom = _edges(corners[..., 1], corners[..., 3], cells, height)
    area = ((bottom - top)[..., :, None] * (right - left)[..., None, :])[..., None, :, :]

    def at(rows: Tensor, columns: Tensor) -> Float[Tensor, "B P n k k"]:
        """The table at the corners of every proposal's cells, each cell in its own maps."""
        places = (rows[..., :, None] * (width + 1) + columns[..., None, :]).flatten(2)
        by_cell = table.unflatten(1, (-1, cells * cells))
        index = places.mT[:, None].expand(-1, by_cell.shape[1], -1, -1)
        return by_cell.gather(3, index).permute(0, 3, 1, 2).unflatten(3, (cells, cells))

    total = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    means = torch.where(area > 0, total / area.clamp(min=1), 0)
    return means.mean((3, 4)).to(maps.dtype)


def _edges(
    low: Float[Tensor, "B P"], high: Float[Tensor, "B P"], cells: int, limit: int
) -> tuple[Tensor, Tensor]:
    """First position of each cell along an axis, and the one behind its last."""
    step = (high - low).clamp(min=1)[..., None] / cells
    index = torch.arange(cells, device=low.device, dtype=low.dtype)
    first = torch.floor(index * step) + low[..., None]
    behind = torch.ceil((index + 1) * step) + low[..., None]
    return first.clamp(0, limit).long(), behind.clamp(0, limit).long()
