"""The IoU-Net near its proposals: the numbers of the whole, from a part."""

from functools import partial

import pytest
import torch
from torch import Tensor

from saccade.nets import local_iou
from saccade.nets.inference import for_inference
from saccade.nets.iou_net import IoUNet, Maps, Modulation
from saccade.nets.local_iou import LocalIoU

ROUNDING = 2e-5
"""of the largest value: float32 sums in another order"""
MIDDLE = torch.tensor([70.0, 60.0, 44.0, 52.0])
"""a box (x, y, w, h) in crops of 192 pixels"""


@pytest.fixture(scope="module")
def network() -> IoUNet:
    torch.manual_seed(0)
    return for_inference(IoUNet(8, 12))


@pytest.fixture(scope="module")
def layers() -> Maps:
    """Backbone features of three crops of 192 x 192 pixels."""
    generator = torch.Generator().manual_seed(0)
    fine, coarse = (
        torch.rand(3, 8, 24, 24, generator=generator),
        torch.rand(3, 12, 12, 12, generator=generator),
    )
    return fine.to(memory_format=torch.channels_last), coarse.to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def modulation() -> Modulation:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, 256, generator=generator), torch.randn(3, 256, generator=generator)


def proposals(boxes: Tensor) -> Tensor:
    """Seven proposals around each of some boxes."""
    generator = torch.Generator().manual_seed(2)
    spread = boxes[:, None, 2:].repeat(1, 1, 2) * torch.tensor([0.1, 0.1, 0.25, 0.25])
    return boxes[:, None] + spread * (2 * torch.rand(len(boxes), 7, 4, generator=generator) - 1)


def check(found: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.dtype == theirs.dtype == torch.float32
        assert float((ours - theirs).abs().max()) <= ROUNDING * float(theirs.abs().max().clamp(min=1e-3))


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param(MIDDLE.repeat(3, 1), id="in the middle"),
        pytest.param(
            MIDDLE + torch.tensor([[0.0], [9], [-5]]), id="each target elsewhere and of another size"
        ),
        pytest.param(torch.tensor([[-8.0, -20, 40, 50], [160, 150, 50, 40], [0, 100, 30, 90]]), id="borders"),
        pytest.param(torch.tensor([[300.0, 300, 40, 40], [-90, 10, 40, 40], [60, 60, 9, 9]]), id="outside"),
        pytest.param(torch.tensor([[-9.0, -9, 210, 210], [10, 80, 170, 20], [80, 5, 12, 180]]), id="large"),
        pytest.param(torch.tensor([[90.0, 90, 1, 1], [90, 90, 4, 0.5], [33.3, 44.4, 2, 2]]), id="tiny"),
        pytest.param(torch.tensor([[90.0, 90, 0, 30], [90, 90, -8, -9], [90, 90, 9, 0]]), id="without area"),
        pytest.param(torch.tensor([[190.0, 190, -180, -180]]).repeat(3, 1), id="turned inside out"),
    ],
)
@torch.inference_mode()
def test_it_is_the_prediction_on_whole_maps(
    network: IoUNet, layers: Maps, modulation: Modulation, boxes: Tensor
) -> None:
    given = proposals(boxes)
    wanted = network.predict_with_gradient(network.maps(*layers), modulation, given)
    check(network.overlap_in(*layers, modulation)(given), wanted)


@torch.inference_mode()
def test_what_proposals_cannot_reach_is_not_looked_at(network: IoUNet, modulation: Modulation) -> None:
    """Proposals lie between 150 and 250 px of 400. They can move by 16 px, and the convolutions look 16 px
    further on the fine map and 32 px on the coarse one, in whole cells: outside of that is no number.
    """
    given = proposals(torch.tensor([[170.0, 160, 60, 70]]).repeat(3, 1))
    whole, near = [], []
    for channels, stride in ((8, 8), (12, 16)):
        features = torch.rand(3, channels, 400 // stride, 400 // stride)
        reachable = slice((150 - 64) // stride, (250 + 64) // stride + 1)
        part = torch.full_like(features, torch.nan)
        part[..., reachable, reachable] = features[..., reachable, reachable]
        whole.append(features)
        near.append(part)
    wanted = network.predict_with_gradient(network.maps(*whole), modulation, given)
    check(network.overlap_in(*near, modulation)(given), wanted)


@pytest.mark.parametrize(
    ("moves", "times"),
    [
        pytest.param([0, 5, 10, 15], 1, id="within the margin"),
        pytest.param([0, 20, 30, -10], 2, id="beyond it once"),
        pytest.param([0, 500, 0, 20], 2, id="far away and back"),
    ],
)
@torch.inference_mode()
def test_proposals_that_move(
    network: IoUNet,
    layers: Maps,
    modulation: Modulation,
    monkeypatch: pytest.MonkeyPatch,
    moves: list[int],
    times: int,
) -> None:
    made: list[Tensor] = []
    project = LocalIoU._project

    def count(self: LocalIoU, boxes: Tensor) -> None:
        made.append(boxes)
        project(self, boxes)

    monkeypatch.setattr(LocalIoU, "_project", count)
    overlap = network.overlap_in(*layers, modulation)
    maps = network.maps(*layers)
    for move in moves:
        given = proposals(MIDDLE.repeat(3, 1)) + torch.tensor([move, -move / 2, 0, 0])
        check(overlap(given), network.predict_with_gradient(maps, modulation, given))
    assert len(made) == times


@torch.inference_mode()
def test_a_batch_of_targets_equals_its_single_targets(
    network: IoUNet, layers: Maps, modulation: Modulation
) -> None:
    given = proposals(torch.tensor([[70.0, 60, 44, 52], [-8, 30, 90, 20], [150, 160, 30, 40]]))
    overlap, gradient = network.overlap_in(*layers, modulation)(given)
    for n in range(3):
        one = network.overlap_in(
            layers[0][n : n + 1], layers[1][n : n + 1], (modulation[0][[n]], modulation[1][[n]])
        )
        check((overlap[[n]], gradient[[n]]), one(given[[n]]))


@torch.inference_mode()
def test_features_in_bfloat16(network: IoUNet, layers: Maps, modulation: Modulation) -> None:
    given = proposals(MIDDLE.repeat(3, 1))
    reduced = (layers[0].bfloat16(), layers[1].bfloat16())
    wanted = network.overlap_in(reduced[0].float(), reduced[1].float(), modulation)(given)
    check(network.overlap_in(*reduced, modulation)(given), wanted)


@torch.inference_mode()
def test_boxes_that_are_no_numbers_have_no_overlap(
    network: IoUNet, layers: Maps, modulation: Modulation
) -> None:
    given = proposals(MIDDLE.repeat(3, 1))
    given[1, 2] = torch.nan
    overlap, _ = network.overlap_in(*layers, modulation)(given)
    is_number = ~overlap.isnan()
    assert is_number.sum() == 20
    assert not is_number[1, 2]


@torch.inference_mode()
def test_a_network_that_is_not_made_ready_uses_whole_maps(layers: Maps, modulation: Modulation) -> None:
    network = IoUNet(8, 12).eval()
    given = proposals(MIDDLE.repeat(3, 1))
    overlap = network.overlap_in(*layers, modulation)
    assert isinstance(overlap, partial)
    check(overlap(given), network.predict_with_gradient(network.maps(*layers), modulation, given))


def test_the_margin_is_a_cell_of_the_coarse_map() -> None:
    assert local_iou.MARGIN == 16
