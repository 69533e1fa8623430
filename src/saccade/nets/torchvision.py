"""torchvision's detection models: in steps, with parts that may be reduced, from weight files of any age."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from saccade.nets.fitting import Resizing
from saccade.nets.inference import as_precise_as

_CONVOLUTIONS = {
    re.compile(r"(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)"): r"\1.0.\2",
    re.compile(r"(rpn\.head\.conv)\.(weight|bias)"): r"\1.0.0.\2",
}
"""names from before torchvision 0.13, where convolutions stood alone that are now followed by others"""


class Wrapped(Resizing):
    """What stands before a detection model of torchvision's; a mixin, whose parts keep torchvision's names.

    Attributes:
        reducible: names of the parts that bfloat16 is precise enough for.
    """

    backbone: Any
    reducible: tuple[str, ...] = ("backbone", "head")

    def __init__(self, model: nn.Module) -> None:
        """Takes over all that a model consists of: torchvision makes objects of its own classes."""
        nn.Module.__init__(self)
        self.__dict__.update(model.__dict__)

    def fix_norms(self, eps: float) -> None:
        """Sets what the backbone's batch norms add to variances; with nothing, they no longer learn."""
        for part in self.get_submodule("backbone").modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eps = eps
                part.requires_grad_(eps > 0)

    def train(self, mode: bool = True) -> "Wrapped":
        """Sets training mode everywhere but in batch norms that do not learn."""
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d) and not part.eps:
                part.eval()
        return self

    def prepare(self) -> None:
        """Lets the reduced parts take and return float32, in which all else is computed."""
        for name in self.reducible:
            part = self.get_submodule(name)
            if next(part.parameters()).dtype != torch.float32:
                self.set_submodule(name, Reduced(part))


class Reduced(nn.Module):
    """A part that computes in another kind of number than all around it."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, inputs: Any) -> Any:
        """What the part gives, in float32."""
        return _converted(self.part(_converted(inputs, like=self.part)))


def _converted(values: Any, like: nn.Module | None = None) -> Any:
    """Tensors, or lists, tuples and dictionaries of them, in float32, or as a part computes."""
    if isinstance(values, Tensor):
        return values.float() if like is None else as_precise_as(like, values)
    if isinstance(values, Mapping):
        return OrderedDict((name, _converted(value, like)) for name, value in values.items())
    return type(values)(_converted(value, like) for value in values)


def with_current_names(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a file under the names that torchvision has today for what all its models share."""
    for name, value in tensors.items():
        for pattern, new in _CONVOLUTIONS.items():
            name = pattern.sub(new, name) if pattern.fullmatch(name) else name
        yield name, value
