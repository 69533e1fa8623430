"""Networks of DiMP's family from weight files: what a constructor means, and what is refused."""

import json
import re
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import torch

import saccade
from saccade.core import ConfigError, WeightsError
from saccade.nets.dimp import DensityLoss, HingeLoss, LearnedLoss, SimpleLoss
from saccade.trackers.dimp import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
    DiMPNet,
    DiMPNetConfig,
)
from saccade.trackers.dimp.weights import _MAKERS, network_config, read_network
from saccade.weights import Checkpoint, Constructor, read_checkpoint
from saccade.weights.makers import Maker
from tests.unit.weights.originals import save_original

RELEASED = {
    "dimpnet18": DIMPNET18,
    "dimpnet50": DIMPNET50,
    "super_dimp": SUPER_DIMPNET,
    "super_dimp_simple": SIMPLE_DIMPNET,
    "klcedimpnet18": PRDIMPNET18,
    "klcedimpnet50": PRDIMPNET50,
}


@pytest.mark.parametrize("name", RELEASED)
def test_released_constructors_make_released_networks(golden: Path, name: str) -> None:
    recorded = json.loads((golden / "keys" / f"{name}.json").read_text())
    made_by = recorded["constructor"].rpartition(".")[2]
    assert network_config(Constructor(made_by, plain(recorded["kwargs"]))) == RELEASED[name]


def plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in kwargs.items()}


@pytest.mark.parametrize(
    ("made_by", "kwargs", "loss"),
    [
        (
            "dimpnet50",
            {
                "optim_init_step": 0.5,
                "optim_init_reg": 0.2,
                "init_gauss_sigma": 1,
                "num_dist_bins": 10,
                "bin_displacement": 0.5,
                "mask_init_factor": 4.0,
                "target_mask_act": "linear",
                "score_act": "bentpar",
                "act_param": 0.3,
            },
            LearnedLoss(
                initial_step=0.5,
                initial_reg=0.2,
                initial_sigma=1.0,
                num_bins=10,
                bin_width=0.5,
                mask_factor=4.0,
                mask="linear",
                activation="bent",
                bend=0.3,
            ),
        ),
        (
            "klcedimpnet18",
            {
                "optim_init_step": 0.5,
                "optim_init_reg": 0.2,
                "optim_min_reg": 0.01,
                "gauss_sigma": 0.7,
                "alpha_eps": 0.1,
                "normalize_label": False,
                "label_shrink": 0.1,
                "softmax_reg": -3.0,
                "label_threshold": 0.02,
                "init_uni_weight": 0.05,
            },
            DensityLoss(
                initial_step=0.5,
                initial_reg=0.2,
                min_reg=0.01,
                label_sigma=0.7,
                damping=0.1,
                normalises_label=False,
                label_shrink=0.1,
                background=-3.0,
                label_threshold=0.02,
                uniform_share=0.05,
            ),
        ),
        (
            "L2dimpnet18",
            {"gauss_sigma": 0.8, "hinge_threshold": 0.05, "alpha_eps": 0.02, "optim_init_reg": 0.3},
            HingeLoss(label_sigma=0.8, hinge_threshold=0.05, damping=0.02, initial_reg=0.3),
        ),
        (
            "dimpnet50_simple",
            {"optim_init_reg": 0.3, "hinge_threshold": 0.1, "activation_leak": 0.2, "score_act": "relu"},
            SimpleLoss(initial_reg=0.3, hinge_threshold=0.1, leak=0.2),
        ),
    ],
)
def test_values_change_the_loss(made_by: str, kwargs: dict[str, Any], loss: Any) -> None:
    assert network_config(Constructor(made_by, kwargs)).classifier.optimizer == loss


def test_values_change_the_classifier() -> None:
    kwargs = {
        "filter_size": 3,
        "out_feature_dim": 64,
        "clf_feat_blocks": 2,
        "final_relu": True,
        "init_initializer": "zero",
        "init_pool_square": True,
    }
    expected = replace(
        DIMPNET50.classifier,
        filter_size=3,
        channels=64,
        num_blocks=2,
        has_relu=True,
        initializer="zero",
        pools_square=True,
    )
    assert network_config(Constructor("dimpnet50", kwargs)) == DiMPNetConfig(classifier=expected)


@pytest.mark.parametrize("made_by", ["dimpnet18", "klcedimpnet50", "dimpnet50_simple"])
def test_values_of_training_and_those_not_given_change_nothing(made_by: str) -> None:
    kwargs = {
        "backbone_pretrained": True,
        "optim_iter": 99,
        "detach_length": float("inf"),
        "frozen_backbone_layers": ("conv1",),
        "train_feature_extractor": False,
        "train_iounet": False,
        "classification_layer": ("layer3",),
        "final_conv": True,
        "iou_input_dim": (256, 256),
        "filter_size": None,
    }
    assert network_config(Constructor(made_by, kwargs)) == network_config(Constructor(made_by, {}))


@pytest.mark.parametrize(
    ("made_by", "kwargs", "message"),
    [
        ("atom_resnet18", {}, "'atom_resnet18' makes no network of DiMP's family; dimpnet18, "),
        (
            "klcedimpnet50",
            {"gaus_sigma": 1.0},
            "klcedimpnet50(gaus_sigma=1.0): no value that saccade knows; did you mean 'gauss_sigma'?",
        ),
        ("dimpnet50", {"gauss_sigma": 1.0}, "dimpnet50(gauss_sigma=1.0): no value that saccade knows"),
        (
            "dimpnet50",
            {"final_conv": False},
            "final_conv=False): saccade knows such networks with final_conv=True",
        ),
        (
            "dimpnet50",
            {"iou_input_dim": (128, 128)},
            "saccade knows such networks with iou_input_dim=(256, 256)",
        ),
        (
            "dimpnet50_simple",
            {"score_act": "bentpar"},
            "saccade knows such networks with score_act='relu' only",
        ),
        ("dimpnet50", {"filter_size": "big"}, "dimpnet50(filter_size='big'): "),
        ("dimpnet50", {"score_act": "gelu"}, "dimpnet50(score_act='gelu'): "),
        ("dimpnet50", {"final_relu": 3}, "dimpnet50(final_relu=3): "),
        ("dimpnet50", {"filter_size": 0}, "expected a number from 1 to 32"),
        ("dimpnet50", {"clf_feat_blocks": 10**9}, "expected a number from 0 to 8"),
        ("dimpnet50", {"out_feature_dim": 10**9}, "expected a number from 1 to 8192"),
        ("dimpnet50", {"bin_displacement": 0.0}, "expected a number from 0.001 to 1000.0"),
        ("klcedimpnet50", {"gauss_sigma": float("nan")}, "klcedimpnet50(gauss_sigma=nan): expected a number"),
        ("klcedimpnet50", {"gauss_sigma": 1e-30}, "expected a number from 0.001 to 1000.0"),
        ("L2dimpnet18", {"gauss_sigma": 0.0}, "expected a number from 0.001 to 1000.0"),
        ("klcedimpnet50", {"alpha_eps": -5.0}, "expected a number from 0 to 1000000.0"),
        ("klcedimpnet50", {"softmax_reg": float("inf")}, "expected a number from -1000000.0 to 1000000.0"),
        ("dimpnet50", {"act_param": 0.0, "score_act": "bentpar"}, "expected a number from 0.001 to 1000.0"),
        ("dimpnet50", {"optim_init_reg": 10**400}, "): expected a number from 0 to 1000000.0"),
        ("dimpnet50", {"mask_init_factor": -(10**400)}, "): expected a number from 0 to 1000000.0"),
    ],
)
def test_values_that_no_network_here_has_are_named(made_by: str, kwargs: Any, message: str) -> None:
    with pytest.raises(WeightsError, match=re.escape(message)):
        network_config(Constructor(made_by, kwargs))


def test_a_density_may_be_in_one_cell() -> None:
    found = network_config(Constructor("klcedimpnet18", {"gauss_sigma": 0})).classifier.optimizer
    assert found == DensityLoss(label_sigma=0.0)


@pytest.mark.parametrize("maker", _MAKERS.values(), ids=list(_MAKERS))
def test_every_number_of_a_constructor_has_a_range(maker: Maker[DiMPNetConfig]) -> None:
    values = {name: attrgetter(own)(maker.released) for name, own in maker.fields.items()}
    assert {name for name, value in values.items() if type(value) in (int, float)} <= maker.ranges.keys()


SMALL = {"out_feature_dim": 8, "num_dist_bins": 4}


@pytest.fixture(scope="module")
def small() -> DiMPNet:
    """A trained DiMP-18, its classifier smaller than the released one's."""
    torch.manual_seed(0)
    return DiMPNet(network_config(Constructor("dimpnet18", SMALL)))


@pytest.mark.parametrize("is_old", [False, True], ids=["zip", "before PyTorch 1.6"])
def test_a_network_is_what_its_constructor_made(tmp_path: Path, small: DiMPNet, is_old: bool) -> None:
    kwargs = SMALL | {"filter_size": 2, "bin_displacement": 0.2}
    path = save_original(tmp_path / "w.pth", small.state_dict(), "dimpnet18", kwargs, is_old=is_old)
    found = read_network(read_checkpoint(path), DIMPNET18)
    assert found.config == network_config(Constructor("dimpnet18", kwargs))
    assert found.config.classifier.filter_size == found.classifier.filter_initializer.filter_size == 2
    for name, value in small.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], value, rtol=0, atol=0)
    with torch.inference_mode():
        picture = torch.rand(1, 3, 64, 64)
        torch.testing.assert_close(
            found.eval().backbone_features(picture), small.eval().backbone_features(picture), rtol=0, atol=0
        )


def test_a_file_without_a_constructor_is_what_is_wished_for(small: DiMPNet) -> None:
    found = read_network(Checkpoint(Path("w.pth"), dict(small.state_dict())), small.config)
    assert found.config == small.config


def test_a_configuration_says_what_runs(tmp_path: Path, small: DiMPNet) -> None:
    kwargs = SMALL | {"filter_size": 2}
    path = save_original(tmp_path / "w.pth", small.state_dict(), "dimpnet18", kwargs)
    model: Any = saccade.load("dimp18", weights=path, settings={"network.classifier.filter_size": "2"})
    assert model.config.network == model.network.config == network_config(Constructor("dimpnet18", kwargs))
    torch.save(small.state_dict(), path)
    settings = {"channels": 8, "optimizer.num_bins": 4, "filter_size": 2}
    model = saccade.load(
        "dimp18", weights=path, settings={f"network.classifier.{k}": v for k, v in settings.items()}
    )
    assert model.config.network == model.network.config
    assert model.config.network.classifier.filter_size == 2


@pytest.mark.parametrize(
    ("made_by", "kwargs", "setting", "value"),
    [
        pytest.param("dimpnet18", SMALL, "filter_size", 2, id="another value"),
        pytest.param(
            "dimpnet18", SMALL | {"filter_size": 2}, "filter_size", 4, id="another value, the preset's own"
        ),
        pytest.param(
            "L2dimpnet18", {"out_feature_dim": 8}, "optimizer.bin_width", 0.2, id="a field of another loss"
        ),
    ],
)
def test_settings_that_a_file_decides_otherwise_are_refused(
    tmp_path: Path, made_by: str, kwargs: dict[str, Any], setting: str, value: Any
) -> None:
    tensors = DiMPNet(network_config(Constructor(made_by, kwargs))).state_dict()
    path = save_original(tmp_path / "w.pth", tensors, made_by, kwargs)
    name = f"network.classifier.{setting}"
    with pytest.raises(
        ConfigError, match=re.escape(f"'{name}' cannot be {value}: the network in {path} was made otherwise")
    ):
        saccade.load("dimp18", weights=path, settings={"memory.size": 60, name: value})


def test_the_l2_ablation_runs_where_dimp_18_does() -> None:
    made_by = Constructor("L2dimpnet18", {"out_feature_dim": 8, "hinge_threshold": 0.05})
    config = network_config(made_by)
    tensors = DiMPNet(config).state_dict()
    assert read_network(Checkpoint(Path("w.pth"), dict(tensors), made_by), DIMPNET18).config == config


@pytest.mark.parametrize(
    ("made_by", "kwargs", "wished", "message"),
    [
        pytest.param(
            "dimpnet18",
            SMALL,
            DIMPNET50,
            "belongs to another network than DiMPNet; missing: feature_extractor.layer1.0.conv3.weight, ",
            id="another backbone",
        ),
        pytest.param(
            "dimpnet18",
            SMALL,
            PRDIMPNET18,
            "unknown: classifier.filter_optimizer.label_map_predictor.weight, ",
            id="DiMP for PrDiMP",
        ),
        pytest.param(
            "dimpnet18", SMALL, PRDIMPNET18, "the file looks like DiMP-18 (dimpnet18)", id="what it is"
        ),
        pytest.param(
            "dimpnet18",
            SMALL | {"out_feature_dim": 16},
            DIMPNET18,
            "has shape (8, 8, 3, 3), the network's (16, 16, 3, 3); the file looks like DiMP-18 (dimpnet18)",
            id="wrong shapes",
        ),
        pytest.param(
            "dimpnet18",
            SMALL | {"filter_siz": 4},
            DIMPNET18,
            "dimpnet18(filter_siz=4): no value",
            id="wrong value",
        ),
        pytest.param(
            "klcedimpnet18",
            SMALL,
            DIMPNET18,
            "made by 'klcedimpnet18', where a network of dimpnet18 is wanted",
            id="a constructor that is not of its tensors",
        ),
        pytest.param("mynet", {}, DIMPNET18, "made by 'mynet', where a network of dimpnet18", id="unknown"),
    ],
)
def test_other_networks_are_refused(
    small: DiMPNet, made_by: str, kwargs: dict[str, Any], wished: DiMPNetConfig, message: str
) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(small.state_dict()), Constructor(made_by, kwargs))
    with pytest.raises(WeightsError, match=re.escape(message)) as caught:
        read_network(checkpoint, wished)
    assert str(caught.value).startswith("w.pth: ")


def test_a_file_without_a_constructor_of_another_network_is_refused(small: DiMPNet) -> None:
    checkpoint = Checkpoint(Path("w.pth"), dict(small.state_dict()))
    with pytest.raises(WeightsError, match=r"missing: .*; the file looks like DiMP-18 \(dimpnet18\)"):
        read_network(checkpoint, PRDIMPNET50)


def test_values_that_are_not_finite_are_refused(small: DiMPNet) -> None:
    tensors = {name: value.clone() for name, value in small.state_dict().items()}
    tensors["bb_regressor.iou_predictor.weight"][0, 3] = torch.nan
    with pytest.raises(
        WeightsError, match=r"w\.pth: 'bb_regressor.iou_predictor.weight' holds values that are not"
    ):
        read_network(Checkpoint(Path("w.pth"), tensors), small.config)
