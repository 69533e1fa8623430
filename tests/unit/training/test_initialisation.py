"""What a training begins with: ImageNet weights from a server, a model's, a file's, a backbone's, or none."""

from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights

from saccade.core import ConfigError, SaccadeError, WeightsError
from saccade.nets.resnet import mask_rcnn_resnet50, resnet18
from saccade.training import initialisation
from saccade.training.backbones import Backbone, backbones
from saccade.training.initialisation import imagenet_weights, initialise
from saccade.training.task import Task
from saccade.weights.store import sha256_of
from tests.unit.training.toys import ToyConfig
from tests.unit.weights.servers import Site, serving

Tensors = dict[str, Tensor]


class Tracker(nn.Module):
    """A backbone and a head, as trackers have them."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.feature_extractor = backbone
        self.head = nn.Linear(2, 2)


class PartTask(Task):
    """Goes on from another network's backbone, which is called otherwise there."""

    goes_on_from: ClassVar[dict[str, str]] = {"features.": "feature_extractor."}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def task() -> Task:
    return Task(Tracker(resnet18()))


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision has it, whose name ends in the beginning of its SHA-256."""
    path = tmp_path_factory.mktemp("site") / "resnet18.pth"
    torch.manual_seed(1)
    torch.save(resnet18().state_dict(), path)
    return path.rename(path.with_name(f"resnet18-{sha256_of(path)[:8]}.pth"))


def weights_of(task: Task) -> Tensors:
    return {name: value.clone() for name, value in task.network.state_dict().items()}


def same(ours: Tensors, theirs: Tensors, before: str = "") -> bool:
    return all(torch.equal(ours[before + name], value) for name, value in theirs.items())


def test_imagenet_weights_come_from_their_server_once(
    imagenet: Path, task: Task, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = task.network.head.weight.clone()
    with serving(Site({imagenet.name: imagenet.read_bytes()})) as site:
        address = f"{site.url}/{imagenet.name}"
        monkeypatch.setattr(
            initialisation,
            "backbones",
            lambda network, imagenet: iter([Backbone("feature_extractor", address)]),
        )
        assert initialise(task, None, None) == "ImageNet weights in feature_extractor"
        assert site.asked == [""]
        initialise(task, "imagenet", None)
        assert site.asked == [""]
    assert same(weights_of(task), torch.load(imagenet, weights_only=True), "feature_extractor.")
    assert torch.equal(task.network.head.weight, head)
    assert (store / "backbones" / imagenet.name).is_file()


def test_the_address_is_torchvisions(task: Task) -> None:
    found = list(backbones(task.network))
    assert found == [Backbone("feature_extractor", ResNet18_Weights.IMAGENET1K_V1.url)]


def test_without_a_connection_it_says_what_else_there_is(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        initialisation,
        "backbones",
        lambda network, imagenet: iter([Backbone("feature_extractor", "http://127.0.0.1:9/r-0.pth")]),
    )
    with pytest.raises(
        WeightsError, match=r"ImageNet weights.*cannot be reached.*--init FILE, or --init none"
    ):
        initialise(task, None, None)


def test_a_file_that_is_not_what_its_name_says_is_thrown_away(imagenet: Path, store: Path) -> None:
    with (
        serving(Site({"resnet18-00000000.pth": imagenet.read_bytes()})) as site,
        pytest.raises(WeightsError, match="wrong checksum"),
    ):
        imagenet_weights(f"{site.url}/resnet18-00000000.pth")
    assert not list((store / "backbones").iterdir())


def test_none_begins_at_random(task: Task) -> None:
    before = weights_of(task)
    assert initialise(task, "none", None) == "random weights"
    assert same(weights_of(task), before)


@pytest.mark.parametrize("wrapping", ["", "backbone.", "backbone.body.", "feature_extractor."])
def test_a_file_may_hold_a_backbone_alone(task: Task, tmp_path: Path, wrapping: str) -> None:
    backbone = {name: value for name, value in resnet18().state_dict().items() if not name.startswith("fc.")}
    torch.save({wrapping + name: value for name, value in backbone.items()}, tmp_path / "backbone.pth")
    assert initialise(task, str(tmp_path / "backbone.pth"), None).endswith("for feature_extractor")
    assert same(weights_of(task), backbone, "feature_extractor.")


def test_a_file_may_hold_the_whole_network(task: Task, tmp_path: Path) -> None:
    other = Tracker(resnet18()).state_dict()
    torch.save(other, tmp_path / "whole.pth")
    initialise(task, str(tmp_path / "whole.pth"), None)
    assert same(weights_of(task), other)


def test_a_file_may_hold_the_network_that_the_recipe_goes_on_from(tmp_path: Path) -> None:
    task, backbone = PartTask(Tracker(resnet18())), resnet18().state_dict()
    file = tmp_path / "other.pth"
    torch.save(
        {f"features.{name}": value for name, value in backbone.items()} | {"rest": torch.zeros(1)}, file
    )
    initialise(task, str(file), None)
    assert same(weights_of(task), backbone, "feature_extractor.")
    # the same where the recipe says it
    again = PartTask(Tracker(resnet18()))
    assert initialise(again, None, file) == f"the weights in {file}"
    assert same(weights_of(again), backbone, "feature_extractor.")


def test_what_fits_nothing_is_refused(task: Task, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(
        WeightsError, match=r"odd.pth: holds neither the tensors of Tracker nor those of its back"
    ):
        initialise(task, str(tmp_path / "odd.pth"), None)


def test_networks_without_such_a_backbone(tmp_path: Path) -> None:
    toy = ToyConfig().build()
    assert initialise(toy, None, None) == "random weights"
    with pytest.raises(ConfigError, match="no ImageNet weights for ToyNet"):
        initialise(toy, "imagenet", None)
    error: type[SaccadeError] = WeightsError
    with pytest.raises(error, match=r"comes from a Mask R-CNN.*--init FILE"):
        initialise(Task(Tracker(mask_rcnn_resnet50())), None, None)
