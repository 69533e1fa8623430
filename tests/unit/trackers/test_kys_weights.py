"""KYS' network from weight files: what a constructor means, and what is refused."""

import json
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import saccade
from saccade.core import WeightsError
from saccade.core.config import override
from saccade.trackers.kys import KYSNET, KYSNet
from saccade.trackers.kys.weights import _MAKER, CONSTRUCTOR, network_config, read_network
from saccade.weights import Checkpoint, Constructor
from saccade.zoo import import_weights
from tests.unit.weights.originals import save_original


def test_the_released_constructor_makes_the_released_network(golden: Path) -> None:
    recorded = json.loads((golden / "keys" / "kysnet_res50.json").read_text())
    kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in recorded["kwargs"].items()}
    assert recorded["constructor"].rpartition(".")[2] == CONSTRUCTOR
    assert network_config(Constructor(CONSTRUCTOR, kwargs)) == KYSNET


def test_values_change_the_network() -> None:
    kwargs = {
        "filter_size": 2,
        "init_gauss_sigma": 1.0,
        "cv_kernel_size": 5,
        "cv_max_displacement": 7,
        "state_dim": 4,
        "representation_predictor_dims": (12, 6),
        "gru_ksz": 1,
        "conf_measure": "max",
        "dimp_thresh": 0.2,
        "optim_iter": 9,
    }
    expected = override(
        KYSNET,
        {
            "classifier.filter_size": 2,
            "classifier.optimizer.initial_sigma": 1.0,
            "predictor.patch": 5,
            "predictor.reach": 7,
            "predictor.state_channels": 4,
            "predictor.hidden_channels": (12, 6),
            "predictor.kernel": 1,
            "predictor.confidence": "max",
        },
    )
    assert network_config(Constructor(CONSTRUCTOR, kwargs)) == expected


@pytest.mark.parametrize(
    ("made_by", "kwargs", "message"),
    [
        ("dimpnet50", {}, "made by 'dimpnet50', where kysnet_res50 is wanted"),
        (CONSTRUCTOR, {"cv_stride": 2}, "saccade knows such networks with cv_stride=1 only"),
        (CONSTRUCTOR, {"cv_kernel_size": 4}, "network.predictor.patch is 4; it must be odd"),
        (CONSTRUCTOR, {"representation_predictor_dims": (16, 0)}, "expected a number from 1 to 1024"),
        (CONSTRUCTOR, {"conf_measure": "luck"}, "'entropy', 'max'"),
        (CONSTRUCTOR, {"state_dims": 8}, "no value that saccade knows; did you mean 'state_dim'?"),
    ],
)
def test_values_that_no_network_here_has_are_named(made_by: str, kwargs: Any, message: str) -> None:
    with pytest.raises(WeightsError, match=re.escape(message)):
        network_config(Constructor(made_by, kwargs))


def test_every_number_of_the_constructor_has_a_range() -> None:
    values = {name: attrgetter(own)(KYSNET) for name, own in _MAKER.fields.items()}
    assert {n for n, v in values.items() if type(v) in (int, float, tuple)} <= _MAKER.ranges.keys()


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return dict(KYSNet(KYSNET).state_dict())


def test_an_original_file_is_imported_and_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensors: dict[str, Tensor]
) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    path = save_original(tmp_path / "any.pth", tensors, CONSTRUCTOR, {"cv_max_displacement": 8})
    obtained = import_weights(path)
    assert (obtained.network, obtained.models) == ("KYS (kysnet_res50)", ("kys", "kys_vot"))
    model: Any = saccade.load("kys")
    assert model.config.network == override(KYSNET, {"predictor.reach": 8})
    for name, value in tensors.items():
        torch.testing.assert_close(model.network.state_dict()[name], value, rtol=0, atol=0)


def test_other_networks_are_refused(tensors: dict[str, Tensor]) -> None:
    as_dimp = {name.removeprefix("dimp_"): value for name, value in tensors.items()}
    checkpoint = Checkpoint(Path("w.pth"), as_dimp, Constructor("dimpnet50", {}))
    with pytest.raises(WeightsError, match=r"^w\.pth: belongs to another network than KYSNet; missing: "):
        read_network(checkpoint, KYSNET)
    checkpoint = Checkpoint(Path("w.pth"), tensors, Constructor("dimpnet50", {}))
    with pytest.raises(WeightsError, match=r"^w\.pth: made by 'dimpnet50'"):
        read_network(checkpoint, KYSNET)
