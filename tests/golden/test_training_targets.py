"""Proposals and labels give the numbers of the original trainings."""

from pathlib import Path

import numpy as np
import pytest
import torch

from saccade.data.samples.dice import Dice
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals, box_ious, normal_density
from saccade.data.samples.targets import Density, Labels


def _arrays(file: Path) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.asarray(array)) for name, array in np.load(file).items()}


@pytest.fixture(scope="module")
def proposals(training_golden: Path) -> dict[str, torch.Tensor]:
    return _arrays(training_golden / "proposals.npz")


@pytest.fixture(scope="module")
def labels(training_golden: Path) -> dict[str, torch.Tensor]:
    return _arrays(training_golden / "labels.npz")


@pytest.mark.parametrize(
    ("name", "target", "seed", "settings"),
    [
        ("perturb", "box", 21, PerturbedProposals(count=24)),
        # sides of a pixel or less are drawn anew
        ("perturb_tiny", "tiny_box", 22, PerturbedProposals(count=24, min_iou=0.5, sigmas=(0.3, 0.5))),
    ],
)
def test_perturbed_proposals(proposals, name, target, seed, settings):
    judged = settings(proposals[target][None], Dice.of(seed))
    torch.testing.assert_close(judged.boxes[0], proposals[f"{name}_boxes"], rtol=0, atol=1e-5)
    torch.testing.assert_close(judged.ious[0].double(), 2 * proposals[f"{name}_iou"] - 1, rtol=0, atol=1e-5)


class Recorded:
    """A generator of one's own, that gives normal numbers that were written down."""

    def __init__(self, normals: torch.Tensor) -> None:
        self._normals = iter(normals.flatten().tolist())

    def choice(self, values: tuple[float, ...]) -> float:
        return values[0]

    def gauss(self, mean: float, sigma: float) -> float:
        return mean + sigma * next(self._normals)


def test_perturbed_proposals_of_recorded_numbers(proposals, unchecked_shapes):
    dice = Dice(Recorded(proposals["recorded_normals"]), torch.Generator(), np.random.RandomState(0))
    settings = PerturbedProposals(count=24, min_iou=0.5, sigmas=(0.3,))
    judged = settings(proposals["box"][None], dice)
    torch.testing.assert_close(judged.boxes[0], proposals["recorded_boxes"], rtol=0, atol=0)
    torch.testing.assert_close(judged.ious[0].double(), 2 * proposals["recorded_iou"] - 1, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("prdimp", GaussianProposals(count=16)),
        ("ml", GaussianProposals(count=16, truth_sigma=(0.0, 0.0), has_mean=True)),
        ("plain", GaussianProposals(count=16, truth_sigma=(0.0, 0.0))),
    ],
)
def test_gaussian_proposals(proposals, name, settings):
    assert settings.sigmas == tuple(map(tuple, proposals["gmm_sigmas"].tolist()))
    judged = settings(proposals["box"][None], Dice.of(24))
    torch.testing.assert_close(judged.boxes[0], proposals[f"gmm_{name}_boxes"], rtol=0, atol=1e-3)
    torch.testing.assert_close(judged.densities[0], proposals[f"gmm_{name}_q"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(judged.truth_densities[0], proposals[f"gmm_{name}_p"], rtol=1e-4, atol=1e-6)
    assert judged.ious is None


def test_overlaps_of_gaussian_proposals(proposals):
    judged = GaussianProposals(count=16, judged_by="iou")(proposals["box"][None], Dice.of(24))
    torch.testing.assert_close(judged.ious[0], 2 * proposals["gmm_plain_iou"] - 1, rtol=0, atol=1e-5)
    alone = box_ious(judged.boxes[0], proposals["box"])
    torch.testing.assert_close(alone, proposals["gmm_plain_iou"], rtol=0, atol=1e-5)


def test_densities(proposals):
    offsets = proposals["density_x"]
    found = normal_density(offsets, torch.tensor([0.05, 0.1, 0.5, 1.0]))
    torch.testing.assert_close(found, proposals["gauss_density"].prod(dim=1), rtol=1e-4, atol=1e-30)
    sigmas = torch.tensor([[0.05, 0.05, 0.1, 0.1], [0.5, 0.5, 0.4, 0.4]])
    mixed = normal_density(offsets[:, None], sigmas).mean(dim=1)
    torch.testing.assert_close(mixed, proposals["gmm_density"], rtol=1e-4, atol=1e-30)


GEOMETRY = {
    "dimp18": ((18, 18), 4, (288, 288)),
    "super": ((22, 22), 4, (352, 352)),
    "tomp": ((18, 18), 1, (288, 288)),
    "rts": ((26, 15), 4, (416, 240)),
    "k3": ((18, 18), 3, (288, 288)),
}


@pytest.mark.parametrize("pads_end", [True, False])
@pytest.mark.parametrize("name", GEOMETRY)
def test_labels(labels, name, pads_end):
    cells_wh, kernel, crop_wh = GEOMETRY[name]
    sigma, args_kernel = labels[f"{name}_args"].tolist()
    assert kernel == args_kernel
    settings = Labels(cells_wh=cells_wh, sigma=sigma, kernel=kernel, pads_end=pads_end)
    found = settings(labels["boxes"][:3], crop_wh)
    torch.testing.assert_close(found, labels[f"{name}_pad{int(pads_end)}"], rtol=0, atol=1e-5)
    if pads_end:
        density = Density(normalizes=False)(found, settings.sigma_cells)
        torch.testing.assert_close(density, labels[f"{name}_density"], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "density"),
    [
        ("density_uni0.1", Density(uniform=0.1, normalizes=False)),
        ("prdimp_raw", Density(normalizes=False)),
        # the last box lies off the map
        ("prdimp_normalized", Density()),
        ("prdimp_thr_shrink", Density(threshold=1e-3, shrink=0.1, uniform=0.05)),
    ],
)
def test_densities_of_labels(labels, name, density):
    wanted, settings = labels[name], Labels()
    found = density(settings(labels["boxes"][: len(wanted)], (288, 288)), settings.sigma_cells)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-7)
