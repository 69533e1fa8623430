"""torchvision's Keypoint R-CNN: finds people by itself, and the key points in all their boxes at once."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchvision.models.detection import KeypointRCNN

from saccade.nets.detection import Target
from saccade.nets.fitting import Resized, Resizing
from saccade.nets.torchvision import Wrapped
from saccade.pose.model import FoundPeople
from saccade.pose.torchvision.decode import decode


class KeypointRCNNNetwork(Wrapped, KeypointRCNN):
    """Mask R-CNN (He et al. 2017) with key points in place of masks, on a feature pyramid.

    Attributes:
        joint_parts: names of the parts that are made for a number of key points.
    """

    joint_parts = ("roi_heads.keypoint_predictor",)
    reducible = ("backbone", "rpn.head", "roi_heads.box_head", "roi_heads.keypoint_head")
    rpn: Any
    roi_heads: Any

    @property
    def num_classes(self) -> int:
        """See `Resizing`: people."""
        return 1

    def losses(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target]
    ) -> dict[str, Tensor]:
        """See `Resizing`; a target also has `keypoints` (N, K, 3): x, y, and whether it is labelled."""
        numbered = [{**target, "labels": torch.ones_like(target["labels"])} for target in targets]
        # torchvision's own, which stands behind it
        found: dict[str, Tensor] = super(Resizing, self).forward(list(images), numbered)
        return found

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> dict[str, Tensor]:
        """Features of every level."""
        features: dict[str, Tensor] = self.backbone(batch)
        return features

    def find(self, dense: dict[str, Tensor], resized: Resized) -> list[FoundPeople]:
        """Who was found in each image, best first, in its own pixels; last of the three steps.

        Key points are where the data set that they were learned from has them, whose pixels are numbered: the
        middle of the first is (0, 0). The confidence of a key point is the logistic function of what its heat
        map reaches.
        """
        images = resized.images
        proposals, _ = self.rpn(images, dense)
        boxes, scores = self._people(dense, proposals, images.image_sizes)
        counts = [len(of_image) for of_image in boxes]
        points, values = decode(self._heatmaps(dense, boxes, images.image_sizes), torch.cat(boxes))
        found = [
            {"boxes": its_boxes, "keypoints": its_points}
            for its_boxes, its_points in zip(boxes, points.split(counts), strict=True)
        ]
        placed = self.transform.postprocess(found, images.image_sizes, resized.sizes)
        rows = zip(placed, scores, values.sigmoid().split(counts), strict=True)
        return [
            {
                "boxes": place["boxes"],
                "scores": its_scores,
                "keypoints": place["keypoints"],
                "keypoint_scores": its_values,
            }
            for place, its_scores, its_values in rows
        ]

    def _people(
        self, features: dict[str, Tensor], proposals: list[Tensor], sizes: list[tuple[int, int]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Boxes of the people in each image, in pixels that the network sees, and their scores."""
        heads = self.roi_heads
        logits, deltas = heads.box_predictor(heads.box_head(heads.box_roi_pool(features, proposals, sizes)))
        boxes, scores, _ = heads.postprocess_detections(logits, deltas, proposals, sizes)
        return boxes, scores

    def _heatmaps(
        self, features: dict[str, Tensor], boxes: list[Tensor], sizes: list[tuple[int, int]]
    ) -> Float[Tensor, "N K h w"]:
        """Those of everybody's key points, each in its box."""
        heads = self.roi_heads
        pooled = heads.keypoint_roi_pool(features, boxes, sizes)
        heatmaps: Tensor = heads.keypoint_predictor(heads.keypoint_head(pooled))
        return heatmaps
