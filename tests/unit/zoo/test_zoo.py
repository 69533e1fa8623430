"""From a name to a model: the table's rows, and every refusal with its remedy."""

import re
from importlib import import_module

import pytest
import torch

import saccade
from saccade.core import ConfigError, Model, ModelError, WeightsError
from saccade.zoo import CATALOG, download_weights, entry
from saccade.zoo.loading import find_device


@pytest.mark.parametrize("row", CATALOG.values(), ids=lambda row: row.name)
def test_a_row_points_at_what_exists(row):
    method = import_module(row.method)
    assert hasattr(method, row.preset)
    assert callable(method.build)
    assert row.preset in method.__all__
    assert "build" in method.__all__
    assert row.summary
    assert "\n" not in row.summary
    assert "the same" not in row.summary, "a summary stands on a card too, where nothing stands above it"
    assert row.weights is None or callable(method.make_network)


def test_a_name_finds_its_row():
    assert entry("still").preset == "STILL"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ecoo", "did you mean 'eco'?"),
        ("ecoo", r".*\(saccade models list shows all\)$"),
        ("zzz", "saccade models list shows all$"),
        ("", "saccade models list shows all$"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_how_to_see_all(name, hint):
    with pytest.raises(ModelError, match=f"no model '{name}'; {hint}"):
        saccade.load(name)


def test_random_weights_are_the_same_each_time():
    torch.manual_seed(1)
    first = saccade.load("yolox_nano", weights=None, device="cpu").network.state_dict()
    drawn = torch.rand(1)
    again = saccade.load("yolox_nano", weights=None, device="cpu").network.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    torch.manual_seed(1)
    assert torch.rand(1) == drawn  # and nobody else's draws change


def test_a_model_has_its_name_and_configuration():
    model = saccade.load("still", settings={"confidence": "0.5"})
    assert isinstance(model, Model)
    assert model.name == "still"
    assert model.config.confidence == 0.5


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        pytest.param(
            {"precision": "half"},
            ModelError,
            "precision 'half' is unknown; choose auto or float32",
            id="precision",
        ),
        pytest.param(
            {"device": "tpu9"},
            ModelError,
            "^device 'tpu9' is none that models run on; choose auto, cpu, cuda, cuda:N, mps or xpu$",
            id="device",
        ),
        pytest.param(
            {"device": "cuda:99"},
            ModelError,
            r"^device 'cuda:99' cannot be used here \([^.]{,60}\); choose auto or cpu$",
            id="absent device",
        ),
        pytest.param({"device": None}, ModelError, "device 'None' is none that models", id="no device"),
        pytest.param(
            {"device": "meta"},
            ModelError,
            "device 'meta' is none that models run on; choose auto, cpu, cuda, cuda:N, mps or xpu",
            id="a device that computes nothing",
        ),
        pytest.param(
            {"settings": {"confidenc": 1}}, ConfigError, "did you mean 'confidence'?", id="unknown setting"
        ),
        pytest.param(
            {"settings": {"confidence": "hi"}}, ConfigError, "expected float, got 'hi'", id="wrong kind"
        ),
        pytest.param(
            {"weights": "a.pth"},
            WeightsError,
            "'still' has no network, so it takes no weights",
            id="needless weights",
        ),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        saccade.load("still", **arguments)


def test_weights_that_nobody_publishes_are_to_be_trained():
    remedy = "nobody has published any; make them with saccade train rfcn_resnet50, and name its best.ckpt"
    with pytest.raises(WeightsError, match=f"'rfcn_resnet50' needs weights: {remedy}"):
        saccade.load("rfcn_resnet50")
    with pytest.raises(WeightsError, match=f"'rfcn_resnet50' has no published weights to keep; {remedy}"):
        download_weights("rfcn_resnet50", lambda done, total: None)
    with pytest.raises(WeightsError, match="there is no such weight file"):
        saccade.load("rfcn_resnet50", weights="missing.pth")


def test_missing_weights_are_named():
    with pytest.raises(
        WeightsError, match=r"'eco_deep' needs the weights resnet18_vggmconv1.pth.*models download eco_deep"
    ):
        saccade.load("eco_deep")


@pytest.mark.parametrize("name", [name for name, row in CATALOG.items() if row.weights])
@pytest.mark.parametrize("mirror", [None, "http://127.0.0.1"])
def test_the_advice_to_who_lacks_weights_can_be_followed(name, mirror, monkeypatch):
    if mirror:
        monkeypatch.setenv("SACCADE_WEIGHTS_URL", mirror)
    with pytest.raises(WeightsError) as caught:
        saccade.load(name)
    advised = dict(re.findall(r"saccade models (download|import FILE --as) (\w+)", str(caught.value)))
    assert advised.pop("import FILE --as") == name
    is_reachable = entry(name).weights.is_reachable
    assert advised == ({"download": name} if is_reachable else {})
    if not is_reachable:
        with pytest.raises(WeightsError, match=f"address is not known; .* --as {name}$"):
            download_weights(name, lambda done, total: None)


@pytest.mark.parametrize("device", ["auto", "cpu", torch.device("cpu")])
def test_devices_are_named_in_any_way(device):
    saccade.load("still", device=device)


def test_a_device_is_chosen_that_the_model_runs_on(monkeypatch):
    """On a machine with an accelerator too: `auto` must not choose what the model then refuses."""
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    assert find_device("auto") == torch.device("cuda")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("hpu"))
    assert find_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    for row in CATALOG.values():
        if row.cpu_only:
            saccade.load(row.name, weights=None)
        assert (find_device("auto", row.name).type == "cpu") == row.cpu_only
