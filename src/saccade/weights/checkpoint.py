"""What a weight file holds: tensors, and how the network that they belong to was made."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.core.errors import WeightsError
from saccade.weights.trained import Trained

if TYPE_CHECKING:
    from torch import Tensor

_Scalar = bool | int | float | str | None
PlainValue = _Scalar | tuple[_Scalar, ...]
"""what a constructor may be given: a number, a text, or a row of them"""


@dataclass(frozen=True, slots=True)
class Constructor:
    """The function of the original's code that makes the network, and what it is given.

    Some settings of a network are in no tensor, and stand only here.
    """

    name: str
    kwargs: Mapping[str, PlainValue]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A weight file in memory.

    Attributes:
        path: where it was read.
        tensors: by their names in the network's state dict, on the CPU.
        constructor: None for files with tensors only.
        trained: how they were trained; None where saccade has not done it.
    """

    path: Path
    tensors: "dict[str, Tensor]"
    constructor: Constructor | None = None
    trained: Trained | None = None


def make_constructor(path: Path, name: Any, kwargs: Any) -> Constructor:
    """A constructor from what a file says; rows become tuples.

    Raises:
        WeightsError: when a value is neither plain nor a row of plain values, e.g. a module, or is a whole
            number of more than 64 bits.
    """
    if not isinstance(name, str) or not isinstance(kwargs, Mapping):
        raise WeightsError(f"{path}: says in no way that saccade knows how its network is made")
    plain: dict[str, PlainValue] = {}
    for key, value in kwargs.items():
        is_row = isinstance(value, list | tuple)
        row = tuple(value) if is_row else (value,)
        odd = next((part for part in (key, *row) if not isinstance(part, _Scalar)), None)
        if odd is not None:
            kind = f"{type(odd).__module__}.{type(odd).__qualname__}"
            raise WeightsError(f"{path}: {name}({key}=…) is given a {kind}; only numbers and texts are read")
        if any(isinstance(part, int) and part.bit_length() > 63 for part in row):
            raise WeightsError(f"{path}: {name}({key}=…) is given a number of more than 64 bits")
        plain[str(key)] = row if is_row else row[0]
    return Constructor(name, plain)
