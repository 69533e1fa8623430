"""A part of a model that can be exported: a graph, real inputs for it, and what the model says of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor, nn

Tensors = tuple[Tensor, ...]
Compute = Callable[..., Tensors]
"""from the tensors of a part's inputs to those of its outputs"""
Kind = Literal["detections", "people", "heatmaps", "tensors"]
"""what outputs are, and so how they are compared: boxes are matched, key points measured in pixels"""


def _as_it_is(*outputs: Tensor) -> Tensors:
    return outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is exported into a file.

    Attributes:
        name: such as "detections" or "features".
        kind: what it gives.
        network: what is exported; tensors in, a tuple of tensors out.
        reference: what the model itself gives for such inputs, in float32.
        ready: the same as saccade runs it, for its speed.
        inputs: names of the tensors that go in, all of which have the batch first.
        outputs: names of those that come out.
        examples: inputs of batch size 1, made of frames.
        about: what the file says of itself, besides what is said of every file.
        finish: what is still to be done with what the file gives, to be compared with what the model gives.
    """

    name: str
    kind: Kind
    network: nn.Module
    reference: Compute
    ready: Compute
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    examples: Sequence[Tensors]
    about: Mapping[str, Any] = field(default_factory=dict)
    finish: Compute = _as_it_is
