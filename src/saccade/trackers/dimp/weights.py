"""Networks of the family from weight files: what the original's constructors, and their values, mean here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from saccade.core.config import override
from saccade.core.errors import ConfigError, WeightsError, did_you_mean
from saccade.nets.dimp import ClassifierConfig, HingeLoss
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
from saccade.weights.checkpoint import PlainValue
from saccade.weights.filling import check_names

_CLASSIFIER = {
    "filter_size": "filter_size",
    "out_feature_dim": "channels",
    "clf_feat_blocks": "num_blocks",
    "final_relu": "has_relu",
    "init_initializer": "initializer",
    "init_pool_square": "pools_square",
}
_LEARNED = {
    "optim_init_step": "initial_step",
    "optim_init_reg": "initial_reg",
    "init_gauss_sigma": "initial_sigma",
    "num_dist_bins": "num_bins",
    "bin_displacement": "bin_width",
    "mask_init_factor": "mask_factor",
    "target_mask_act": "mask",
    "score_act": "activation",
    "act_param": "bend",
}
_DENSITY = {
    "optim_init_step": "initial_step",
    "optim_init_reg": "initial_reg",
    "optim_min_reg": "min_reg",
    "gauss_sigma": "label_sigma",
    "alpha_eps": "damping",
    "normalize_label": "normalises_label",
    "label_shrink": "label_shrink",
    "softmax_reg": "background",
    "label_threshold": "label_threshold",
    "init_uni_weight": "uniform_share",
}
_HINGE = {
    "optim_init_step": "initial_step",
    "optim_init_reg": "initial_reg",
    "gauss_sigma": "label_sigma",
    "hinge_threshold": "hinge_threshold",
    "alpha_eps": "damping",
}
_SIMPLE = {
    "optim_init_reg": "initial_reg",
    "hinge_threshold": "hinge_threshold",
    "activation_leak": "leak",
}

_WORDS = {"bentpar": "bent", "default": "linear"}
"""the original's words for what has another name here"""
_TRAINING_ONLY = frozenset(
    {
        "backbone_pretrained",
        "detach_length",
        "frozen_backbone_layers",
        "optim_iter",
        "train_feature_extractor",
        "train_iounet",
    }
)
"""values without any influence on a trained network"""
_FIXED: Mapping[str, Any] = {
    "classification_layer": "layer3",
    "clf_feat_norm": True,
    "feat_stride": 16,
    "final_conv": True,
    "init_filter_norm": False,
    "iou_input_dim": (256, 256),
    "iou_inter_dim": (256, 256),
}
"""what every network of the family has in common; there is no other here"""


@dataclass(frozen=True, slots=True)
class _Maker:
    """A constructor of the original: what it makes by default, and which of its values change what."""

    released: DiMPNetConfig
    loss: Mapping[str, str]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    zeros: tuple[str, ...] = ()
    """values that may be 0 although their ranges do not hold it"""


_HINGE_DIMPNET18 = DiMPNetConfig(
    backbone="resnet18", classifier=ClassifierConfig(channels=256, num_blocks=1, optimizer=HingeLoss())
)
_MAKERS = {
    "dimpnet18": _Maker(DIMPNET18, _LEARNED),
    "dimpnet50": _Maker(DIMPNET50, _LEARNED),
    "L2dimpnet18": _Maker(_HINGE_DIMPNET18, _HINGE),
    "klcedimpnet18": _Maker(PRDIMPNET18, _DENSITY, zeros=("gauss_sigma",)),
    "klcedimpnet50": _Maker(PRDIMPNET50, _DENSITY, zeros=("gauss_sigma",)),
    "dimpnet50_simple": _Maker(SIMPLE_DIMPNET, _SIMPLE, {"score_act": "relu"}),
}
_Limits = tuple[int | float, int | float]
_RANGES: Mapping[str, _Limits] = {
    "filter_size": (1, 32),
    "out_feature_dim": (1, 8192),
    "clf_feat_blocks": (0, 8),
    "act_param": (1e-3, 1e3),
    "activation_leak": (0, 1),
    "alpha_eps": (0, 1e6),
    "bin_displacement": (1e-3, 1e3),
    "gauss_sigma": (1e-3, 1e3),
    "hinge_threshold": (-1e6, 1e6),
    "init_gauss_sigma": (1e-3, 1e3),
    "init_uni_weight": (0, 1),
    "label_shrink": (0, 1),
    "label_threshold": (0, 1e6),
    "mask_init_factor": (0, 1e6),
    "num_dist_bins": (1, 10_000),
    "optim_init_reg": (0, 1e6),
    "optim_init_step": (1e-6, 1e6),
    "optim_min_reg": (0, 1e6),
    "softmax_reg": (-1e6, 1e6),
}
"""least and greatest value of every number; any other would make no network, fill the memory, or have NaN for
scores"""


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
    fields = {name: f"classifier.{own}" for name, own in _CLASSIFIER.items()}
    fields |= {name: f"classifier.optimizer.{own}" for name, own in maker.loss.items()}
    fixed = dict(_FIXED) | dict(maker.fixed)
    config = maker.released
    for name, value in constructor.kwargs.items():
        said = f"{constructor.name}({name}={value!r})"
        if name in fields and value is not None:
            if name in _RANGES and not (value == 0 and name in maker.zeros):
                _check_range(said, value, _RANGES[name])
            config = _changed(config, said, fields[name], value)
        elif name in fixed and value not in (fixed[name], (fixed[name],)):
            raise WeightsError(f"{said}: saccade knows such networks with {name}={fixed[name]!r} only")
        elif name not in fields and name not in fixed and name not in _TRAINING_ONLY:
            known = [*fields, *fixed, *_TRAINING_ONLY]
            raise WeightsError(f"{said}: no value that saccade knows; {did_you_mean(name, known)}")
    return config


def _check_range(said: str, value: PlainValue, limits: _Limits) -> None:
    low, high = limits
    if not (isinstance(value, int | float) and low <= value <= high):  # as NaN is not
        raise WeightsError(f"{said}: expected a number from {low} to {high}")


def _changed(config: DiMPNetConfig, said: str, own: str, value: PlainValue) -> DiMPNetConfig:
    try:
        return override(config, {own: _WORDS.get(value, value) if isinstance(value, str) else value})
    except ConfigError as error:
        raise WeightsError(f"{said}: {error}") from None


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
