"""What is exported of each model says what the model says: as a graph in PyTorch here, in ONNX where slow."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import saccade
from saccade.core import ModelError
from saccade.deploy.export.agreement import BOUND, agreement
from saccade.deploy.export.formats import OnnxGraph, ProgramGraph, trace, write_onnx, write_program
from saccade.deploy.export.models import chosen, parts_of
from saccade.deploy.export.part import Part
from saccade.deploy.export.voting import RFCNCandidates
from saccade.deploy.export.voting import vote as fixed_vote
from saccade.detectors.rfcn.head import vote
from tests.unit.deploy.export.alive import alive, frames

CPU = torch.device("cpu")
SMALL = {"size": 128, "max_size": 192}
MODELS: dict[str, dict[str, Any]] = {
    "yolox_nano": {"size": 160, "threshold": 0.05},
    "yolox_tiny": {"size": 160, "threshold": 0.3},
    "ssdlite320_mobilenet_v3_large": {},
    "ssd300_vgg16": {},
    "retinanet_resnet50_fpn": SMALL,
    "retinanet_resnet50_fpn_v2": SMALL,
    "fcos_resnet50_fpn": SMALL,
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"size": 160, "max_size": 320},
    "fasterrcnn_resnet50_fpn": SMALL,
    "rfcn_resnet50": SMALL,
    "keypointrcnn_resnet50_fpn": SMALL,
    "simplebaseline_resnet18": {"size": (96, 128)},
    "hourglass2": {},
    "openpose_light": {"size": 128},
    "atom": {},
    "dimp18": {},
    "prdimp50": {},
    "super_dimp": {},
    "kys": {},
    "dimp_nano": {},
}
QUICK = ("yolox_nano", "fasterrcnn_mobilenet_v3_large_320_fpn", "dimp_nano")


def parts(name: str) -> list[Part]:
    return parts_of(alive(name, **MODELS[name]), frames(2), CPU)


def check(part: Part, compute: Any) -> None:
    found = agreement(part, compute, [part.reference(*inputs) for inputs in part.examples])
    assert found.holds(BOUND), (part.name, found)


@pytest.mark.parametrize("name", QUICK)
def test_graphs_say_what_the_model_says(name: str) -> None:
    for part in parts(name):
        check(part, torch.no_grad()(part.network))
        check(part, part.ready) if part.kind == "tensors" else None


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("name", MODELS)
def test_files_say_what_the_model_says(name: str, tmp_path: Path) -> None:
    for part in parts(name):
        several = tuple(torch.cat(tensors) for tensors in zip(*part.examples, strict=True))
        program = trace(part)
        write_program(program, tmp_path / "p.pt2", {})
        check(part, ProgramGraph(tmp_path / "p.pt2"))
        write_onnx(program, part, tmp_path / "p.onnx", {"is": part.name}, 18)
        graph = OnnxGraph(tmp_path / "p.onnx")
        check(part, graph)
        assert graph.about == {"is": part.name}
        for together, alone in zip(graph(*several), graph(*part.examples[0]), strict=True):
            scale = max(1.0, float(alone.abs().max()))
            assert float((together[:1] - alone).abs().max()) <= BOUND * scale


def test_models_without_a_network_say_why_they_are_refused() -> None:
    with pytest.raises(ModelError, match="'eco' cannot be exported: it has no network; detectors"):
        parts_of(saccade.load("eco"), frames(1), CPU)


def test_a_part_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ModelError, match="'dimp_nano' has no part 'head'; it has: features"):
        chosen(parts("dimp_nano"), "head", "dimp_nano")


def test_rfcn_with_another_pooling_is_refused() -> None:
    network = SimpleNamespace(config=SimpleNamespace(pooling="align"))
    with pytest.raises(ModelError, match="pooling=align cannot be exported"):
        RFCNCandidates(network, (64, 64))


@pytest.mark.parametrize("size", [(9, 12), (7, 7)])
def test_votes_are_those_of_the_network(size: tuple[int, int]) -> None:
    maps = torch.randn(2, 3 * 49, *size)
    corners = torch.rand(2, 40, 2) * torch.tensor([size[1], size[0]]) * 16
    boxes = torch.cat([corners, corners + torch.rand(2, 40, 2) * 120], 2)
    boxes[0, 0] = torch.tensor([24.0, 40, 24, 40])  # no area; and half a cell is rounded up
    limits = torch.tensor([size[1] * 16, size[0] * 16] * 2)
    boxes = torch.minimum(boxes, limits)
    wanted = vote(maps, list(boxes), cells=7, pooling="pool", samples=2)
    torch.testing.assert_close(fixed_vote(maps, boxes, 7).flatten(0, 1), wanted, atol=1e-5, rtol=1e-5)
