"""Networks made ready for inference: the same function, in the number formats that were asked for."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saccade.nets.convolution import WinogradConv2d
from saccade.nets.inference import exact_float32, for_inference, has_bfloat16
from saccade.nets.iou_net import IoUNet, LinearBlock
from saccade.trackers.atom import ATOMNet
from saccade.trackers.dimp import DIMPNET18, DIMPNET50, DiMPNet, DiMPNetConfig

Spread = Callable[[nn.Module], nn.Module]

FOLDED = 1e-4
"""of the largest value: float32 sums in another order, through a network"""
REDUCED = 0.03
"""of the largest value, behind a network of which parts compute in bfloat16; 0.002 to 0.022 were measured, of
ResNet-18 and ResNet-50 with random weights"""
REDUCED_GRADIENT = 0.25
"""of the largest value, of the overlap's gradient: of small differences; 0.05 to 0.14 were measured"""


def close(ours: Tensor, theirs: Tensor, tolerance: float) -> None:
    assert ours.dtype == theirs.dtype
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


def trained(network: nn.Module) -> nn.Module:
    """A network with statistics of batch norms as after training, so that folding has something to fold."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1)
    return network.eval()


@pytest.fixture(scope="module")
def tracker() -> DiMPNet:
    torch.manual_seed(0)
    network = trained(DiMPNet(DIMPNET18))
    assert isinstance(network, DiMPNet)
    return network


def outputs(network: DiMPNet) -> dict[str, Tensor]:
    """What a tracker takes from the network, of two pictures."""
    generator = torch.Generator().manual_seed(1)
    layer2, layer3 = network.backbone_features(torch.randn(2, 3, 96, 96, generator=generator))
    boxes = torch.tensor([[30.0, 30.0, 30.0, 40.0], [45.0, 25.0, 35.0, 30.0]])
    features = network.classifier.features(layer3)
    modulation = network.bb_regressor.modulation(layer2, layer3, boxes)
    proposals = boxes[:, None] + 4 * torch.randn(2, 5, 4, generator=generator)
    overlap, gradient = network.bb_regressor.overlap_in(layer2, layer3, modulation)(proposals)
    return {
        "features": features,
        "filters": network.classifier.initial_filters(features[:, None], boxes[:, None]),
        "fine modulation": modulation[0],
        "coarse modulation": modulation[1],
        "overlap": overlap,
        "gradient": gradient,
    }


@torch.inference_mode()
def test_folding_changes_nothing(tracker: DiMPNet) -> None:
    before = {name: value.clone() for name, value in tracker.state_dict().items()}
    ready = for_inference(tracker)
    norms = [m for m in ready.modules() if isinstance(m, nn.BatchNorm2d | nn.BatchNorm1d)]
    assert not norms
    assert not any(parameter.requires_grad for parameter in ready.parameters())
    for ours, theirs in zip(outputs(ready).values(), outputs(tracker).values(), strict=True):
        close(ours, theirs, FOLDED)
    for name, value in tracker.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("is_ready", [False, True], ids=["as trained", "folded"])
def test_pulling_back_through_a_linear_block(is_ready: bool) -> None:
    block = trained(LinearBlock(12, 7))
    assert isinstance(block, LinearBlock)
    if is_ready:
        block = for_inference(block)
    x = torch.randn(5, 12, requires_grad=True)
    output, gradient = block(x), torch.randn(5, 7)
    (wanted,) = torch.autograd.grad(output, x, gradient)
    close(block.pull(gradient, output).detach(), wanted, 1e-6)


@torch.inference_mode()
def test_reduced_parts_change_little(tracker: DiMPNet, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is learned from, predicted or climbed is float32, and what it is made of was reduced."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    ready = for_inference(tracker, precision="auto")
    layer2, layer3 = ready.backbone_features(torch.randn(1, 3, 64, 64))
    assert (layer2.dtype, layer3.dtype) == (torch.bfloat16, torch.bfloat16)
    exact = outputs(for_inference(tracker))
    for name, value in outputs(ready).items():
        close(value, exact[name], REDUCED_GRADIENT if name == "gradient" else REDUCED)
        assert not torch.equal(value, exact[name]), name


HEAVY = {
    "feature_extractor",
    "classifier.feature_extractor",
    *(f"bb_regressor.conv{name}" for name in ("3_1t", "3_2t", "4_1t", "4_2t")),
}


@pytest.mark.parametrize(
    ("precision", "capabilities", "reduced"),
    [
        pytest.param("auto", {"avx512_bf16": True}, HEAVY, id="AVX-512"),
        pytest.param("auto", {"amx_bf16": True}, HEAVY, id="AMX"),
        pytest.param("auto", {"avx512_f": True, "avx2": True}, set(), id="a CPU without bfloat16"),
        pytest.param("auto", {"architecture": "aarch64", "bf16": True}, set(), id="ARM"),
        pytest.param("float32", {"amx_bf16": True}, set(), id="float32 asked for"),
    ],
)
def test_only_heavy_parts_are_reduced(
    tracker: DiMPNet,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    capabilities: dict[str, bool],
    reduced: set[str],
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    ready = for_inference(tracker, precision=precision)
    found = {name for name, value in ready.named_parameters() if value.dtype == torch.bfloat16}
    assert {part for part in HEAVY if any(name.startswith(f"{part}.") for name in found)} == reduced
    assert all(name.startswith(tuple(f"{part}." for part in HEAVY)) for name in found)
    others = {value.dtype for name, value in ready.named_parameters() if name not in found}
    assert others == {torch.float32}


def test_bfloat16_on_other_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_supported in (True, False):
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda is_supported=is_supported, **_: is_supported
        )
        assert has_bfloat16(torch.device("cuda", 0)) == is_supported
    assert not has_bfloat16(torch.device("mps"))


def test_convolutions_of_many_channels_multiply_less() -> None:
    config = replace(DIMPNET50, classifier=replace(DIMPNET50.classifier, channels=8))
    assert isinstance(config, DiMPNetConfig)
    ready = for_inference(DiMPNet(config))
    changed = {name for name, module in ready.named_modules() if isinstance(module, WinogradConv2d)}
    assert changed == {
        "classifier.feature_extractor.0",
        "bb_regressor.conv3_1r.0",
        "bb_regressor.conv4_1r.0",
        "bb_regressor.conv3_1t.0",
        "bb_regressor.conv4_1t.0",
        "bb_regressor.conv3_2t.0",
        "bb_regressor.conv4_2t.0",
        *(f"feature_extractor.layer3.{block}.conv2" for block in range(1, 6)),
    }


@pytest.mark.parametrize(
    "convolution",
    [
        pytest.param(nn.Conv2d(512, 8, 3, padding=1, stride=2), id="stride"),
        pytest.param(nn.Conv2d(512, 8, 1), id="one tap"),
        pytest.param(nn.Conv2d(512, 8, 3, dilation=2), id="dilation"),
        pytest.param(nn.Conv2d(512, 8, 3, groups=8), id="groups"),
        pytest.param(nn.Conv2d(512, 8, 3, padding="same"), id="padding by name"),
        pytest.param(nn.Conv2d(512, 8, 3, padding=1, padding_mode="reflect"), id="padding by reflection"),
        pytest.param(nn.Conv2d(255, 8, 3, padding=1), id="few channels"),
        pytest.param(nn.Conv2d(512, 8, 3, padding=1).bfloat16(), id="bfloat16"),
    ],
)
def test_other_convolutions_stay(convolution: nn.Conv2d) -> None:
    assert not WinogradConv2d.suits(convolution)


def test_float32_can_be_exact_on_gpus() -> None:
    """TF32, and a choice of the user's, come back also behind an error."""
    backends = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)
    before = [backend.fp32_precision for backend in backends]
    with pytest.raises(ZeroDivisionError), exact_float32():
        assert [backend.fp32_precision for backend in backends] == ["ieee", "ieee"]
        raise ZeroDivisionError
    assert [backend.fp32_precision for backend in backends] == before


def test_float32_is_exact_until_the_last_thread_leaves() -> None:
    """Two runs in two threads: the one that came first leaves first."""
    backends = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)

    def precisions() -> list[str]:
        return [backend.fp32_precision for backend in backends]

    before = precisions()
    first, second = exact_float32(), exact_float32()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert precisions() == ["ieee", "ieee"]
    second.__exit__(None, None, None)
    assert precisions() == before


def test_a_choice_that_cannot_be_made_leaves_no_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        @property
        def fp32_precision(self) -> str:
            return "tf32"

    before = torch.backends.cudnn.conv.fp32_precision
    monkeypatch.setattr(torch.backends.cuda, "matmul", Stubborn())
    with pytest.raises(AttributeError), exact_float32():
        pass
    assert torch.backends.cudnn.conv.fp32_precision == before
    monkeypatch.undo()
    with exact_float32():
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"
    assert torch.backends.cudnn.conv.fp32_precision == before


@pytest.mark.parametrize("network", [DiMPNet(DIMPNET18), ATOMNet()], ids=["DiMP", "ATOM"])
def test_what_is_never_run_is_not_copied(network: nn.Module) -> None:
    ready = for_inference(network)
    names = {name for name, _ in ready.named_parameters()}
    assert not any("layer4" in name or ".fc." in name for name in names)
    assert any("layer4" in name for name, _ in network.named_parameters())
    with pytest.raises(AssertionError, match="never run"):
        ready.feature_extractor.features(torch.zeros(1, 3, 32, 32), ["layer4"])


def test_an_iou_net_by_itself_can_be_made_ready() -> None:
    ready = for_inference(IoUNet(8, 12))
    assert len(ready.local_levels) == 2


def test_an_iou_net_that_goes_to_a_gpu_forgets_what_is_for_a_cpu() -> None:
    ready = for_inference(IoUNet(8, 12)).to("meta")
    ready.prepare()
    assert not ready.local_levels
