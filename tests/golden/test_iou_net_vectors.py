"""Backbones, precise RoI pooling, the IoU-Net and box refinement against the numbers of the originals."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.nets.inference import for_inference
from saccade.nets.iou_net import IoUNet, Modulation
from saccade.nets.resnet import mask_rcnn_resnet50, normalise_rgb, resnet18, resnet50
from saccade.online.refinement import BoxRefinement, ascend, propose, refine
from saccade.ops.crops import CropView, sample_patch
from saccade.ops.roi_pool import roi_pool

GoldenScript = Callable[[str], ModuleType]

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""
DEEP = 1e-4
"""of the largest value, behind a network"""
PIXELS = 1e-3
"""of refined boxes"""


class Tracker(nn.Module):
    """The networks of a tracker, with the names that they have in its checkpoints."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        self.feature_extractor = resnet50() if backbone == "50" else resnet18()
        self.bb_regressor = IoUNet(512, 1024) if backbone == "50" else IoUNet()


@pytest.fixture(scope="module")
def seeded(golden_script: GoldenScript) -> Callable[[str], Tracker]:
    """The tracker's networks with the weights of the golden numbers, each made once."""
    made: dict[str, Tracker] = {}

    def load(backbone: str) -> Tracker:
        if backbone not in made:
            with torch.inference_mode(False):  # whatever the test that is the first to ask for it
                made[backbone] = golden_script("seeded_weights").load_seeded(Tracker(backbone)).eval()
        return made[backbone]

    return load


@pytest.fixture(scope="module")
def images(golden_script: GoldenScript) -> list[np.ndarray]:
    """The first frames of the synthetic sequence."""
    return [image for image, _, _ in golden_script("synthetic_sequence").frames(3)]


def arrays(path: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(values) for name, values in np.load(path).items()}


@pytest.fixture(scope="module")
def vectors(golden: Path) -> dict[str, Tensor]:
    return arrays(golden / "vectors" / "atom_iou_net.npz")


def close(ours: Tensor, theirs: Tensor, tolerance: float = DEEP) -> None:
    assert ours.shape == theirs.shape
    ours, theirs = ours.detach(), theirs.detach()
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


@pytest.mark.parametrize(
    ("name", "backbone", "layers"),
    [
        ("dimpnet18", "18", ["conv1", "layer1", "layer2", "layer3", "layer4"]),
        ("dimpnet50", "50", ["conv1", "layer1", "layer2", "layer3", "layer4"]),
        ("atom", "18", ["layer2", "layer3"]),
    ],
)
@torch.inference_mode()
def test_backbones(
    golden: Path, seeded: Callable[[str], Tracker], name: str, backbone: str, layers: list[str]
) -> None:
    check_backbone(golden, name, seeded(backbone).feature_extractor, layers)


@torch.inference_mode()
def test_the_backbone_of_mask_rcnn(golden: Path, golden_script: GoldenScript) -> None:
    holder = nn.ModuleDict({"feature_extractor": mask_rcnn_resnet50()})
    network = golden_script("seeded_weights").load_seeded(holder)["feature_extractor"].eval()
    check_backbone(golden, "lwl_mrcnn_x50", network, ["layer1", "layer2", "layer3", "layer4"], factor=50)
    keys = json.loads((golden / "keys" / "lwl_stage2.json").read_text())["entries"]
    theirs = [key for key, *_ in keys if key.startswith("feature_extractor.")]
    assert list(holder.state_dict()) == theirs


def check_backbone(golden: Path, name: str, network: Any, layers: list[str], factor: float = 1) -> None:
    wanted = arrays(golden / "vectors" / "backbones.npz")
    found = network.features(factor * wanted["image"], layers)
    assert list(found) == layers
    for layer, maps in found.items():
        assert list(maps.shape) == wanted[f"{name}_{layer}_shape"].tolist()
        sums = torch.stack([maps.double().sum(), maps.double().abs().sum(), maps.double().square().sum()])
        close(sums, wanted[f"{name}_{layer}_sum_abs_sq"])
        if f"{name}_{layer}" in wanted:
            close(maps, wanted[f"{name}_{layer}"])
        else:
            close(maps[:, :: maps.shape[1] // 16], wanted[f"{name}_{layer}_slice"])


@pytest.mark.parametrize(("bins", "stride"), [(1, 16), (3, 8), (5, 8), (4, 16), (3, 16)])
def test_roi_pooling_and_its_gradients(golden: Path, bins: int, stride: int) -> None:
    vector = arrays(golden / "vectors" / "prroi_pool.npz")
    name = f"{bins}x{bins}_s{stride}"
    features, boxes = vector["feat"].requires_grad_(), vector["rois"][:, 1:].requires_grad_()
    its_map = features[vector["rois"][:, 0].long()]
    pooled = roi_pool(its_map, boxes[:, None], bins=bins, stride=stride)[:, 0]
    by_features, by_boxes = torch.autograd.grad(pooled, (features, boxes), vector[f"up_{name}"])
    close(pooled, vector[f"out_{name}"], ROUNDING)
    close(by_features, vector[f"dfeat_{name}"], ROUNDING)
    close(by_boxes, vector[f"drois_{name}"][:, 1:], ROUNDING)


@pytest.mark.parametrize(
    ("name", "network"),
    [("atom_resnet18", IoUNet()), ("dimpnet18", IoUNet()), ("dimpnet50", IoUNet(512, 1024))],
    ids=["atom", "dimp18", "dimp50"],
)
def test_parameters_have_the_names_of_checkpoints(golden: Path, name: str, network: IoUNet) -> None:
    entries = json.loads((golden / "keys" / f"{name}.json").read_text())["entries"]
    theirs = [(key, shape) for key, shape, *_ in entries if key.startswith("bb_regressor.")]
    ours = [(f"bb_regressor.{key}", list(value.shape)) for key, value in network.state_dict().items()]
    assert ours == theirs


@torch.inference_mode()
def test_modulation_and_maps(seeded: Callable[[str], Tracker], vectors: dict[str, Tensor]) -> None:
    network = seeded("18").bb_regressor
    modulation = network.modulation(vectors["ref_layer2"], vectors["ref_layer3"], vectors["ref_box"])
    maps = network.maps(vectors["test_layer2"], vectors["test_layer3"])
    for level in (0, 1):
        close(modulation[level], vectors[f"modulation_{level}"].flatten(1))
        close(maps[level], vectors[f"iou_feat_{level}"])


def recorded_overlap(
    network: IoUNet, vectors: dict[str, Tensor]
) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    modulation = tuple(vectors[f"modulation_{level}"].flatten(1) for level in (0, 1))
    maps = tuple(vectors[f"iou_feat_{level}"] for level in (0, 1))
    return partial(network.predict_with_gradient, maps, modulation)


@pytest.mark.parametrize("ready", [False, True], ids=["as loaded", "made ready for inference"])
@torch.inference_mode()
def test_prediction_and_gradient(
    seeded: Callable[[str], Tracker], vectors: dict[str, Tensor], ready: bool
) -> None:
    network = seeded("18").bb_regressor
    if ready:
        network = for_inference(network)
    overlap, gradient = recorded_overlap(network, vectors)(vectors["proposals"])
    close(overlap, vectors["iou"])
    close(gradient, vectors["iou_grad_boxes"])


@torch.inference_mode()
def test_prediction_and_gradient_from_backbone_features(
    seeded: Callable[[str], Tracker], vectors: dict[str, Tensor]
) -> None:
    """Of a network that was made ready, which computes only what the proposals touch."""
    network = for_inference(seeded("18").bb_regressor)
    modulation: Modulation = (vectors["modulation_0"].flatten(1), vectors["modulation_1"].flatten(1))
    overlap = network.overlap_in(vectors["test_layer2"], vectors["test_layer3"], modulation)
    found, gradient = overlap(vectors["proposals"])
    close(found, vectors["iou"])
    close(gradient, vectors["iou_grad_boxes"])


def test_the_written_gradient_is_that_of_autograd(
    seeded: Callable[[str], Tracker], vectors: dict[str, Tensor]
) -> None:
    """For three targets at once, of which each has its own modulation and maps."""
    network = seeded("18").bb_regressor
    modulation = tuple(torch.rand(3, 256) for _ in range(2))
    maps = tuple(
        vectors[f"iou_feat_{level}"] * torch.tensor([1, -1, 0.5])[:, None, None, None] for level in (0, 1)
    )
    boxes = (vectors["proposals"] * torch.tensor([1, 0.9, 0.7])[:, None, None]).requires_grad_()
    predicted = network.predict(maps, modulation, boxes)
    (wanted,) = torch.autograd.grad(predicted.sum(), boxes)
    with torch.inference_mode():
        overlap, gradient = network.predict_with_gradient(maps, modulation, boxes.detach())
    assert torch.equal(overlap, predicted)
    close(gradient, wanted, ROUNDING)
    alone = network.predict(tuple(m[1:2] for m in maps), tuple(m[1:2] for m in modulation), boxes[1:2])
    close(alone[0], predicted[1], ROUNDING)


@torch.inference_mode()
def test_training_batches(seeded: Callable[[str], Tracker], vectors: dict[str, Tensor]) -> None:
    """Two sequences: their first reference picture modulates the proposals of three test pictures."""
    network = seeded("18").bb_regressor
    reference = (vectors[f"train_{name}"][0] for name in ("layer2", "layer3", "boxes"))
    modulation = network.modulation(*reference)
    for layer2, layer3, proposals, wanted in zip(
        *(vectors[f"fwd_{name}"] for name in ("test_layer2", "test_layer3", "proposals", "iou")), strict=True
    ):
        close(network.predict(network.maps(layer2, layer3), modulation, proposals), wanted)


ASCENTS = [
    f"opt_{rule}_{case}"
    for rule in ("dimp", "atom")
    for case in (
        "default_step1_it5_decay1",
        "relative_step0.0025_it10_decay1",
        "default_step(1,0.5)_it4_decay0.7",
        "relative_step(0.01,0.005)_it4_decay0.8",
    )
]


@pytest.mark.parametrize("name", ASCENTS)
@torch.inference_mode()
def test_ascent(seeded: Callable[[str], Tracker], vectors: dict[str, Tensor], name: str) -> None:
    parsed = re.fullmatch(r"opt_(\w+)_(\w+)_step(.+)_it(\d+)_decay(.+)", name)
    assert parsed is not None
    rule, space, steps, count, decay = parsed.groups()
    lengths = [float(length) for length in steps.strip("()").split(",")]
    config = BoxRefinement(
        steps=int(count),
        space="relative" if space == "relative" else "box_sizes",
        position_step=lengths[0],
        size_step=lengths[-1],
        step_decay=float(decay),
        reverts_worse=rule == "atom",
    )
    overlap = recorded_overlap(seeded("18").bb_regressor, vectors)
    boxes, overlaps = ascend(overlap, vectors["proposals"], config)
    assert float((boxes[0] - vectors[f"{name}_boxes"]).abs().max()) <= PIXELS
    close(overlaps[0], vectors[f"{name}_iou"])


DIMP = BoxRefinement()
PRDIMP = replace(DIMP, space="relative", steps=10, position_step=2.5e-3, size_step=2.5e-3)


@pytest.mark.parametrize(
    ("name", "backbone", "config", "first_draw"),
    [
        pytest.param("dimp_dimp18_synthetic", "18", DIMP, 9, id="dimp18"),
        pytest.param("dimp_dimp50_synthetic", "50", DIMP, 9, id="dimp50"),
        pytest.param("dimp_prdimp18_synthetic", "18", PRDIMP, 9, id="prdimp18"),
        pytest.param("atom_default_synthetic_short", "18", replace(DIMP, reverts_worse=True), 21, id="atom"),
    ],
)
@torch.inference_mode()
def test_refinement_in_recorded_tracks(
    golden: Path,
    images: list[np.ndarray],
    seeded: Callable[[str], Tracker],
    name: str,
    backbone: str,
    config: BoxRefinement,
    first_draw: int,
) -> None:
    """The first two tracked frames, from the frame's pixels to the refined box in it."""
    recorded = json.loads((golden / "tracks" / f"{name}.json").read_text())
    track = arrays(golden / "tracks" / f"{name}.npz")
    network = seeded(backbone)
    modulation = tuple(track[f"init_iou_modulation_{level}"].flatten()[None] for level in (0, 1))
    if name.startswith("dimp"):
        for ours, theirs in zip(first_modulation(network, images[0], recorded), modulation, strict=True):
            close(ours, theirs)

    before = recorded["init_attributes"]
    for t in (1, 2):
        centre = torch.tensor([before["pos"][::-1]])
        scale = torch.tensor([before["target_scale"]])
        patch, corners = sample_patch(images[t], centre, 288 * scale[:, None].expand(-1, 2), (288, 288))
        features = network.feature_extractor.features(normalise_rgb(patch), ["layer2", "layer3"])
        maps = network.bb_regressor.maps(features["layer2"], features["layer3"])
        proposals, draws = track[f"f{t}_iou_init_boxes"], track[f"draw{first_draw + t - 1:03d}_torch.rand"]
        close(propose(proposals[:1], draws[None], config)[0], proposals, ROUNDING)

        overlap = partial(network.bb_regressor.predict_with_gradient, maps, modulation)
        refined = refine(overlap, proposals[:1], draws[None], config)
        moved = refined.proposals[0] - track[f"f{t}_iou_out_boxes"]
        assert float(moved.abs().max()) <= PIXELS, f"frame {t}"
        close(refined.overlaps[0], track[f"f{t}_iou_out"])

        view = CropView.of_corners(corners, (288, 288))
        if name.startswith("atom"):  # which does not measure where its crop really is
            view = CropView(centre.round(), scale, (288, 288))
        middle, size = refined.in_frame(view)
        before = recorded["frames"][t - 1]
        box = [*(middle - (size - 1) / 2)[0].tolist(), *size[0].tolist()]
        assert box == pytest.approx(before["box"], abs=PIXELS), f"frame {t}"


def first_modulation(network: Tracker, image: np.ndarray, recorded: dict[str, Any]) -> Modulation:
    """That of DiMP: the first frame is cut twice as large as is needed, and then its middle out of that."""
    attributes = recorded["init_attributes"]
    side = 2 * 288 * attributes["target_scale"]
    centre = torch.tensor([attributes["init_sample_pos"][::-1]])
    patch, _ = sample_patch(image, centre, torch.full((1, 2), side), (576, 576))
    features = network.feature_extractor.features(
        normalise_rgb(patch[..., 144:-144, 144:-144]), ["layer2", "layer3"]
    )
    box = torch.tensor([attributes["classifier_target_box"]])
    modulation: Modulation = network.bb_regressor.modulation(features["layer2"], features["layer3"], box)
    return modulation
