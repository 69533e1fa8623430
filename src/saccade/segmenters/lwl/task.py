"""What LWL learns: what to learn of a mask, so that its decoder finds the target again; to guess masks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.core.ranges import at_least, check_ranges
from saccade.data.samples.sample import Sample
from saccade.segmenters.lwl.learner import ENCODING, KERNEL
from saccade.segmenters.lwl.network import LWLNet
from saccade.training.losses import lovasz_loss, mask_overlap
from saccade.training.task import Task, in_float32

ENCODER_OF_BOXES = "box_label_encoder"


@dataclass(frozen=True, slots=True, kw_only=True)
class LWLTaskConfig:
    """What is learned for targets given by a mask."""

    first_steps: int = 5
    """of the few-shot learner on the train frames"""
    steps: int = 2
    """of it behind each test frame but the last"""
    mask_weight: float = 100.0
    """of the loss of masks"""

    def __post_init__(self) -> None:
        check_ranges("task", self, first_steps=at_least(0), steps=at_least(0), mask_weight=at_least(0))

    def build(self) -> "LWLTask":
        """A task with a randomly initialised network."""
        return LWLTask(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxTaskConfig:
    """What is learned for targets given by a box."""

    mask_weight: float = 10.0
    """of the loss of the guessed masks"""

    def __post_init__(self) -> None:
        check_ranges("task", self, mask_weight=at_least(0))

    def build(self) -> "BoxTask":
        """A task with a randomly initialised network."""
        return BoxTask(self)


class LWLTask(Task):
    """Segments the test frames one after the other, learning from each as it does when it runs.

    All norms keep their stored statistics. The masks that are learned from on the way are the probabilities
    that the network gives, and the loss reaches it through them too.
    """

    network: LWLNet

    def __init__(self, config: LWLTaskConfig) -> None:
        super().__init__(LWLNet(), stored_norms=("",))
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`."""
        assert batch.test.masks is not None
        logits = self.segment(batch)
        loss = self.config.mask_weight * lovasz_loss(logits, batch.test.masks)
        accuracy = mask_overlap(logits > 0, batch.test.masks == 1).mean()
        return {
            "loss": loss,
            "Loss/total": loss.detach(),
            "Loss/segm": loss.detach(),
            "Stats/acc": accuracy,
        }

    def segment(self, batch: Sample) -> Float[Tensor, "F B H W"]:
        """The logits of the masks of the test frames."""
        assert batch.train.masks is not None
        network, (frames, samples) = self.network, batch.train.masks.shape[:2]
        levels = network.levels(batch.train.images.flatten(0, 1))
        labels = network.encode_masks(batch.train.masks.flatten(0, 1))
        with in_float32(labels):
            features = _by_sample(network.target_model.features(levels["layer3"]), frames)
            encoded = _by_sample(labels.float(), frames)
            filters = features.new_zeros(samples, ENCODING, features.shape[2], KERNEL, KERNEL)
            filters = self._improve(filters, features, encoded, steps=self.config.first_steps)
        found: list[Tensor] = []
        crop_of, size = torch.arange(samples, device=features.device), batch.train.masks.shape[-2:]
        for images in batch.test.images:
            if found:
                labels = network.encode_masks(found[-1].sigmoid())
                with in_float32(labels):
                    features = torch.cat([features, seen[:, None]], dim=1)
                    encoded = torch.cat([encoded, labels[:, None].float()], dim=1)
                    filters = self._improve(filters, features, encoded, steps=self.config.steps)
            levels = network.levels(images)
            with in_float32(labels):
                seen: Tensor = network.target_model.features(levels["layer3"])
                encoding = network.target_model.encode(seen, filters)
            found.append(network.decoder(encoding, levels, crop_of, (size[0], size[1])))
        return torch.stack(found)

    def _improve(
        self,
        filters: Float[Tensor, "B M C k k"],
        features: Float[Tensor, "B T C h w"],
        encoded: Float[Tensor, "B T 2 M h w"],
        *,
        steps: int,
    ) -> Float[Tensor, "B M C k k"]:
        """Filters after some steps on T samples, with the labels and weights of their masks."""
        labels, weights = encoded.unbind(2)
        problem = self.network.target_model.problem(features, labels, weights)
        improved, _ = self.network.target_model.improve(
            filters, problem.measure(filters), problem, steps=steps
        )
        return improved


class BoxTask(Task):
    """Guesses the masks of the train frames from their boxes; all but the encoder of boxes stays as it is."""

    goes_on_from: ClassVar[Mapping[str, str]] = {
        f"{part}.": f"{part}." for part in ("feature_extractor", "target_model", "decoder", "label_encoder")
    }
    network: LWLNet

    def __init__(self, config: BoxTaskConfig) -> None:
        stored = ("feature_extractor", "target_model", "decoder", "label_encoder")
        super().__init__(LWLNet(takes_boxes=True), stored_norms=stored)
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`."""
        assert batch.train.masks is not None
        logits = self.segment(batch.train.images.flatten(0, 1), batch.train.boxes.flatten(0, 1))
        masks = batch.train.masks.flatten(0, 1)
        loss = self.config.mask_weight / len(batch.train.masks) * lovasz_loss(logits, masks)
        accuracy = mask_overlap(logits > 0, masks == 1).mean()
        return {"loss": loss, "Loss/total": loss.detach(), "Stats/acc_box_train": accuracy}

    def segment(
        self, images: Float[Tensor, "n 3 H W"], boxes: Float[Tensor, "n 4"]
    ) -> Float[Tensor, "n H W"]:
        """The logits of the masks of what is in the boxes."""
        size = (images.shape[-2], images.shape[-1])
        with torch.no_grad():
            levels = self.network.levels(images)
            features = self.network.target_model.features(levels["layer3"])
        encoding = self.network.encode_boxes(features, boxes, size)
        return self.network.decoder(encoding, levels, torch.arange(len(boxes), device=boxes.device), size)


def _by_sample(x: Float[Tensor, "n *any"], frames: int) -> Float[Tensor, "B F *any"]:
    """What belongs to frames (F * B), by sample."""
    return x.unflatten(0, (frames, -1)).transpose(0, 1)
