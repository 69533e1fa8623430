"""A task: a network, and how far its answer to a batch is from what it should be."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from saccade.core import Skeleton
from saccade.core.errors import WeightsError
from saccade.data.pose.targets import PersonTargets

_NEVER_RUN = re.compile(r"(.*\.)?(num_batches_tracked|fc\.(weight|bias))")
"""tensors that a file may lack"""


class Task(nn.Module):
    """What is learned: `forward` turns a batch into `{"loss": …}` and the parts that it is made of.

    The loss is a scalar to be descended; the other entries are scalars to be logged, without gradient, named
    as they appear in the log (`Loss/iou`).

    Attributes:
        network: what the checkpoint holds, and a tracker loads.
        goes_on_from: where the parts of the network come from whose weights a training goes on from: path
            there to path here.
        imagenet: parts of the network that begin as torchvision's networks of these names do: path here to
            name there; besides those that are torchvision's by their class.
    """

    imagenet: Mapping[str, str] = MappingProxyType({})
    goes_on_from: ClassVar[Mapping[str, str]] = {"": ""}
    network: nn.Module

    def __init__(self, network: nn.Module, *, stored_norms: tuple[str, ...] = ()) -> None:
        """Wraps a network.

        Args:
            stored_norms: paths of the parts of the network that normalise with their stored statistics while
                the rest trains, e.g. "feature_extractor.layer1"; "" is the whole network.
        """
        super().__init__()
        self.network = network
        self.stored_norms = stored_norms

    def train(self, mode: bool = True) -> "Task":
        """Sets training mode everywhere but in the parts whose normalisation is fixed."""
        super().train(mode)
        for path in self.stored_norms:
            self.network.get_submodule(path).eval()
        return self

    def go_on_from(self, weights: Mapping[str, Tensor]) -> None:
        """Takes over the weights of the network that this training goes on from; all else stays random.

        Args:
            weights: of that network, by their names there.

        Raises:
            WeightsError: when one is missing or has another shape.
        """
        own, taken = self.network.state_dict(), {}
        for there, here in self.goes_on_from.items():
            for name in own:
                if name.startswith(here) and not name.endswith("num_batches_tracked"):
                    source = there + name.removeprefix(here)
                    if source not in weights or weights[source].shape != own[name].shape:
                        raise WeightsError(
                            f"'{source}' is missing, or of another shape, in the weights to go on from; give "
                            f"those of the model that the recipe starts from"
                        )
                    taken[name] = weights[source]
        self.network.load_state_dict(taken, strict=False)

    def can_go_on_from(self, weights: Mapping[str, Tensor]) -> bool:
        """Whether weights hold all that this takes over from the network that it goes on from."""
        own = self.network.state_dict()
        return all(
            _NEVER_RUN.fullmatch(name)
            or getattr(weights.get(there + name.removeprefix(here)), "shape", None) == value.shape
            for there, here in self.goes_on_from.items()
            for name, value in own.items()
            if name.startswith(here)
        )

    def forward(self, batch: Any) -> dict[str, Tensor]:
        """The loss of a batch, and its parts."""
        raise NotImplementedError


def in_float32(like: Tensor) -> torch.autocast:
    """Inside, nothing is computed in less: so for what is learned online, as it is when the network tracks.

    Args:
        like: a tensor on the device that it is computed on.
    """
    return torch.autocast(like.device.type, enabled=False)


@runtime_checkable
class TaskConfig(Protocol):
    """A frozen dataclass that says what is learned: the network's configuration and the losses' weights."""

    def build(self) -> Task:
        """A task with a randomly initialised network."""
        ...


@runtime_checkable
class DetectorTaskConfig(TaskConfig, Protocol):
    """The settings of a detector, as a task: by them its model is made from the weights that come out.

    Attributes:
        size: of the pictures that it sees in pixels.
    """

    @property
    def size(self) -> int: ...

    def of_classes(self, classes: tuple[str, ...]) -> "DetectorTaskConfig":
        """The same for a detector that tells these classes apart."""
        ...

    def from_scratch(self) -> "DetectorTaskConfig":
        """The same for a network that begins with random weights, in which all has to learn."""
        ...


@runtime_checkable
class PoseTaskConfig(TaskConfig, Protocol):
    """The settings of a pose estimator, as a task; see `DetectorTaskConfig`."""

    @property
    def skeleton(self) -> Skeleton:
        """The key points that are learned."""
        ...

    def of_skeleton(self, skeleton: Skeleton) -> "PoseTaskConfig":
        """The same for an estimator that learns from data with this skeleton."""
        ...

    def from_scratch(self) -> "PoseTaskConfig":
        """The same for a network that begins with random weights, in which all has to learn."""
        ...


@runtime_checkable
class PersonTaskConfig(PoseTaskConfig, Protocol):
    """That of an estimator that looks at one person at a time.

    Attributes:
        size: (width, height) of its crops in pixels.
        enlargement: side of a crop / side of the person's box.
    """

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def enlargement(self) -> float: ...

    @property
    def targets(self) -> PersonTargets:
        """What the network should answer."""
        ...
