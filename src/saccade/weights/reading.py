"""Reading tensors from files, and giving them to a network, with every disagreement named."""

import pickle
import re
import struct
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from saccade.core.errors import WeightsError

_EXPECTED = "expected .safetensors, or a state dict saved by PyTorch"

# a pickle is a program: a damaged one fails in whatever way its damage leads to
_DAMAGED = (
    SafetensorError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of a state dict that PyTorch saved, on the CPU.

    PyTorch files are read with `weights_only=True`: no code from the file ever runs.

    Raises:
        WeightsError: when the file is missing, is neither, or holds anything but tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weight file; check the path")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at pickles that PyTorch did not write; those are refused below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # PyTorch's own message recommends reading it without the check, which would run what is in it
        refused = re.search(r"GLOBAL (\S+)", str(error))
        found = (
            f"asks for {refused[1]}, which is no tensor"
            if refused
            else "no file of PyTorch, or more than tensors in it"
        )
        raise WeightsError(f"{path}: {found}; {_EXPECTED}") from None
    except _DAMAGED as error:
        reason = f"{type(error).__name__}: {error}".split(". ")[0].splitlines()[0]
        raise WeightsError(f"{path}: damaged, or no weight file ({reason}); {_EXPECTED}") from None
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        raise WeightsError(f"{path}: holds more than tensors; {_EXPECTED}")
    return content


def load_weights(network: nn.Module, path: Path) -> None:
    """Fills a network from a file.

    Raises:
        WeightsError: as `read_tensors`, and when names or shapes differ from the network's, or a value is not
        finite.
    """
    tensors, own = read_tensors(path), network.state_dict()
    # files older than PyTorch 0.4.1 lack the counter of batch normalisation, which inference never uses
    missing = [k for k in own if k not in tensors and not k.endswith("num_batches_tracked")]
    unknown = [k for k in tensors if k not in own]
    if missing or unknown:
        raise WeightsError(
            f"{path}: belongs to another network than {type(network).__name__}; "
            f"missing: {_some(missing)}; unknown: {_some(unknown)}"
        )
    for name, value in tensors.items():
        if value.shape != own[name].shape:
            raise WeightsError(
                f"{path}: '{name}' has shape {tuple(value.shape)}, the network's {tuple(own[name].shape)}"
            )
        if value.is_floating_point() and not value.isfinite().all():
            raise WeightsError(f"{path}: '{name}' holds values that are not finite; fetch the file again")
    network.load_state_dict(tensors, strict=False)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
