"""Feature extractors: their outputs, and that making them fast changes nothing."""

import pytest
import torch
import torch.nn.functional as F
from torchvision.models import resnet18 as torchvision_resnet18
from torchvision.models import resnet50 as torchvision_resnet50

from saccade.nets.inference import for_inference
from saccade.nets.resnet import STRIDES, ResNetFeatures, normalise_rgb, resnet18, resnet50
from saccade.nets.vggm import ChannelResponseNorm, ResNet18VGGM


@pytest.fixture(scope="module")
def network() -> ResNet18VGGM:
    """Statistics of batch norms as after training, so that folding has something to fold."""
    torch.manual_seed(0)
    network = ResNet18VGGM()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


@torch.inference_mode()
def test_outputs_have_their_strides_and_channels(network: ResNet18VGGM) -> None:
    found = network.features(torch.randn(2, 3, 64, 96), [*STRIDES, "vggconv1"])
    shapes = {name: tuple(maps.shape) for name, maps in found.items()}
    assert shapes == {
        "conv1": (2, 64, 32, 48),
        "layer1": (2, 64, 16, 24),
        "layer2": (2, 128, 8, 12),
        "layer3": (2, 256, 4, 6),
        "layer4": (2, 512, 2, 3),
        "vggconv1": (2, 96, 32, 48),
    }


@torch.inference_mode()
def test_the_network_runs_no_further_than_it_must(
    network: ResNet18VGGM, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(x: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a layer beyond the last wanted one was run")

    monkeypatch.setattr(network.layer4, "forward", refuse)
    assert list(network.features(torch.randn(1, 3, 64, 64), ["layer2", "layer3"])) == ["layer2", "layer3"]


def test_an_unknown_output_is_refused(network: ResNet18VGGM) -> None:
    with pytest.raises(ValueError, match="no output 'layer5'"):
        network.features(torch.randn(1, 3, 64, 64), ["layer5"])


@pytest.mark.parametrize(
    ("ours", "theirs"), [(resnet18, torchvision_resnet18), (resnet50, torchvision_resnet50)], ids=["18", "50"]
)
def test_parameters_have_the_names_of_torchvision(
    ours: type[ResNetFeatures], theirs: type[torch.nn.Module]
) -> None:
    assert list(ours().state_dict()) == list(theirs().state_dict())


@torch.inference_mode()
def test_a_network_made_ready_computes_the_same(network: ResNet18VGGM) -> None:
    pictures = torch.randn(2, 3, 64, 96)
    ready = for_inference(network)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in ready.modules())
    assert isinstance(network.bn1, torch.nn.BatchNorm2d)
    for name, maps in ready.features(pictures, ["conv1", "layer3", "vggconv1"]).items():
        torch.testing.assert_close(maps, network.features(pictures, [name])[name], atol=1e-4, rtol=1e-4)


def test_channel_norm_is_local_response_norm() -> None:
    x = torch.randn(2, 96, 5, 7).relu()
    torch.testing.assert_close(ChannelResponseNorm(96)(x), F.local_response_norm(x, 5, 5e-4, 0.75, 2.0))


def test_normalised_pictures_are_centred() -> None:
    grey = normalise_rgb(torch.full((1, 3, 2, 2), 255 * 0.45))
    torch.testing.assert_close(grey[0, :, 0, 0], torch.tensor([-0.1528, -0.0268, 0.1956]), atol=1e-3, rtol=0)
