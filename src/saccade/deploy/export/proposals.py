"""Detectors of two stages as graphs: as many proposals of every picture, pooled on all levels at once."""

import math
from typing import Any, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import roi_align

from saccade.deploy.export.selection import clipped, kept, rows_at
from saccade.deploy.export.sight import normalised

Features = dict[str, Tensor]
"""maps of each level, fine to coarse, by its name"""


class FixedProposals(nn.Module):
    """A region proposal network (Ren et al. 2015) that proposes as many boxes of every picture."""

    def __init__(self, rpn: Any, size: tuple[int, int], levels: list[Tensor]) -> None:
        super().__init__()
        self.rpn = rpn
        anchors = rpn.anchor_generator(ImageList(levels[0].new_zeros(1, 3, *size), [size]), levels)[0]
        self.register_buffer("anchors", anchors)
        per_cell = rpn.anchor_generator.num_anchors_per_location()
        self._counts = [
            level.shape[2] * level.shape[3] * count for level, count in zip(levels, per_cell, strict=True)
        ]

    def forward(
        self, levels: list[Tensor], edges: Float[Tensor, "B 1 4"]
    ) -> tuple[Float[Tensor, "B P 4"], Bool[Tensor, "B P"]]:
        """Boxes in pixels, and which of them were really proposed; the others have no area."""
        rpn = self.rpn
        maps = zip(*rpn.head(levels), cast(Tensor, self.anchors).split(self._counts), strict=True)
        found = [self._best(*each) for each in maps]
        scores, boxes = (torch.cat(each, dim=1) for each in zip(*found, strict=True))
        boxes = clipped(boxes, edges)
        is_box = ((boxes[..., 2:] - boxes[..., :2]) >= rpn.min_size).all(2) & (scores >= rpn.score_thresh)
        level = torch.cat([torch.full((each.shape[1],), i) for i, (each, _) in enumerate(found)])
        groups = level.to(boxes.device).expand(scores.shape[0], -1)
        is_kept = kept(boxes, scores, groups, is_box, iou=rpn.nms_thresh, num_groups=len(levels))
        best, order = torch.where(is_kept, scores, -1.0).topk(min(rpn.post_nms_top_n(), scores.shape[1]))
        is_there = best >= 0
        return torch.where(is_there[..., None], rows_at(boxes, order), 0), is_there

    def _best(
        self,
        objectness: Float[Tensor, "B a h w"],
        deltas: Float[Tensor, "B a4 h w"],
        anchors: Float[Tensor, "A 4"],
    ) -> tuple[Float[Tensor, "B n"], Float[Tensor, "B n 4"]]:
        """Scores and boxes of the anchors of a level that look most as if something was there."""
        flat = objectness.permute(0, 2, 3, 1).flatten(1)
        best, order = flat.topk(min(self.rpn.pre_nms_top_n(), flat.shape[1]))
        by_anchor = deltas.unflatten(1, (-1, 4)).permute(0, 3, 4, 1, 2).flatten(1, 3)
        boxes = self.rpn.box_coder.decode_single(
            rows_at(by_anchor, order).flatten(0, 1), anchors[order].flatten(0, 1)
        )
        return best.sigmoid(), boxes.unflatten(0, (-1, order.shape[1]))


class PyramidPooling(nn.Module):
    """RoIAlign on the level of a pyramid that suits a box (Lin et al. 2017, FPN, eq. 1), without a branch.

    Every box is pooled on all levels, and all that is not wanted is multiplied by 0.
    """

    def __init__(self, pooling: Any, size: tuple[int, int], features: Features) -> None:
        super().__init__()
        levels = {name: maps for name, maps in features.items() if name in pooling.featmap_names}
        self._halvings = {name: round(math.log2(size[0] / maps.shape[2])) for name, maps in levels.items()}
        self._pooling = pooling

    def forward(self, features: Features, boxes: Float[Tensor, "B P 4"]) -> Float[Tensor, "R c b b"]:
        """The features in all boxes, picture by picture."""
        picture = torch.arange(boxes.shape[0], device=boxes.device, dtype=boxes.dtype)
        picture = picture[:, None, None].expand(-1, boxes.shape[1], 1)
        rois = torch.cat([picture, boxes], dim=2).flatten(0, 1)
        wanted = self._wanted(rois[:, 1:])
        pooled = [
            roi_align(
                features[name],
                rois,
                self._pooling.output_size,
                spatial_scale=2.0**-halvings,
                sampling_ratio=self._pooling.sampling_ratio,
            )
            * (wanted == index)[:, None, None, None]
            for index, (name, halvings) in enumerate(self._halvings.items())
        ]
        return torch.stack(pooled).sum(0)

    def _wanted(self, boxes: Float[Tensor, "R 4"]) -> Float[Tensor, " R"]:
        """Which level suits each box: the first is 0."""
        side = (boxes[:, 2:] - boxes[:, :2]).prod(1).sqrt()
        level = self._pooling.canonical_level + torch.log2(side / self._pooling.canonical_scale)
        first, last = min(self._halvings.values()), max(self._halvings.values())
        return torch.floor(level + 1e-6).clamp(first, last) - first


class BoxStage(nn.Module):
    """Faster R-CNN and what is built upon it, up to the boxes and scores of all proposals."""

    def __init__(self, network: Any, size: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        with torch.no_grad():
            features = network.dense(torch.zeros(1, 3, *size))
            self.proposals = FixedProposals(network.rpn, size, list(features.values()))
        self.pooling = PyramidPooling(network.roi_heads.box_roi_pool, size, features)

    def forward(
        self, pictures: Float[Tensor, "B 3 H W"], edges: Float[Tensor, "B 1 4"]
    ) -> tuple[Features, Float[Tensor, "B P C 4"], Float[Tensor, "B P C"]]:
        """Features; and of each proposal, a box and a score for each output but that of background."""
        heads = self.network.roi_heads
        features = self.network.dense(normalised(self.network, pictures))
        proposals, is_there = self.proposals(list(features.values()), edges)
        logits, deltas = heads.box_predictor(heads.box_head(self.pooling(features, proposals)))
        boxes = heads.box_coder.decode_single(deltas, proposals.flatten(0, 1))
        boxes = boxes.unflatten(0, is_there.shape).unflatten(2, (-1, 4))[:, :, 1:]
        boxes = torch.minimum(boxes.clamp(min=0), edges[:, :, None])
        scores = logits.softmax(1).unflatten(0, is_there.shape)[..., 1:]
        return features, boxes, torch.where(is_there[..., None], scores, 0)


class TwoStageCandidates(BoxStage):
    """Faster R-CNN's boxes and scores."""

    def forward(self, pictures: Tensor, edges: Tensor) -> Any:
        """A box and a score for each proposal and class."""
        _, boxes, scores = super().forward(pictures, edges)
        return boxes, scores
