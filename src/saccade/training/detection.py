"""What detectors learn: boxes and classes in pictures; and the batches that they learn them from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from saccade.nets.detection import Target
from saccade.training.transfer import TransferTask


class DetectionBatch(NamedTuple):
    """Pictures and what is in them.

    Attributes:
        images: RGB as bytes (3, H, W), each of its own size where the network sees to sizes.
        targets: of each.
        is_plain: whether the epochs have come in which pictures stay alone.
        origins: where each comes from, as data set/name.
    """

    images: tuple[Tensor, ...]
    targets: tuple[Target, ...]
    is_plain: bool
    origins: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Those of the largest picture, and of all boxes together."""
        sides = [max(image.shape[axis] for image in self.images) for axis in (1, 2)]
        boxes = sum(len(target["boxes"]) for target in self.targets)
        return {"images": (len(self.images), 3, *sides), "boxes": (boxes, 4)}

    def first(self, count: int) -> "DetectionBatch":
        """The first pictures of it."""
        return DetectionBatch(self.images[:count], self.targets[:count], self.is_plain, self.origins[:count])

    def plain(self) -> dict[str, Any]:
        """The same as lists of tensors on the CPU, to be read anywhere."""
        return {
            "images": [image.detach().cpu() for image in self.images],
            "targets": [
                {name: value.detach().cpu() for name, value in target.items()}  # type: ignore[attr-defined]
                for target in self.targets
            ],
            "origins": list(self.origins),
        }


def collate(samples: Sequence[DetectionBatch]) -> DetectionBatch:
    """Batches of one picture as a batch of all."""
    return DetectionBatch(
        tuple(image for sample in samples for image in sample.images),
        tuple(target for sample in samples for target in sample.targets),
        all(sample.is_plain for sample in samples),
        tuple(origin for sample in samples for origin in sample.origins),
    )


class DetectionTask(TransferTask):
    """Trains any network that says its losses itself.

    A network may have `size`, of the pictures that it sees, where that may change from batch to batch; and
    `uses_l1`, where its loss has a last part.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        # separable convolutions learn ten times as fast on a CPU, and none more slowly anywhere
        network.to(memory_format=torch.channels_last)

    def forward(self, batch: DetectionBatch) -> dict[str, Tensor]:
        """The sum of the network's losses, and each of them."""
        network: Any = self.network
        if hasattr(network, "uses_l1"):
            network.uses_l1 = batch.is_plain
        if hasattr(network, "size"):
            network.size = max(batch.shapes["images"][2:])
        images = [image.float() / 255 for image in batch.images]
        losses: dict[str, Tensor] = network(images, list(batch.targets))
        loss = torch.stack([part.float() for part in losses.values()]).sum()
        return {
            "loss": loss,
            **{f"Loss/{name.removeprefix('loss_')}": part.detach() for name, part in losses.items()},
        }
