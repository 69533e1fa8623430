"""R-FCN: a detector of two stages whose second one costs next to nothing."""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import clip_boxes_to_image

from saccade.detectors.rfcn.backbone import STRIDE, dilated_resnet, proposal_network
from saccade.detectors.rfcn.config import RFCNConfig
from saccade.detectors.rfcn.deltas import decode
from saccade.detectors.rfcn.head import Maps, PositionSensitiveMaps, vote
from saccade.detectors.rfcn.losses import hard_losses, wish
from saccade.nets.detection import Found, Target, suppress, without_crowds
from saccade.nets.fitting import Resized, Resizing

_MEAN, _DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""of ImageNet's pictures"""


class RFCN(Resizing):
    """R-FCN (Dai et al. 2016): all that is learned is convolution over the whole picture.

    Attributes:
        class_parts: names of the parts that are made for a number of classes.
    """

    class_parts = ("maps.classes",)

    def __init__(self, config: RFCNConfig) -> None:
        super().__init__()
        self.config = config
        self.transform = GeneralizedRCNNTransform(
            config.size, config.max_size, _MEAN, _DEVIATION, size_divisible=STRIDE
        )
        self.backbone = dilated_resnet(config.network.blocks)
        self.rpn = proposal_network(config.network, config.proposals)
        self.maps = PositionSensitiveMaps(config.network)
        for part in self._fixed():
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> "RFCN":
        """Sets training mode everywhere but in the parts that stay as they are."""
        super().train(mode)
        for part in self._fixed():
            part.eval()
        return self

    @property
    def num_classes(self) -> int:
        """See `Resizing`."""
        return len(self.config.network.classes)

    def losses(
        self, images: Sequence[Float[Tensor, "3 _ _"]], targets: Sequence[Target]
    ) -> dict[str, Tensor]:
        """See `Resizing`."""
        resized = self.collate(images)
        maps = self.dense(resized.pictures)
        scaled: list[Target] = [
            {**target, "boxes": target["boxes"].float() * _factors(target["boxes"], *sizes)}
            for target, *sizes in zip(targets, resized.sizes, resized.images.image_sizes, strict=True)
        ]
        return self._losses(maps, resized.images, scaled)

    def dense(self, batch: Float[Tensor, "B 3 H W"]) -> Maps:
        """All that is computed of the whole picture, without a branch; second step.

        Args:
            batch: normalised RGB.
        """
        features = self.backbone.features(batch, ("layer3", "layer4"))
        classes, boxes = self.maps(features["layer4"])
        return Maps(features["layer3"], classes, boxes)

    def find(self, maps: Maps, resized: Resized) -> list[Found]:
        """What was found in each image, in its own pixels; last of the three steps."""
        proposals, _ = self.rpn(resized.images, {"0": maps.features})
        logits, deltas = self._read(maps, proposals)
        scores = logits.softmax(1)[:, 1:]  # background is none of the user's classes
        boxes = decode(deltas, torch.cat(proposals))
        counts = [len(of_picture) for of_picture in proposals]
        found = map(self._found, boxes.split(counts), scores.split(counts), resized.images.image_sizes)
        return self.transform.postprocess(list(found), resized.images.image_sizes, resized.sizes)

    def _found(
        self, boxes: Float[Tensor, "R 4"], scores: Float[Tensor, "R C"], size: tuple[int, int]
    ) -> Found:
        """What is found in a picture of `size` (height, width)."""
        boxes = clip_boxes_to_image(boxes, size)
        has_area = (boxes[:, 2:] > boxes[:, :2]).all(1, keepdim=True)
        rows, labels = ((scores > self.config.threshold) & has_area).nonzero(as_tuple=True)
        return suppress(
            boxes[rows],
            labels,
            scores[rows, labels],
            nms=self.config.nms,
            limit=self.config.max_detections,
        )

    def _losses(self, maps: Maps, images: ImageList, targets: Sequence[Target]) -> dict[str, Tensor]:
        learning = self.config.learning
        to_propose = [without_crowds(target)[0] for target in targets]
        proposals, of_proposals = self.rpn(images, {"0": maps.features}, to_propose)
        wished = [wish(*pair, learning.overlap) for pair in zip(proposals, targets, strict=True)]
        logits, deltas = self._read(maps, [of_picture.proposals for of_picture in wished])
        return {
            **hard_losses(logits, deltas, wished, learning.hard_proposals),
            "loss_objectness": of_proposals["loss_objectness"],
            "loss_proposals": of_proposals["loss_rpn_box_reg"],
        }

    def _read(self, maps: Maps, proposals: list[Tensor]) -> tuple[Float[Tensor, "R c"], Float[Tensor, "R 4"]]:
        """Logits, background first, and deltas of all proposals."""
        config = self.config
        logits, deltas = (
            vote(
                of_what,
                proposals,
                cells=config.network.cells,
                pooling=config.pooling,
                samples=config.samples,
            )
            for of_what in (maps.classes, maps.boxes)
        )
        return logits, deltas[:, -4:]  # those of background, if there are any, come first

    def _fixed(self) -> Iterator[nn.Module]:
        """The parts of the backbone that do not learn."""
        learning = self.config.learning
        layers = (("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",))
        for names in layers[: len(layers) - learning.trained_layers]:
            yield from (self.backbone.get_submodule(name) for name in names)
        if learning.stored_norms:
            yield from (part for part in self.backbone.modules() if isinstance(part, nn.BatchNorm2d))


def _factors(like: Tensor, before: tuple[int, int], after: tuple[int, int]) -> Float[Tensor, "4"]:
    """What corners (x1, y1, x2, y2) are multiplied by when a picture of (height, width) is resized."""
    return like.new_tensor([after[1] / before[1], after[0] / before[0]] * 2, dtype=torch.float32)
