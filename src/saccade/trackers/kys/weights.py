"""KYS' network from weight files: what the original's constructor, and its values, mean here."""

import torch

from saccade.core.errors import WeightsError
from saccade.nets.dimp.constructors import CLASSIFIER, FIXED, LEARNED, RANGES, TRAINING_ONLY, WORDS
from saccade.trackers.kys.network import KYSNET, KYSNet, KYSNetConfig
from saccade.weights import Checkpoint, Constructor, fill
from saccade.weights.filling import check_names
from saccade.weights.makers import Maker

CONSTRUCTOR = "kysnet_res50"
"""function of the original's code that makes the network"""
_MAKER = Maker(
    released=KYSNET,
    fields={
        **CLASSIFIER,
        **LEARNED,
        "cv_kernel_size": "predictor.patch",
        "cv_max_displacement": "predictor.reach",
        "state_dim": "predictor.state_channels",
        "representation_predictor_dims": "predictor.hidden_channels",
        "gru_ksz": "predictor.kernel",
        "conf_measure": "predictor.confidence",
    },
    fixed={**FIXED, "cv_stride": 1},
    # trackers have a threshold of their own, in `scene.least_score`
    training_only={*TRAINING_ONLY, "dimp_thresh"},
    ranges={
        **RANGES,
        "cv_kernel_size": (1, 31),
        "cv_max_displacement": (0, 1000),
        "state_dim": (1, 1024),
        "representation_predictor_dims": (1, 1024),
        "gru_ksz": (1, 31),
    },
    words=WORDS,
)


def read_network(checkpoint: Checkpoint, default: KYSNetConfig) -> KYSNet:
    """The network of a weight file, made as the file's constructor says.

    Args:
        default: what a file without a constructor is taken for.

    Raises:
        WeightsError: when it is another network's, or broken, or its constructor has a value that no network
            here has.
    """
    config = default
    if checkpoint.constructor is not None:
        if checkpoint.constructor.name != CONSTRUCTOR:
            check_names(KYSNet.__name__, _blank(default).state_dict(), checkpoint)
        try:
            config = network_config(checkpoint.constructor)
        except WeightsError as error:
            raise WeightsError(f"{checkpoint.path}: {error}") from None
    network = _blank(config)
    fill(network, checkpoint)
    return network


def network_config(constructor: Constructor) -> KYSNetConfig:
    """What a constructor of the original makes.

    Raises:
        WeightsError: for another constructor than that of KYS, and for a value that no network here has.
    """
    if constructor.name != CONSTRUCTOR:
        raise WeightsError(f"made by '{constructor.name}', where {CONSTRUCTOR} is wanted")
    return _MAKER.configuration(constructor)


def _blank(config: KYSNetConfig) -> KYSNet:
    """A network without memory and random numbers, to be filled."""
    with torch.device("meta"):
        return KYSNet(config)
