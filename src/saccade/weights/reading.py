"""Reading tensors from files, and giving them to a network, with every disagreement named."""

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from saccade.core.errors import WeightsError


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of a state dict that PyTorch saved, on the CPU.

    PyTorch files are read with `weights_only=True`: no code from the file ever runs.

    Raises:
        WeightsError: when the file is missing, is neither, or holds anything but tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weight file")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        SafetensorError,
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"{path}: no weight file that can be read ({reason}); expected .safetensors, or a state dict "
            f"saved by PyTorch"
        ) from None
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{path}: holds more than tensors; expected a state dict of names and tensors")
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
