"""Layers in bfloat16 with weights as oneDNN wants them: what plain ones give, for whatever comes in."""

import copy
import pickle
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from saccade.nets.packing import PackedConv2d, PackedResidual, Straight, pack

pytestmark = [
    pytest.mark.skipif(
        not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="a CPU that does not compute in bfloat16"
    ),
    pytest.mark.usefixtures("_no_gradients"),
]


@pytest.fixture
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def reduced(layer: nn.Module) -> nn.Module:
    """As a network made ready has it."""
    return layer.eval().requires_grad_(False).bfloat16().to(memory_format=torch.channels_last)


def packed(layer: nn.Module) -> nn.Module:
    """A layer by itself, packed."""
    parent = nn.Sequential(copy.deepcopy(layer))
    pack(parent)
    assert type(parent[0]) is not type(layer)
    return parent[0]


def features(channels: int, *, count: int = 2, size: tuple[int, int] = (12, 9)) -> Tensor:
    return torch.randn(count, channels, *size).bfloat16().contiguous(memory_format=torch.channels_last)


def close(ours: Tensor, wished: Tensor) -> None:
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), wished.float(), rtol=0.02, atol=0.02)


LAYERS = [
    pytest.param(nn.Conv2d(16, 32, 3, padding=1), id="plain"),
    pytest.param(nn.Conv2d(16, 32, 3, bias=False), id="no bias, no padding"),
    pytest.param(nn.Conv2d(16, 8, 1, stride=2), id="stride"),
    pytest.param(nn.Conv2d(16, 16, 3, padding=(2, 1), dilation=(2, 1)), id="dilation"),
    pytest.param(nn.Conv2d(16, 16, 3, padding=1, groups=16), id="each channel by itself"),
    pytest.param(nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1), id="transposed"),
    pytest.param(nn.ConvTranspose2d(16, 8, 3, stride=2, output_padding=1, bias=False), id="filled up"),
]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_packed_layer_gives_what_the_plain_one_gives(layer: nn.Module) -> None:
    layer = reduced(layer)
    ours = packed(layer)
    for count, size in ((2, (12, 9)), (1, (40, 30)), (2, (12, 9)), (5, (3, 3))):
        x = features(16, count=count, size=size)
        found = ours(x)
        close(found, layer(x))
        assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("layer", LAYERS[::5])
def test_what_lies_otherwise_comes_out_as_it_should(layer: nn.Module) -> None:
    layer = reduced(layer)
    x = features(16).contiguous()
    found = packed(layer)(x)
    close(found, layer(x))
    assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("layer", LAYERS[::5])
def test_nothing_comes_out_of_nothing(layer: nn.Module) -> None:
    layer = reduced(layer)
    assert packed(layer)(features(16, count=0)).shape == layer(features(16, count=0)).shape


@pytest.mark.parametrize("layer", LAYERS[::5])
def test_it_can_be_copied_and_written(layer: nn.Module) -> None:
    ours, x = packed(reduced(layer)), features(16)
    wished = ours(x)
    for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert other(x).equal(wished)
        assert other.weight.equal(ours.weight)


def test_a_size_of_output_may_be_asked_for() -> None:
    transposed = reduced(nn.ConvTranspose2d(16, 8, 3, stride=2))
    x = features(16)
    close(packed(transposed)(x, output_size=[26, 20]), transposed(x, output_size=[26, 20]))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, 3, padding="same").bfloat16(),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect").bfloat16(),
        nn.Linear(4, 4).bfloat16(),
    ],
    ids=["float32", "padding by name", "padding by reflection", "linear"],
)
def test_other_layers_stay(layer: nn.Module) -> None:
    parent = nn.Sequential(layer)
    pack(parent)
    assert parent[0] is layer


def test_only_straight_layers_become_one() -> None:
    layers = [
        nn.Conv2d(8, 8, 1), nn.Identity(), nn.ReLU(), nn.ConvTranspose2d(8, 8, 2, stride=2), nn.ReLU(),
        nn.Conv2d(8, 8, 1), nn.ELU(),
    ]  # fmt: skip
    plain, straight = (reduced(kind(*copy.deepcopy(layers))) for kind in (nn.Sequential, Straight))
    x = features(8)
    wished = plain(x)
    for network in (plain, straight):
        pack(network)
        close(network(x), wished)
    assert isinstance(plain[2], nn.ReLU) and isinstance(plain[4], nn.ReLU)
    assert isinstance(straight[2], nn.Identity) and isinstance(straight[4], nn.Identity)
    assert isinstance(straight[6], nn.ELU)


def blocks() -> list[nn.Module]:
    widened = nn.Sequential(nn.Conv2d(16, 32, 1, stride=2), nn.Identity())
    made = [
        BasicBlock(16, 16),
        BasicBlock(16, 32, stride=2, downsample=widened),
        Bottleneck(16, 4),
        Bottleneck(16, 8, stride=2, downsample=widened),
    ]
    for block in made:
        for name in ("bn1", "bn2", "bn3"):
            if hasattr(block, name):
                setattr(block, name, nn.Identity())
    return made


@pytest.mark.parametrize("block", blocks(), ids=["basic", "basic wider", "bottleneck", "bottleneck wider"])
def test_a_residual_block_of_packed_convolutions(block: nn.Module) -> None:
    block = reduced(block)
    parent = nn.Sequential(copy.deepcopy(block))
    pack(parent)
    assert isinstance(parent[0], PackedResidual)
    for count in (3, 1, 0):
        x = features(16, count=count)
        before = x.clone()
        close(parent[0](x), block(x))
        assert x.equal(before), "what comes in is not ours to change"


def test_a_block_with_norms_stays() -> None:
    parent = nn.Sequential(reduced(Bottleneck(16, 4)))
    pack(parent)
    assert type(parent[0]) is Bottleneck
    assert isinstance(parent[0].conv1, PackedConv2d)
