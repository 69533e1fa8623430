"""Refining on a window of the maps: the result is that of the whole maps, wherever the target is."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saccade.nets.inference import for_inference
from saccade.nets.iou_net import IoUNet
from saccade.online import reachable
from saccade.online.reachable import refine_nearby
from saccade.online.refinement import BoxRefinement, refine

CONFIG = BoxRefinement(random_proposals=4, steps=3)
TARGETS = 2


@pytest.fixture(scope="module")
def network() -> IoUNet:
    torch.manual_seed(0)
    return for_inference(IoUNet(8, 12))


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many cells of the coarse map the IoU-Net was run over, call by call."""
    counted: list[int] = []
    maps = IoUNet.maps

    def count(self: IoUNet, layer2: Tensor, layer3: Tensor) -> tuple[Tensor, Tensor]:
        counted.append(layer3.shape[-2] * layer3.shape[-1])
        return maps(self, layer2, layer3)

    monkeypatch.setattr(IoUNet, "maps", count)
    return counted


def compare(network: IoUNet, boxes: list[list[float]], config: BoxRefinement = CONFIG) -> None:
    torch.manual_seed(1)
    layers = (torch.randn(TARGETS, 8, 36, 36), torch.randn(TARGETS, 12, 18, 18))
    modulation = (torch.rand(TARGETS, 256), torch.rand(TARGETS, 256))
    first, draws = torch.tensor(boxes), torch.rand(TARGETS, config.random_proposals, 4)
    nearby = refine_nearby(network, layers, modulation, first, draws, config)
    maps = network.maps(*layers)
    whole = refine(lambda at: network.predict_with_gradient(maps, modulation, at), first, draws, config)
    torch.testing.assert_close(nearby.boxes, whole.boxes, rtol=0, atol=1e-3)
    torch.testing.assert_close(nearby.overlaps, whole.overlaps, rtol=0, atol=1e-4)
    assert torch.equal(nearby.found, whole.found)


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param([[115.0, 118.0, 60.0, 52.0], [100.0, 140.0, 50.0, 60.0]], id="in the middle"),
        pytest.param([[-10.0, 3.0, 50.0, 40.0], [250.0, 260.0, 40.0, 50.0]], id="at opposite corners"),
        pytest.param([[140.0, 10.0, 9.0, 12.0], [5.0, 130.0, 3.0, 3.0]], id="small"),
        pytest.param([[320.0, 100.0, 30.0, 30.0], [-90.0, 90.0, 30.0, 30.0]], id="outside"),
    ],
)
def test_a_window_gives_what_the_whole_gives(network, cells, boxes):
    compare(network, boxes)
    assert len(cells) == 2
    assert cells[0] <= reachable.WORTHWHILE * 18 * 18 < cells[1]


def test_a_proposal_that_climbs_out_of_the_window_is_followed(network, cells):
    far = replace(CONFIG, position_step=200.0, size_step=0.0)
    compare(network, [[115.0, 118.0, 60.0, 52.0]] * TARGETS, far)
    assert len(cells) == 3
    assert cells[0] < cells[1] == cells[2]


def test_a_target_as_large_as_the_region_takes_the_whole(network, cells):
    compare(network, [[20.0, 20.0, 250.0, 240.0], [100.0, 100.0, 40.0, 40.0]])
    assert cells == [324, 324]


def test_a_box_that_is_no_number_takes_the_whole(network, cells):
    boxes = torch.tensor([[float("nan"), 0.0, 10.0, 10.0], [100.0, 100.0, 40.0, 40.0]])
    layers = (torch.randn(TARGETS, 8, 36, 36), torch.randn(TARGETS, 12, 18, 18))
    modulation = (torch.rand(TARGETS, 256), torch.rand(TARGETS, 256))
    refined = refine_nearby(network, layers, modulation, boxes, torch.rand(TARGETS, 4, 4), CONFIG)
    assert cells == [324]
    assert refined.found.tolist() == [False, True]
