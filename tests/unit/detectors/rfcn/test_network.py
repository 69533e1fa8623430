"""R-FCN: its size and stride, where it says that boxes are, and what of it learns."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saccade.core.errors import ConfigError, DatasetError, FrameError
from saccade.detectors.rfcn import RFCN, RFCN_RESNET50, RFCN_RESNET101, RFCNConfig, RFCNNetworkConfig
from saccade.detectors.rfcn.config import RFCNLearning
from saccade.detectors.rfcn.deltas import encode
from saccade.nets.inference import for_inference
from tests.unit.detectors.refusals import NOTHING, PICTURE, PICTURES, TARGETS

SMALL = RFCNConfig(
    network=RFCNNetworkConfig(
        classes=("cat", "dog"), blocks=(1, 1, 1, 1), channels=64, cells=3, anchor_sizes=(32, 64)
    ),
    size=64,
    max_size=128,
    learning=RFCNLearning(trained_layers=5, stored_norms=False),
)


@pytest.fixture
def network() -> RFCN:
    return RFCN(SMALL).eval()


@pytest.mark.parametrize(
    ("config", "backbone"),
    [(RFCN_RESNET50, 23_508_032), (RFCN_RESNET101, 42_500_160)],
    ids=["resnet50", "resnet101"],
)
def test_has_the_parameters_of_the_paper(config: RFCNConfig, backbone: int) -> None:
    with torch.device("meta"):
        network = RFCN(config)
    # what is behind the backbone: 1024 features, k x k maps for 20 classes and background, and for 4 deltas
    head = 1024 * (2048 + 1) + 49 * (21 + 4) * (1024 + 1)
    assert sum(value.numel() for value in network.backbone.parameters()) == backbone
    assert sum(value.numel() for value in network.maps.parameters()) == head


def test_last_stage_is_dilated_at_16_pixels_a_cell() -> None:
    with torch.device("meta"):
        network = RFCN(RFCN_RESNET50)
        maps = network.dense(torch.zeros(1, 3, 600, 992))
    assert maps.features.shape == (1, 1024, 38, 62)
    assert maps.classes.shape == (1, 1029, 38, 62)
    assert maps.boxes.shape == (1, 196, 38, 62)
    assert network.backbone.layer4[2].conv2.dilation == (2, 2)


# --- what is found


def _saying(
    network: RFCN, monkeypatch: pytest.MonkeyPatch, said: list[tuple[list[float], int, float]]
) -> None:
    """Lets the vote say boxes in pixels of the resized picture, one a proposal, with class and logit."""

    def read(maps: object, proposals: list[Tensor]) -> tuple[Tensor, Tensor]:
        logits = torch.cat([torch.zeros(len(of_picture), 3) for of_picture in proposals])
        logits[:, 0] = 20.0
        deltas, row = torch.zeros(len(logits), 4), 0
        for of_picture in proposals:
            for place, (box, column, logit) in enumerate(said):
                deltas[row + place] = encode(torch.tensor([box]), of_picture[place : place + 1])[0]
                logits[row + place, 0], logits[row + place, column] = 0.0, logit
            row += len(of_picture)
        return logits, deltas

    monkeypatch.setattr(network, "_read", read)


def test_boxes_are_in_pixels_of_each_image(network: RFCN, monkeypatch: pytest.MonkeyPatch) -> None:
    _saying(network, monkeypatch, [([16.0, 32.0, 48.0, 40.0], 2, 5.0)])
    same, double = network([torch.rand(3, 64, 96), torch.rand(3, 128, 128)])
    assert same["boxes"].tolist()[0] == pytest.approx([16, 32, 48, 40], abs=1e-2)
    assert double["boxes"].tolist()[0] == pytest.approx([32, 64, 96, 80], abs=1e-2)


def test_background_is_never_seen(network: RFCN, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [
        ([0.0, 0.0, 30.0, 30.0], 1, 5.0),
        ([1.0, 0.0, 30.0, 30.0], 1, 7.0),  # better than the first, which it overlaps
        ([0.0, 0.0, 30.0, 30.0], 2, 6.0),  # the same place, another class
        ([40.0, 40.0, 60.0, 90.0], 2, 4.0),  # reaches out of the image
    ]
    _saying(network, monkeypatch, said)
    (found,) = network([torch.rand(3, 64, 64)])
    assert found["labels"].tolist() == [0, 1, 1]
    assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
    assert found["boxes"][2].tolist() == pytest.approx([40, 40, 60, 64], abs=1e-2)
    assert found["boxes"].dtype == found["scores"].dtype == torch.float32


def test_says_beforehand_what_it_will_make_of_an_image(network: RFCN) -> None:
    for height, width in ((64, 96), (333, 500), (500, 100), (31, 97)):
        collated = network.collate([torch.rand(3, height, width)])
        assert tuple(collated.pictures.shape[-2:]) == network.canvas(height, width)
        assert collated.images.image_sizes == [network.fitted(height, width)]


def test_finding_nothing_is_no_box(network: RFCN, monkeypatch: pytest.MonkeyPatch) -> None:
    _saying(network, monkeypatch, [])
    (found,) = network([torch.rand(3, 70, 50)])
    assert found["boxes"].shape == (0, 4)
    assert found["labels"].dtype == torch.int64


# --- learning


@pytest.mark.parametrize("pooling", ["pool", "align"])
def test_learns_with_all_its_parts(pooling: str) -> None:
    network = RFCN(replace(SMALL, pooling=pooling))
    target = {"boxes": torch.tensor([[10.0, 10, 50, 60]]), "labels": torch.tensor([1])}
    losses = network([torch.rand(3, 64, 96), torch.rand(3, 100, 80)], [target, NOTHING])
    assert set(losses) == {"loss_class", "loss_box", "loss_objectness", "loss_proposals"}
    assert all(value > 0 for value in losses.values())
    sum(losses.values()).backward()
    assert all(value.grad is not None and value.grad.isfinite().all() for value in network.parameters())


def test_a_batch_without_any_box_learns_background() -> None:
    losses = RFCN(SMALL)([torch.rand(3, 64, 96)] * 2, [NOTHING, NOTHING])
    assert losses["loss_class"] > 0
    assert losses["loss_objectness"] > 0
    assert losses["loss_box"] == losses["loss_proposals"] == 0


def test_boxes_of_a_crowd_propose_nothing() -> None:
    crowd = {**TARGETS["no class"][0][0], "boxes": torch.tensor([[0.0, 0, 64, 64]])}
    crowd |= {"labels": torch.tensor([0]), "is_crowd": torch.tensor([True])}
    losses = RFCN(SMALL)([PICTURE], [crowd])
    assert losses["loss_proposals"] == losses["loss_box"] == 0


def test_what_is_fixed_stays_as_it_is() -> None:
    network = RFCN(replace(SMALL, learning=RFCNLearning())).train()
    learning = {name for name, value in network.named_parameters() if value.requires_grad}
    assert not any(name.startswith(("backbone.conv1", "backbone.layer1")) for name in learning)
    assert any(name.startswith("backbone.layer2") for name in learning)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms and not any(norm.training or norm.weight.requires_grad for norm in norms)
    assert network.rpn.training and network.maps.training


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refuses_what_is_no_picture(network: RFCN, kind: str) -> None:
    picture, complaint = PICTURES[kind]
    with pytest.raises(FrameError, match=f"image 1 of the batch .*{complaint}"):
        network([PICTURE, picture])


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refuses_targets_that_teach_nothing(kind: str) -> None:
    targets, complaint = TARGETS[kind]
    with pytest.raises(DatasetError, match=complaint):
        RFCN(SMALL)([PICTURE, PICTURE], targets)


def test_refuses_an_empty_batch() -> None:
    for network in (RFCN(SMALL), RFCN(SMALL).eval()):
        with pytest.raises(FrameError, match="the batch has no images"):
            network([], [])


# --- made ready


def test_is_the_same_made_ready_for_inference(network: RFCN) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network.dense(picture)
        exact = for_inference(network).dense(picture)
        reduced = for_inference(network, precision="auto").dense(picture)
    for kind in ("classes", "boxes"):
        wanted = getattr(expected, kind)
        torch.testing.assert_close(getattr(exact, kind), wanted, rtol=1e-3, atol=1e-4)
        assert getattr(reduced, kind).dtype == torch.float32
        assert (getattr(reduced, kind) - wanted).abs().max() < 0.05 * wanted.abs().max()


def test_runs_from_end_to_end_in_bfloat16(network: RFCN) -> None:
    ready = for_inference(network, precision="auto")
    with torch.inference_mode():
        (found,) = ready([torch.rand(3, 80, 64)])
    assert set(found) == {"boxes", "labels", "scores"}


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: RFCNConfig(size=600, max_size=500), "max_size is 500, less than size"),
        (lambda: RFCNNetworkConfig(classes=()), "one or more"),
        (lambda: RFCNNetworkConfig(anchor_sizes=()), "one number or more"),
        (lambda: RFCNLearning(trained_layers=6), r"trained_layers is 6; it must be in \[0, 5\]"),
    ],
)
def test_refuses_settings_that_make_no_network(make: object, complaint: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=complaint):
        make()
