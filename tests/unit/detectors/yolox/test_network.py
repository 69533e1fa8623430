"""YOLOX: its size, what it sees, and where it says that boxes are."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saccade.core.errors import ConfigError, DatasetError, FrameError
from saccade.detectors.yolox import (
    YOLOX,
    YOLOX_M,
    YOLOX_NANO,
    YOLOX_S,
    YOLOX_TINY,
    YOLOXConfig,
    YOLOXNetworkConfig,
)
from saccade.detectors.yolox.letterbox import letterbox
from saccade.detectors.yolox.points import decode, encode, points_of
from saccade.nets.inference import for_inference
from tests.unit.detectors.refusals import NOTHING, PICTURE, PICTURES, TARGETS

SMALL = replace(
    YOLOX_NANO, size=128, threshold=0.3, network=replace(YOLOX_NANO.network, classes=("cat", "dog"))
)


@pytest.fixture
def network() -> YOLOX:
    return YOLOX(SMALL).eval()


@pytest.mark.parametrize(
    ("config", "millions"),
    [(YOLOX_NANO, 0.91), (YOLOX_TINY, 5.06), (YOLOX_S, 9.0), (YOLOX_M, 25.3)],
    ids=["nano", "tiny", "s", "m"],
)
def test_has_as_many_parameters_as_the_paper_says(config: YOLOXConfig, millions: float) -> None:
    with torch.device("meta"):
        network = YOLOX(config)
    assert len(config.network.classes) == 80
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)


def test_says_box_objectness_and_classes_once_a_cell(network: YOLOX) -> None:
    with torch.no_grad():
        raw = network.dense(torch.rand(2, 3, 64, 96))
    assert raw.shape == (2, 8 * 12 + 4 * 6 + 2 * 3, 4 + 1 + 2)
    assert len(points_of((64, 96), raw.device).strides) == raw.shape[1]


def test_sees_blue_first_and_values_up_to_255(network: YOLOX) -> None:
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        seen = network.head(network.backbone(picture[:, [2, 1, 0]] * 255))
        assert network.dense(picture).equal(seen)


def test_begins_with_one_point_in_a_hundred(network: YOLOX) -> None:
    for layer in (*network.head.cls_preds, *network.head.obj_preds):
        assert layer.bias.sigmoid().detach().numpy() == pytest.approx(0.01)


def test_points_stand_where_their_cells_are() -> None:
    points = points_of((64, 96), torch.device("cpu"))
    assert points.centres[13].tolist() == [12.0, 12.0]  # second cell of the second row, 8 pixels a cell
    assert points.centres[-1].tolist() == [80.0, 48.0]  # last cell of all, 32 pixels
    assert points.strides[-1].item() == 32


def test_decoding_undoes_encoding() -> None:
    points = points_of((32, 32), torch.device("cpu"))
    corners = torch.rand(len(points.strides), 2) * 20
    boxes = torch.cat([corners, corners + 1 + torch.rand(len(corners), 2) * 50], dim=1)
    torch.testing.assert_close(decode(encode(boxes, points), points), boxes)


# --- letterbox


def test_a_picture_of_the_size_is_not_touched() -> None:
    picture = torch.rand(3, 96, 64)
    found = letterbox([picture], 96, square=True)
    assert found.pictures.shape == (1, 3, 96, 96)
    assert found.pictures[0, :, :, :64].equal(picture)
    assert (found.pictures[0, :, :, 64:] == 114 / 255).all()
    assert found.factors.tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize("square", [True, False])
def test_says_beforehand_what_it_will_make_of_an_image(square: bool) -> None:
    network = YOLOX(replace(SMALL, square=square)).eval()
    for height, width in ((50, 100), (200, 100), (33, 97), (1, 500), (128, 128)):
        collated = network.collate([torch.rand(3, height, width)])
        assert tuple(collated.pictures.shape[-2:]) == network.canvas(height, width)
        rows, columns = network.fitted(height, width)
        assert (columns / width, rows / height) == pytest.approx(collated.factors[0, :2].tolist())


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((50, 100), (48, 96)), ((200, 100), (96, 48)), ((33, 100), (31, 96)), ((1, 500), (1, 96))],
)
def test_others_are_scaled_into_the_upper_left(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    found = letterbox([torch.ones(3, *size)], 96, square=True)
    rows, columns = fitted
    is_picture = found.pictures[0] > 0.99
    assert is_picture[:, :rows, :columns].all()
    assert is_picture.sum() == 3 * rows * columns
    assert found.factors[0, :2].tolist() == pytest.approx([columns / size[1], rows / size[0]])


def test_without_a_square_there_is_no_more_padding_than_must_be() -> None:
    found = letterbox([torch.rand(3, 50, 100), torch.rand(3, 70, 100)], 128, square=False)
    assert found.pictures.shape == (2, 3, 96, 128)


# --- what is found


def _saying(
    network: YOLOX, monkeypatch: pytest.MonkeyPatch, said: list[tuple[list[float], int, float]]
) -> None:
    """Lets a network say boxes in pixels of the batch, with labels and logits of both kinds."""

    def dense(batch: Tensor) -> Tensor:
        points = points_of((batch.shape[2], batch.shape[3]), batch.device)
        raw = torch.full((len(batch), len(points.strides), 7), -20.0)
        raw[..., :4] = 0
        for row, (box, label, logit) in enumerate(said):
            boxes = torch.tensor([box]).expand(len(points.strides), 4)
            raw[:, row, :4] = encode(boxes, points)[row]
            raw[:, row, [4, 5 + label]] = logit
        return raw

    monkeypatch.setattr(network, "dense", dense)


def test_boxes_are_in_pixels_of_each_image(network: YOLOX, monkeypatch: pytest.MonkeyPatch) -> None:
    _saying(network, monkeypatch, [([16.0, 32.0, 64.0, 48.0], 1, 2.0)])
    same, half, double = network([torch.rand(3, 128, 128), torch.rand(3, 64, 64), torch.rand(3, 128, 256)])
    assert same["boxes"].numpy() == pytest.approx(torch.tensor([[16, 32, 64, 48]]).numpy(), abs=1e-4)
    assert half["boxes"].numpy() == pytest.approx(torch.tensor([[8, 16, 32, 24]]).numpy(), abs=1e-4)
    assert double["boxes"].numpy() == pytest.approx(torch.tensor([[32, 64, 128, 96]]).numpy(), abs=1e-4)
    assert half["labels"].tolist() == [1]
    assert half["scores"].item() == pytest.approx(torch.tensor(2.0).sigmoid().item() ** 2)


def test_the_best_come_first_and_the_rest_is_left_out(
    network: YOLOX, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [
        ([0.0, 0.0, 20.0, 20.0], 0, 1.0),
        ([0.0, 0.0, 20.0, 20.0], 1, 1.5),  # the same place, another class
        ([1.0, 0.0, 20.0, 20.0], 0, 3.0),  # better than the first, which it overlaps
        ([50.0, 50.0, 90.0, 200.0], 0, 2.0),  # reaches out of the image
        ([60.0, 0.0, 80.0, 20.0], 0, 0.0),  # score 1/4 is under the threshold
        ([10.0, 110.0, 30.0, 120.0], 0, 4.0),  # in the padding
    ]
    _saying(network, monkeypatch, said)
    (found,) = network([torch.rand(3, 96, 128)])
    assert found["labels"].tolist() == [0, 0, 1]
    assert found["scores"].tolist() == sorted(found["scores"].tolist(), reverse=True)
    assert found["boxes"][1].tolist() == pytest.approx([50, 50, 90, 96], abs=1e-3)
    few = YOLOX(replace(SMALL, max_detections=1)).eval()
    _saying(few, monkeypatch, said)
    assert len(few([torch.rand(3, 96, 128)])[0]["scores"]) == 1


def test_finding_nothing_is_no_box(network: YOLOX) -> None:
    (found,) = network([torch.rand(3, 40, 60)])
    assert found["boxes"].shape == (0, 4)
    assert found["labels"].dtype == torch.int64


# --- learning


def test_a_batch_without_any_box_learns_background() -> None:
    network = YOLOX(SMALL)
    losses = network([torch.rand(3, 128, 128)] * 2, [NOTHING, NOTHING])
    assert set(losses) == {"loss_box", "loss_objectness", "loss_class"}
    assert losses["loss_box"] == losses["loss_class"] == 0
    assert losses["loss_objectness"] > 0
    sum(losses.values()).backward()
    assert all(value.grad is not None and value.grad.isfinite().all() for value in network.parameters())


def test_boxes_are_scaled_with_their_image() -> None:
    network = YOLOX(SMALL)
    small = {"boxes": torch.tensor([[8.0, 8, 40, 56]]), "labels": torch.tensor([1])}
    large = {**small, "boxes": small["boxes"] * 2}
    picture = torch.full((3, 64, 64), 0.5)
    once = network([picture], [small])
    again = network([picture.repeat(1, 2, 2)], [large])
    for name, value in once.items():
        torch.testing.assert_close(value, again[name])


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refuses_what_is_no_picture(network: YOLOX, kind: str) -> None:
    picture, complaint = PICTURES[kind]
    with pytest.raises(FrameError, match=f"image 1 of the batch .*{complaint}"):
        network([PICTURE, picture])


def test_refuses_an_empty_batch(network: YOLOX) -> None:
    with pytest.raises(FrameError, match="no images"):
        network([])


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.usefixtures("unchecked_shapes")
def test_refuses_targets_that_teach_nothing(kind: str) -> None:
    targets, complaint = TARGETS[kind]
    with pytest.raises(DatasetError, match=complaint):
        YOLOX(SMALL)([PICTURE, PICTURE], targets)


# --- made ready


def _trained_a_little(network: YOLOX) -> YOLOX:
    """With statistics in its batch norms that differ, so that folding them matters."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network


def test_is_the_same_made_ready_for_inference(network: YOLOX) -> None:
    _trained_a_little(network)
    picture = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        expected = network.dense(picture)
        torch.testing.assert_close(for_inference(network).dense(picture), expected, rtol=1e-4, atol=1e-4)
        reduced = for_inference(network, precision="auto").dense(picture)
    assert reduced.dtype == torch.float32
    assert (reduced - expected).abs().max() < 0.05 * expected.abs().max()


@pytest.mark.slow
def test_what_is_learned_can_be_exported(network: YOLOX) -> None:
    class Dense(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, batch: Tensor) -> Tensor:
            return self.network.dense(batch)

    picture = torch.rand(1, 3, 64, 64)
    exported = torch.export.export(Dense(), (picture,))
    torch.testing.assert_close(exported.module()(picture), network.dense(picture))


# --- settings


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: YOLOXConfig(size=400), "size is 400; it must be a multiple of 32"),
        (lambda: YOLOXConfig(threshold=2.0), "threshold is 2"),
        (lambda: YOLOXNetworkConfig(classes=()), "one or more"),
        (lambda: YOLOXNetworkConfig(classes=("cat", "cat")), "names that differ"),
        (lambda: YOLOXNetworkConfig(width=0.3), "even number of channels"),
    ],
)
def test_refuses_settings_that_make_no_network(make: object, complaint: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=complaint):
        make()
