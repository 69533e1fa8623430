"""torchvision's detectors with one face: labels from 0, three steps, and a body that may be reduced."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.detection import FCOS, FasterRCNN, RetinaNet
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD
from torchvision.ops import clip_boxes_to_image

from saccade.nets.detection import Found, Target, suppress, without_crowds
from saccade.nets.fitting import Resized, Resizing
from saccade.nets.torchvision import Wrapped


class Face(Wrapped):
    """What stands before a detector of torchvision's; a mixin, whose parts keep torchvision's names.

    Attributes:
        outputs: which of the network's outputs is each class.
        class_parts: names of the parts that are made for a number of classes; all else fits any.
    """

    outputs: tuple[int, ...]
    class_parts: tuple[str, ...] = ()

    def __init__(self, model: nn.Module, outputs: tuple[int, ...]) -> None:
        """Takes over all that a model consists of."""
        super().__init__(model)
        self.outputs = outputs

    @property
    def num_classes(self) -> int:
        """See `Resizing`."""
        return len(self.outputs)

    def losses(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target]
    ) -> dict[str, Tensor]:
        """See `Resizing`."""
        # torchvision's own, which stands behind it
        learn = super(Resizing, self).forward
        found: dict[str, Tensor] = learn(list(images), [self._as_outputs(target) for target in targets])
        return found

    def _as_outputs(self, target: Target) -> dict[str, Tensor]:
        """A target as torchvision wants it: labels are numbers of outputs, and there are no crowds."""
        learned, _ = without_crowds(target)
        numbers = torch.tensor(self.outputs, device=learned["labels"].device)
        return {"boxes": learned["boxes"], "labels": numbers[learned["labels"]]}

    def find(self, dense: Any, resized: Resized) -> list[Found]:
        """What was found in each image, in its own pixels; last of the three steps."""
        found = self._found(dense, resized.images)
        found = self.transform.postprocess(found, resized.images.image_sizes, resized.sizes)
        return [self._as_labels(each) for each in found]

    def _found(self, dense: Any, images: ImageList) -> list[dict[str, Tensor]]:
        """What was found in each picture of a batch, labels being numbers of outputs."""
        raise NotImplementedError

    def _as_labels(self, found: Mapping[str, Tensor]) -> Found:
        """Without what was found of outputs that are no class."""
        labels = found["labels"].new_full((max(self.outputs) + 2,), -1)
        labels[torch.tensor(self.outputs, device=labels.device)] = torch.arange(
            len(self.outputs), device=labels.device
        )
        of_rows = labels[found["labels"]]
        is_class = of_rows >= 0
        return {
            "boxes": found["boxes"][is_class],
            "labels": of_rows[is_class],
            "scores": found["scores"][is_class],
        }


class FasterRCNNNetwork(Face, FasterRCNN):
    """Faster R-CNN (Ren et al. 2015) on a feature pyramid."""

    class_parts = ("roi_heads.box_predictor",)
    reducible = ("backbone", "rpn.head", "roi_heads.box_head")
    rpn: Any
    roi_heads: Any

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> dict[str, Tensor]:
        """Features of every level."""
        return self.backbone(batch)

    def _found(self, dense: dict[str, Tensor], images: ImageList) -> list[dict[str, Tensor]]:
        proposals, _ = self.rpn(images, dense)
        found, _ = self.roi_heads(dense, proposals, images.image_sizes)
        return found


class _OneStage(Face):
    """A head that runs on every level."""

    head: Any
    anchor_generator: Any
    postprocess_detections: Any

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Features of every level, and what the head makes of all of them together."""
        features = list(self.backbone(batch).values())
        return features, self.head(features)


class PyramidNetwork(_OneStage):
    """RetinaNet (Lin et al. 2017) and FCOS (Tian et al. 2019), which are alike here."""

    def _found(
        self, dense: tuple[list[Tensor], dict[str, Tensor]], images: ImageList
    ) -> list[dict[str, Tensor]]:
        features, answers = dense
        anchors = self.anchor_generator(images, features)
        cells = [level.shape[2] * level.shape[3] for level in features]
        num_anchors = len(anchors[0]) // sum(cells)
        counts = [count * num_anchors for count in cells]
        return self.postprocess_detections(
            {name: list(answer.split(counts, dim=1)) for name, answer in answers.items()},
            [list(of_picture.split(counts)) for of_picture in anchors],
            images.image_sizes,
        )


class RetinaNetNetwork(PyramidNetwork, RetinaNet):
    """RetinaNet: one stage, and a loss that easy background has little weight in."""

    class_parts = ("head.classification_head.cls_logits",)


class FCOSNetwork(PyramidNetwork, FCOS):
    """FCOS: one stage without anchors."""

    class_parts = ("head.classification_head.cls_logits",)


class SSDNetwork(_OneStage, SSD):
    """SSD (Liu et al. 2016), and SSDLite on MobileNet v3."""

    class_parts = ("head.classification_head",)
    box_coder: Any
    score_thresh: float
    nms_thresh: float
    topk_candidates: int
    detections_per_img: int

    def _found(
        self, dense: tuple[list[Tensor], dict[str, Tensor]], images: ImageList
    ) -> list[dict[str, Tensor]]:
        features, answers = dense
        anchors = self.anchor_generator(images, features)
        scores = F.softmax(answers["cls_logits"], dim=-1)[..., 1:]
        rows = zip(answers["bbox_regression"], scores, anchors, images.image_sizes, strict=True)
        return [self._found_in(*of_picture) for of_picture in rows]

    def _found_in(
        self,
        deltas: Float[Tensor, "A 4"],
        scores: Float[Tensor, "A C"],
        anchors: Float[Tensor, "A 4"],
        size: tuple[int, int],
    ) -> dict[str, Tensor]:
        """What torchvision's loop over the classes finds, all classes at once; sizes are (height, width)."""
        boxes = clip_boxes_to_image(self.box_coder.decode_single(deltas, anchors), size)
        best, places = scores.T.topk(min(self.topk_candidates, len(scores)))
        is_found = best > self.score_thresh
        found = suppress(
            boxes[places[is_found]],
            is_found.nonzero()[:, 0] + 1,
            best[is_found],
            nms=self.nms_thresh,
            limit=self.detections_per_img,
        )
        return {"boxes": found["boxes"], "labels": found["labels"], "scores": found["scores"]}
