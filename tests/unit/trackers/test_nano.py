"""The small tracker: its weights are here, its training's shortcuts are exact, and it follows."""

import csv
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import saccade
from saccade.core import ConfigError, ModelError, Status, Targets
from saccade.core.config import override
from saccade.data.samples.sample import FrameSet, Sample
from saccade.nets.filter_learning import FilterProblem, WeightedSquares
from saccade.ops.activations import LeakyReLU
from saccade.solvers.steepest_descent import SteepestDescent
from saccade.trackers.nano import DIMP_NANO, build
from saccade.trackers.nano.appearance import balanced, cues
from saccade.trackers.nano.gram import patch_products
from saccade.trackers.nano.network import MEAN, STD, NanoNet, NanoNetConfig
from saccade.trackers.nano.spectral import SpectralFilterProblem
from saccade.trackers.nano.task import FOREIGN, OTHER, OWN, NanoTask, NanoTaskConfig
from saccade.weights.label import read_label
from saccade.zoo import entry

LIGHT_NETWORK = NanoNetConfig(widths=(4, 6, 8, 8), blocks=(1, 1, 1), channels=4)


def shipped(ending: str) -> Path:
    path = Path(str(files("saccade.zoo") / "shipped" / entry("dimp_nano").shipped))
    return path.with_name(f"{path.stem}.{ending}")


def texture(seed: int, width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def growing(count: int) -> list[tuple[np.ndarray, tuple[float, ...]]]:
    """A textured target that moves and grows over a texture, and its box."""
    frames, target = [], texture(1, 40, 50)
    for t in range(count):
        growth = 1.015**t
        box = (40 + 3.0 * t, 40 + 1.5 * t, 40 * growth, 50 * growth)
        frame = texture(0, 320, 240) // 2
        move = np.float32([[growth, 0, box[0]], [0, growth, box[1]]])
        cv2.warpAffine(target, move, (320, 240), frame, borderMode=cv2.BORDER_TRANSPARENT)
        frames.append((frame, box))
    return frames


def test_it_comes_with_its_weights():
    label = read_label(shipped("safetensors"))
    assert label is not None and label.trained is not None
    assert (label.licence, label.trained.model) == ("Apache-2.0", "dimp_nano")
    assert label.preprocessing.mean == (MEAN,) * 3 and label.preprocessing.scale == (STD,) * 3
    assert shipped("safetensors").stat().st_size <= 12e6
    network = NanoNet(DIMP_NANO.network)
    network.load_state_dict(load_file(shipped("safetensors")))
    assert 1e6 <= sum(parameter.numel() for parameter in network.parameters()) <= 3e6


def test_all_that_it_has_learned_from_is_open():
    with shipped("attributions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 700
    for row in rows:
        assert row["source_repo"] and row["licence_basis"]
        words = row["licence"].upper().replace("-", " ").split()
        assert not {"NC", "ND", "SA", "RESEARCH", "UNKNOWN", "NONE"} & set(words), row["path"]


def test_a_target_that_moves_and_grows_is_followed():
    run = saccade.load("dimp_nano", device="cpu").start()
    for t, (frame, box) in enumerate(growing(30)):
        found = run.step(frame, Targets(boxes=[box]) if t == 0 else None)
        x1, y1, x2, y2 = found.boxes[0]
        width = min(x2, box[0] + box[2]) - max(x1, box[0])
        height = min(y2, box[1] + box[3]) - max(y1, box[1])
        both = max(width, 0) * max(height, 0)
        assert both / ((x2 - x1) * (y2 - y1) + box[2] * box[3] - both) > 0.6, t
        assert found.status[0] == Status.TRACKED


def test_a_target_that_is_gone_is_lost_and_stays_where_it_was():
    run = saccade.load("dimp_nano", device="cpu").start()
    frames = growing(12)
    for t, (frame, box) in enumerate(frames):
        before = run.step(frame, Targets(boxes=[box]) if t == 0 else None)
    gone = run.step(np.full_like(frames[0][0], 90))
    assert gone.status[0] == Status.LOST
    np.testing.assert_array_equal(gone.boxes, before.boxes)
    found = run.step(frames[-1][0])
    assert found.status[0] != Status.LOST
    np.testing.assert_allclose(found.boxes, before.boxes, atol=4)


def test_other_devices_are_refused():
    with pytest.raises(ModelError, match="'dimp_nano' runs on the CPU only, not on meta"):
        build("dimp_nano", DIMP_NANO, weights=None, device=torch.device("meta"), precision="float32")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("search.side", 150, "multiple of 16"),
        ("search.area", 0, "above 0"),
        ("search.scale_step", 0.5, r"in \[1, 2\]"),
        ("coarse.size", 4, "odd and positive"),
        ("fine.label_sigma", 0, "above 0"),
        ("coarse_share", 2, r"in \[0, 1\]"),
        ("scale_share", -1, r"in \[0, 1\]"),
        ("memory.size", 0, "1 or more"),
        ("learning.interval", 0, "1 or more"),
        ("confidence.lost_below", math.nan, "finite"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: Any, message: str):
    with pytest.raises(ConfigError, match=message):
        override(DIMP_NANO, {name: value})


def test_hand_crafted_features_have_unit_energy_and_no_mean():
    crops = torch.from_numpy(np.stack([texture(seed, 64, 64) for seed in (2, 3)]))
    for stride, cells in ((4, 16), (8, 8)):
        for cue in balanced(cues(crops), stride):
            assert cue.shape[2:] == (cells, cells)
            torch.testing.assert_close(cue.mean((2, 3)), torch.zeros(cue.shape[:2]), atol=1e-4, rtol=0)
            assert (cue.square().sum(1).mean((1, 2)) - 1).abs().max() < 0.2
    flat = balanced(cues(torch.full((1, 64, 64, 3), 128, dtype=torch.uint8)))
    assert all(cue.abs().max() < 1e-3 for cue in flat)


def patches(features: torch.Tensor, size: int) -> torch.Tensor:
    return F.unfold(features, size, padding=size // 2).mT


@pytest.mark.parametrize("size", [1, 3, 5])
def test_products_of_patches_and_their_gradients(size: int):
    torch.manual_seed(0)
    maps = [torch.randn(3, 4, 7, 7, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    weight = torch.randn(3, 49, 49, dtype=torch.float64)
    found = patch_products(*maps, size)
    expected = patches(maps[0], size) @ patches(maps[1], size).mT
    torch.testing.assert_close(found, expected)
    for each in maps:
        (gradient,) = torch.autograd.grad((found * weight).sum(), each, retain_graph=True)
        (literal,) = torch.autograd.grad((expected * weight).sum(), each, retain_graph=True)
        torch.testing.assert_close(gradient, literal)


def test_a_filter_is_learned_from_spectra_as_from_features():
    torch.manual_seed(0)
    features, weight, label = torch.randn(2, 3, 4, 10, 10), torch.rand(2, 3, 10, 10), torch.rand(2, 3, 10, 10)
    loss = WeightedSquares(weight, label, LeakyReLU(torch.rand(2, 3, 10, 10)))
    direct = FilterProblem(features, loss, torch.tensor([0.1]))
    spectral = SpectralFilterProblem.of(features, loss, 0.1, 7)
    start = torch.randn(2, 4, 7, 7)
    torch.testing.assert_close(spectral.measure(start), direct.measure(start), atol=1e-4, rtol=1e-5)
    expected = SteepestDescent().solve(direct, start, steps=3)
    torch.testing.assert_close(SteepestDescent().solve(spectral, start, steps=3), expected)


def batch(samples: int) -> Sample:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, samples, 3, 64, 64, generator=generator)
    corner = 20 + 10 * torch.rand(2, samples, 2, generator=generator)
    boxes = torch.cat([corner, torch.full_like(corner, 16.0)], dim=-1)
    return Sample(FrameSet(images[:1], boxes[:1]), FrameSet(images[1:], boxes[1:]), ("made",) * samples)


def literally(task: NanoTask, sample: Sample) -> torch.Tensor:
    """The loss by patches that are written out, and products that autograd sees."""
    pictures = torch.cat([sample.train.images[0], sample.test.images[0]])
    crops = (pictures * STD + MEAN).round().to(torch.uint8).permute(0, 2, 3, 1)
    features = task.network.features(crops, cues(crops))
    half, side = len(features) // 2, features.shape[-1]
    boxes = torch.cat([sample.train.boxes[0], sample.test.boxes[0]])
    positions = boxes[:, :2] + boxes[:, 2:] / 2 - (pictures.shape[-1] - 1) / 2
    labels = task._labels(positions, side)
    own, other = patches(features, 5), patches(features.roll(half, 0), 5)
    swapped = other.unflatten(0, (2, half)).flip(1).flatten(0, 1)
    matrices = {OWN: own @ own.mT, OTHER: other @ own.mT, FOREIGN: swapped @ own.mT}
    losses, _ = task.unroll(
        lambda which, factor: (matrices[which] @ factor[..., None])[..., 0],
        task.network.log_reg.exp(),
        labels,
        labels.roll(half, 0),
    )
    return losses.mean()


def test_the_loss_and_its_gradients_are_those_of_written_out_patches():
    torch.manual_seed(0)
    task = NanoTaskConfig(network=LIGHT_NETWORK).build().eval()
    sample = batch(2)
    found, expected = task(sample)["loss"], literally(task, sample)
    torch.testing.assert_close(found, expected)
    parameters = list(task.network.parameters())
    gradients = torch.autograd.grad(found, parameters)
    literal = torch.autograd.grad(expected, parameters)
    for gradient, wished in zip(gradients, literal, strict=True):
        torch.testing.assert_close(gradient, wished, rtol=1e-3, atol=1e-5)


def test_a_sample_alone_has_no_foreign_frame():
    task = NanoTaskConfig(network=LIGHT_NETWORK).build().eval()
    assert torch.isfinite(task(batch(1))["loss"])
