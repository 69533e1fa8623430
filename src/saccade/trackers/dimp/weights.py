"""Networks of the family from weight files: what the original's constructors, and their values, mean here."""

from collections.abc import Mapping
from typing import Any

import torch

from saccade.core.errors import WeightsError
from saccade.nets.dimp import ClassifierConfig, HingeLoss
from saccade.nets.dimp.constructors import (
    CLASSIFIER,
    DENSITY,
    FIXED,
    HINGE,
    LEARNED,
    RANGES,
    SIMPLE,
    TRAINING_ONLY,
    WORDS,
)
from saccade.trackers.dimp.network import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    DiMPNet,
    DiMPNetConfig,
)
from saccade.weights import Checkpoint, Constructor, fill
from saccade.weights.filling import check_names
from saccade.weights.makers import Maker


def _maker(
    released: DiMPNetConfig,
    loss: Mapping[str, str],
    *,
    fixed: Mapping[str, Any] = FIXED,
    zeros: tuple[str, ...] = (),
) -> Maker[DiMPNetConfig]:
    return Maker(
        released=released,
        fields={**CLASSIFIER, **loss},
        fixed=fixed,
        training_only=TRAINING_ONLY,
        ranges=RANGES,
        zeros=zeros,
        words=WORDS,
    )


_HINGE_DIMPNET18 = DiMPNetConfig(
    backbone="resnet18", classifier=ClassifierConfig(channels=256, num_blocks=1, optimizer=HingeLoss())
)
_MAKERS = {
    "dimpnet18": _maker(DIMPNET18, LEARNED),
    "dimpnet50": _maker(DIMPNET50, LEARNED),
    "L2dimpnet18": _maker(_HINGE_DIMPNET18, HINGE),
    "klcedimpnet18": _maker(PRDIMPNET18, DENSITY, zeros=("gauss_sigma",)),
    "klcedimpnet50": _maker(PRDIMPNET50, DENSITY, zeros=("gauss_sigma",)),
    "dimpnet50_simple": _maker(SIMPLE_DIMPNET, SIMPLE, fixed={**FIXED, "score_act": "relu"}),
}


def read_network(checkpoint: Checkpoint, default: DiMPNetConfig) -> DiMPNet:
    """The network of a weight file, made as the file's constructor says.

    Args:
        default: the network that is wished for; what a file without a constructor is taken for.

    Raises:
        WeightsError: when it is another network's, or broken, or its constructor has a value that no network
            here has.
    """
    config = default
    if checkpoint.constructor is not None:
        _check_kind(checkpoint, checkpoint.constructor.name, default)
        try:
            config = network_config(checkpoint.constructor)
        except WeightsError as error:
            raise WeightsError(f"{checkpoint.path}: {error}") from None
    network = _blank(config)
    fill(network, checkpoint)
    return network


def network_config(constructor: Constructor) -> DiMPNetConfig:
    """What a constructor of the original makes.

    Values that it is not given are those of the released network that it made.

    Raises:
        WeightsError: for a constructor of another family, and for a value that no network here has.
    """
    maker = _MAKERS.get(constructor.name)
    if maker is None:
        raise WeightsError(f"'{constructor.name}' makes no network of DiMP's family; {', '.join(_MAKERS)} do")
    return maker.configuration(constructor)


def _check_kind(checkpoint: Checkpoint, name: str, default: DiMPNetConfig) -> None:
    """Refuses the networks of other members of the family: their scores mean something else to a tracker."""
    kind = (default.backbone, type(default.classifier.optimizer))
    wished = [
        made_by
        for made_by, maker in _MAKERS.items()
        if (maker.released.backbone, type(maker.released.classifier.optimizer)) == kind
    ]
    if name in wished or (name == "L2dimpnet18" and "dimpnet18" in wished):
        return
    check_names(DiMPNet.__name__, _blank(default).state_dict(), checkpoint)
    raise WeightsError(
        f"{checkpoint.path}: made by '{name}', where a network of {', '.join(wished)} is wanted"
    )


def _blank(config: DiMPNetConfig) -> DiMPNet:
    """A network without memory and random numbers, to be filled."""
    with torch.device("meta"):
        return DiMPNet(config)
