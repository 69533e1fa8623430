"""Reading weight files of every kind that saccade knows."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from saccade.core.errors import WeightsError
from saccade.weights.checkpoint import Checkpoint, Constructor, make_constructor
from saccade.weights.complaints import EXPECTED, damaged
from saccade.weights.label import read_label
from saccade.weights.legacy import DAMAGED, ConstructorStandIn, read_pickled
from saccade.weights.trained import is_training, trained_network

_PARALLEL = "module."
"""what PyTorch puts before all names of a network that several devices train together"""


def read_checkpoint(path: Path) -> Checkpoint:
    """The content of a weight file; no code from it ever runs.

    Read are safetensors, with the label that the store gives them; state dicts that PyTorch saved;
    checkpoints of `saccade train`; those of the original trackers, of which the network's tensors and its
    constructor are kept; and those with a state dict named "model", as YOLOX's, or "state_dict". Where a
    network was saved as several devices trained it, "module." before all its names is left out.

    Raises:
        WeightsError: when the file is missing, damaged, none of these, or asks for anything but tensors.
    """
    if path.is_dir():
        raise WeightsError(f"{path}: is a folder; name the weight file in it")
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weight file; check the path")
    if path.suffix == ".safetensors":
        try:
            tensors = load_file(path)
        except DAMAGED as error:
            raise damaged(path, error) from None
        label = read_label(path)
        return (
            Checkpoint(path, tensors, label.constructor, label.trained)
            if label
            else Checkpoint(path, tensors)
        )
    content = read_pickled(path)
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: holds no named tensors; {EXPECTED}")
    if is_training(content):
        tensors, trained = trained_network(path, content)
        return Checkpoint(path, _tensors(path, tensors), trained=trained)
    net = content.get("net")
    if not isinstance(net, dict):
        wrapped = (content.get(name) for name in ("model", "state_dict"))
        return Checkpoint(path, _tensors(path, next((w for w in wrapped if isinstance(w, dict)), content)))
    return Checkpoint(path, _tensors(path, net), _constructor(path, content.get("constructor")))


def _tensors(path: Path, named: dict[Any, Any]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, value in named.items():
        if not isinstance(name, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            raise WeightsError(f"{path}: holds more than named tensors ({name}); {EXPECTED}")
        # a tensor may claim more elements than it has by repeating them, until memory runs out
        if value.is_meta or value.element_size() * value.nelement() > value.untyped_storage().nbytes():
            raise WeightsError(
                f"{path}: '{name}' is larger than the values that the file has for it; {EXPECTED}"
            )
        found[name] = value.detach()
    if all(name.startswith(_PARALLEL) for name in found):
        return {name.removeprefix(_PARALLEL): value for name, value in found.items()}
    return found


def _constructor(path: Path, found: Any) -> Constructor | None:
    if found is None:
        return None
    if not isinstance(found, ConstructorStandIn) or found.get("args"):
        raise WeightsError(f"{path}: says in no way that saccade knows how its network is made")
    return make_constructor(path, found.get("fun_name"), found.get("kwds") or {})
