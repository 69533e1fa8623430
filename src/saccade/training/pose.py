"""What pose estimators learn: heat maps and fields in pictures of people; and batches of such pictures."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from saccade.ops.heat_maps import peaks
from saccade.training.transfer import TransferTask

_NEAR = 0.05
"""sides of the map up to which a peak is in the right place, as SimpleBaseline's training counts it"""


class PoseBatch(NamedTuple):
    """Pictures, and the maps that a network should answer with.

    Attributes:
        images: RGB as bytes (B, 3, H, W).
        targets: `heatmaps` (B, K, h, w) and `weights` (B, K) of one person each, 0 for key points that are
            not learned; or, of all people, `fields` (B, 2L, h, w), `heatmaps` (B, K + 1, h, w), the last of
            which is the background, and `masks` (B, 1, h, w), 0 where nothing is learned.
        origins: where each comes from, as data set/name.
    """

    images: Tensor
    targets: Mapping[str, Tensor]
    origins: tuple[str, ...]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of its tensors, by name."""
        named = {"images": self.images, **self.targets}
        return {name: tuple(value.shape) for name, value in named.items()}

    def first(self, count: int) -> "PoseBatch":
        """The first pictures of it."""
        targets = {name: value[:count] for name, value in self.targets.items()}
        return PoseBatch(self.images[:count], targets, self.origins[:count])

    def plain(self) -> dict[str, Any]:
        """The same on the CPU, to be read anywhere."""
        targets = {name: value.detach().cpu() for name, value in self.targets.items()}
        return {"images": self.images.detach().cpu(), "targets": targets, "origins": list(self.origins)}


def collate(samples: Sequence[PoseBatch]) -> PoseBatch:
    """Batches of some pictures as a batch of all."""
    return PoseBatch(
        torch.cat([sample.images for sample in samples]),
        {name: torch.cat([sample.targets[name] for sample in samples]) for name in samples[0].targets},
        tuple(origin for sample in samples for origin in sample.origins),
    )


class HeatMapTask(TransferTask):
    """Trains a network that looks at one person: each of its stacks should answer with the heat maps.

    The loss of a stack is the mean squared error of its maps, over all key points and cells.
    """

    def __init__(self, network: nn.Module, *, factor: float, learns_absence: bool) -> None:
        """Wraps a network.

        Args:
            factor: on the mean squared error: SimpleBaseline's is 0.5, Hourglass's 1.
            learns_absence: whether the map of a key point that nobody has marked should be zero, as
                Hourglass's; else it does not count, as SimpleBaseline's.
        """
        super().__init__(network)
        network.to(memory_format=torch.channels_last)
        self.factor, self.learns_absence = factor, learns_absence

    def forward(self, batch: PoseBatch) -> dict[str, Tensor]:
        """The sum of the stacks' losses, each of them, and the share of key points that the last finds."""
        found: Float[Tensor, "B S K h w"] = self.network(batch.images.float() / 255).float()
        wished, weights = batch.targets["heatmaps"], batch.targets["weights"]
        errors = (found - wished[:, None]).square()
        if not self.learns_absence:
            errors = errors * weights[:, None, :, None, None]
        losses = self.factor * errors.mean(dim=(0, 2, 3, 4))
        right = is_right(found[:, -1].detach(), wished)
        is_known = weights > 0
        return {
            "loss": losses.sum(),
            **_numbered("Loss/heatmaps", losses.detach()),
            "Stats/right": (right & is_known).sum() / is_known.sum().clamp(min=1),
        }


class FieldTask(TransferTask):
    """Trains a network that looks at whole pictures: each of its stages should answer with fields and maps.

    The loss of either is half of the squared errors, summed over channels and cells, by picture (Caffe's
    Euclidean loss, by which learning rates are published).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        network.to(memory_format=torch.channels_last)

    def forward(self, batch: PoseBatch) -> dict[str, Tensor]:
        """The sum of all losses; those of the fields and of the heat maps, stage by stage."""
        stages = self.network(batch.images.float() / 255)
        masks = batch.targets["masks"]
        losses = {
            name: torch.stack([_euclidean(stage[place], batch.targets[name], masks) for stage in stages])
            for place, name in enumerate(("fields", "heatmaps"))
        }
        return {
            "loss": torch.cat(list(losses.values())).sum(),
            **{
                key: value
                for name, parts in losses.items()
                for key, value in _numbered(f"Loss/{name}", parts.detach()).items()
            },
        }


def is_right(found: Float[Tensor, "B K h w"], wished: Float[Tensor, "B K h w"]) -> Bool[Tensor, "B K"]:
    """Whether the peak of each map is where it should be, up to a twentieth of the map's sides."""
    sides = found.new_tensor((found.shape[3], found.shape[2]))
    distances = (peaks(found)[0] - peaks(wished)[0]) / sides
    return distances.norm(dim=2) <= _NEAR


def _euclidean(
    found: Float[Tensor, "B C h w"], wished: Float[Tensor, "B C h w"], masks: Float[Tensor, "B 1 h w"]
) -> Float[Tensor, ""]:
    return 0.5 * ((found.float() - wished) * masks).square().sum() / len(found)


def _numbered(name: str, values: Float[Tensor, " S"]) -> dict[str, Tensor]:
    """Values by name: of several, with their numbers."""
    if len(values) == 1:
        return {name: values[0]}
    return {f"{name}{number + 1}": value for number, value in enumerate(values)}
