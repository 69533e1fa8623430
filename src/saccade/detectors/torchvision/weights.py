"""Weight files of torchvision's detectors: published ones, those of its reference training, and ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from torch import Tensor, nn

from saccade.core.errors import WeightsError
from saccade.detectors.torchvision.config import TorchvisionNetworkConfig
from saccade.detectors.torchvision.network import Face, RetinaNetNetwork
from saccade.nets.torchvision import with_current_names
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like

_TOWER = re.compile(r"(head\.(?:classification|regression)_head\.conv)\.(\d+)\.(weight|bias)")
"""RetinaNet's four convolutions, once numbered together with what stands between them"""


def read_weights(network: Face, checkpoint: Checkpoint, made: TorchvisionNetworkConfig) -> None:
    """Gives a network the weights of a file, whatever version of torchvision wrote it.

    Raises:
        WeightsError: when the file is another network's, tells another number of classes apart, or is broken.
    """
    checkpoint = replace(checkpoint, tensors=dict(renamed(network, checkpoint.tensors)))
    _check_classes(network, checkpoint, made)
    fill(network, checkpoint)


def renamed(network: nn.Module, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a file under the names that torchvision has for them today."""
    is_retinanet = isinstance(network, RetinaNetNetwork)
    for name, value in with_current_names(tensors):
        if is_retinanet and (found := _TOWER.fullmatch(name)):
            name = f"{found[1]}.{int(found[2]) // 2}.0.{found[3]}"
        yield name, value


def _check_classes(network: Face, checkpoint: Checkpoint, made: TorchvisionNetworkConfig) -> None:
    """Says it plainly where a file of the right network tells another number of classes apart."""
    own_tensors = network.state_dict()
    for name, own in own_tensors.items():
        value = checkpoint.tensors.get(name)
        if value is None or not name.startswith(network.class_parts) or value.shape == own.shape:
            continue
        if value.ndim != own.ndim or len(value) * made.num_outputs % len(own):
            break
        outputs = len(value) * made.num_outputs // len(own)
        raise WeightsError(
            f"{checkpoint.path}: has {outputs} outputs, so that it tells {outputs - 1} classes apart, where "
            f"{len(made.classes)} have names; name those of the file with --set network.classes=NAME,NAME,…"
        )
    unknown = [name for name in checkpoint.tensors if name not in own_tensors]
    if unknown:
        raise WeightsError(
            f"{checkpoint.path}: holds no {made.architecture}; the file {looks_like(checkpoint)}"
        )
