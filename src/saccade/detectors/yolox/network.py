"""YOLOX: an anchor-free detector that looks at a picture once."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image

from saccade.detectors.yolox.backbone import PAFPN
from saccade.detectors.yolox.config import YOLOXConfig
from saccade.detectors.yolox.head import DecoupledHead
from saccade.detectors.yolox.letterbox import Letterboxed, canvas_size, fitted_size, letterbox
from saccade.detectors.yolox.losses import detection_losses
from saccade.detectors.yolox.points import decode, points_of
from saccade.nets.detection import Found, Target, check_pictures, check_targets, suppress
from saccade.nets.inference import as_precise_as


class YOLOX(nn.Module):
    """YOLOX (Ge et al. 2021), under the names of the published weights, which it runs as they are.

    Attributes:
        size: longer side of the pictures that it sees; training at several scales sets it between batches.
        uses_l1: whether the loss has its last part, as in the last epochs of a training.
        class_parts: names of the parts that are made for a number of classes.
    """

    class_parts = ("head.cls_preds",)

    def __init__(self, config: YOLOXConfig) -> None:
        super().__init__()
        made = config.network
        self.config = config
        self.size = config.size
        self.uses_l1 = False
        self.backbone = PAFPN(made.depth, made.width, depthwise=made.depthwise)
        self.head = DecoupledHead(len(made.classes), made.width, depthwise=made.depthwise)

    def forward(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target] | None = None
    ) -> dict[str, Tensor] | list[Found]:
        """Losses in training mode, which add up to the loss; what was found in evaluation mode.

        Args:
            images: RGB with values from 0 to 1, of any size; one whose longer side is `size` is not resized.
            targets: in training mode, one an image.

        Raises:
            FrameError: for what is no such image.
            DatasetError: for targets that nothing can be learned from.
        """
        letterboxed = self.collate(images)
        if not self.training:
            return self.find(self.dense(letterboxed.pictures), letterboxed)
        check_targets(images, targets, len(self.config.network.classes))
        assert targets is not None
        raw = self.dense(letterboxed.pictures).float()
        scaled: list[Target] = [
            {**target, "boxes": target["boxes"] * factors}
            for target, factors in zip(targets, letterboxed.factors, strict=True)
        ]
        points = points_of(letterboxed.size, raw.device)
        with torch.autocast(raw.device.type, enabled=False):
            return detection_losses(raw, points, scaled, self.config, uses_l1=self.uses_l1)

    def fitted(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that an image is scaled to: one that has it is not touched."""
        return fitted_size(height, width, self.size)

    def canvas(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the batch that such an image makes alone."""
        return canvas_size(height, width, self.size, square=self._is_square)

    def collate(self, images: Sequence[Float[Tensor, "3 _ _"]]) -> Letterboxed:
        """Images of any size as one batch; first of the three steps in evaluation mode.

        Raises:
            FrameError: for what is no image.
        """
        check_pictures(images)
        return letterbox(images, self.size, square=self._is_square)

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B P c"]:
        """All that is learned, without a branch: each point's box, objectness and classes, raw; second step.

        Args:
            batch: RGB with values from 0 to 1; sides are multiples of 32.
        """
        pictures = batch.flip(1) * 255  # the published weights want BGR, 0 ... 255
        return self.head(self.backbone(as_precise_as(self.backbone, pictures)))

    @property
    def _is_square(self) -> bool:
        return self.config.square or self.training

    def find(self, raw: Float[Tensor, "B P c"], letterboxed: Letterboxed) -> list[Found]:
        """What was found in each image, in its own pixels; last of the three steps."""
        raw = raw.float()  # of boxes in pixels, bfloat16 has not the precision
        with torch.autocast(raw.device.type, enabled=False):
            boxes = decode(raw[..., :4], points_of(letterboxed.size, raw.device))
            rows = zip(raw[..., 4:], boxes / letterboxed.factors[:, None], letterboxed.sizes, strict=True)
            return [self._found(*of_image) for of_image in rows]

    def _found(
        self, logits: Float[Tensor, "P c"], boxes: Float[Tensor, "P 4"], size: tuple[int, int]
    ) -> Found:
        """What is found in an image of `size` (height, width)."""
        objectness = logits[:, 0].sigmoid()
        # no score is higher than it; nearly all points end here
        is_object = objectness > self.config.threshold
        scores, labels = (logits[is_object, 1:].sigmoid() * objectness[is_object, None]).max(1)
        boxes = clip_boxes_to_image(boxes[is_object], size)
        is_found = (scores > self.config.threshold) & (boxes[:, 2:] > boxes[:, :2]).all(1)
        return suppress(
            boxes[is_found],
            labels[is_found],
            scores[is_found],
            nms=self.config.nms,
            limit=self.config.max_detections,
        )
