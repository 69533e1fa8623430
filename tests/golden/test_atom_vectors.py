"""The parts of ATOM's target model against the numbers of the original: optimisers, interpolation, draws."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.online.augmentation import channel_dropout
from saccade.ops.activations import CELU, Activation, LeakyReLU
from saccade.ops.fourier import interpolation_matrix
from saccade.solvers.conjugate_gradient import (
    CGState,
    ConjugateGradient,
    Variables,
    fletcher_reeves,
    polak_ribiere,
)
from saccade.solvers.gauss_newton import GaussNewton
from saccade.trackers.atom import ATOM
from saccade.trackers.atom.least_squares import CompressedFilterProblem, JointProblem, ScoreFit, uncompressed
from saccade.trackers.atom.tracker import ATOMTargetModel

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""
FILTER_REG, PROJECTION_REG = 0.1, 1e-4
ACTIVATIONS = {"none": LeakyReLU(torch.ones(())), "mlu": CELU(0.05)}

Vectors = dict[str, Tensor]


def arrays(path: Path) -> Vectors:
    return {name: torch.from_numpy(values) for name, values in np.load(path).items()}


@pytest.fixture(scope="module")
def optimisers(golden: Path) -> Vectors:
    return arrays(golden / "vectors" / "online_optim.npz")


@pytest.fixture(scope="module")
def track(golden: Path) -> Vectors:
    return arrays(golden / "tracks" / "atom_default_synthetic.npz")


def close(ours: Tensor, theirs: Tensor, tolerance: float = ROUNDING) -> None:
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


def fit(vectors: Vectors, activation: Activation) -> ScoreFit:
    """Five samples of 7 x 8 cells and 6 channels."""
    weights = vectors["atom_sample_weights"][None]
    return ScoreFit(vectors["atom_samples"][None], vectors["atom_labels"][None, :, 0], weights, activation)


def joint_problem(vectors: Vectors, activation: Activation) -> tuple[JointProblem, Variables]:
    """The problem of a filter of 3 channels and a projection to them, and where to begin."""
    start = (vectors["atom_filter0"], vectors["atom_proj0"][None, ..., 0, 0])
    return JointProblem(fit(vectors, activation), FILTER_REG, PROJECTION_REG), start


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_filter_and_projection_by_gauss_newton(optimisers: Vectors, name: str) -> None:
    problem, start = joint_problem(optimisers, ACTIVATIONS[name])
    filters, projection = GaussNewton().solve(problem, start, steps=3, inner_steps=4)
    close(filters, optimisers[f"atom_gncg_{name}_filter"])
    close(projection[0, ..., None, None], optimisers[f"atom_gncg_{name}_proj"])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_losses_of_gauss_newton(optimisers: Vectors, name: str) -> None:
    problem, x = joint_problem(optimisers, ACTIVATIONS[name])
    losses = [loss(problem, x)]
    for _ in range(3):
        x = GaussNewton().step(problem, x, inner_steps=4)
        losses.append(loss(problem, x))
    close(torch.stack(losses), optimisers[f"atom_gncg_{name}_losses"])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_by_gradient_descent(optimisers: Vectors, name: str) -> None:
    """Five steps of 0.001 with a momentum of 0.9 down the gradient 2 J^T R."""
    problem, x = joint_problem(optimisers, ACTIVATIONS[name])
    direction = tuple(torch.zeros_like(part) for part in x)
    losses = [loss(problem, x)]
    for _ in range(5):
        _, b = problem.linearise(x)
        direction = tuple(0.9 * d - 2 * b_i for d, b_i in zip(direction, b, strict=True))
        x = tuple(part - 1e-3 * d for part, d in zip(x, direction, strict=True))
        losses.append(loss(problem, x))
    close(x[0], optimisers[f"atom_gd_{name}_filter"])
    close(torch.stack(losses), optimisers[f"atom_gd_{name}_losses"])


def loss(problem: JointProblem, x: Variables) -> Tensor:
    filters, projection = x
    residual = problem.fit.linearise(uncompressed(filters, projection)).residual
    penalties = FILTER_REG * filters.square().sum() + PROJECTION_REG * projection.square().sum()
    return residual.square().sum() + penalties


@pytest.mark.parametrize("forgetting", [0.0, 0.5])
@pytest.mark.parametrize(("is_fletcher_reeves", "beta"), [(1, fletcher_reeves), (0, polak_ribiere)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_filter_by_conjugate_gradients(
    optimisers: Vectors, name: str, is_fletcher_reeves: int, beta: object, forgetting: float
) -> None:
    """Three steps from one linearisation, then two from another."""
    problem = CompressedFilterProblem(fit(optimisers, ACTIVATIONS[name]), FILTER_REG)
    solver = ConjugateGradient(beta, forgetting=forgetting)  # type: ignore[arg-type]
    filters, kept = optimisers["atom_filter_full0"], None
    for steps in (3, 2):
        filters, kept = improved(solver, problem, filters, steps, kept)
    close(filters, optimisers[f"atom_cg_{name}_fr{is_fletcher_reeves}_forget{forgetting:g}"])


def improved(
    solver: ConjugateGradient,
    problem: CompressedFilterProblem,
    filters: Tensor,
    steps: int,
    kept: CGState | None,
) -> tuple[Tensor, CGState]:
    normal, b = problem.linearise((filters,))
    (change,), kept = solver.solve(normal, b, steps=steps, kept=kept)
    return filters + change, kept


def test_interpolation_is_that_of_fourier_series(golden: Path) -> None:
    vectors = arrays(golden / "vectors" / "dcf_fourier.npz")
    # point 10 of 21 at the cell that is 10 / 21 of the period from the first, so that point 0 is at the first
    down = interpolation_matrix(8, 21, middle=8 * 10 / 21)
    across = interpolation_matrix(6, 23, middle=6 * 11 / 23)
    # the series of the vectors is not divided by the number of cells
    close(48 * down @ vectors["x_even"] @ across.mT, vectors["sample_fs_21x23_even"])


@pytest.mark.parametrize("frame", ["f1", "f2"])
def test_score_maps_in_crop_pixels(track: Vectors, frame: str) -> None:
    matrix = interpolation_matrix(18, 288, middle=9.0)
    close(matrix @ track[f"{frame}_scores_raw_0"] @ matrix.mT, track[f"{frame}_scores"])


def test_the_draws_of_the_first_frame(golden: Path, track: Vectors) -> None:
    """Displacements of pictures, channels left out, projection and filter: one generator, in this order."""
    recorded = json.loads((golden / "tracks" / "atom_default_synthetic.json").read_text())
    shifts = [(int(x), int(y)) for _, (y, x) in recorded["init_transforms"]]
    generator = torch.Generator().manual_seed(0)

    transforms = ATOM.augmentation.transforms((288, 288), generator)
    copies = ATOM.augmentation.dropout_copies
    assert [transform.shift for transform in transforms] + [(0, 0)] * copies == shifts
    ours = channel_dropout(torch.ones(1, 256, 1, 1), copies, 0.2, generator)[..., 0, 0] > 0
    theirs = track["draw018_dropout2d_kept"] > 0
    # channels that are 0 in the first place were recorded as left out of every copy
    dead = ~theirs.any(dim=0)
    assert dead.sum() < 10
    assert torch.equal(ours[:, ~dead], theirs[:, ~dead])

    model = ATOMTargetModel(ATOM.target_model, ATOM.memory, first_steps=0)
    boxes = torch.tensor([[110.0, 118.0, 65.0, 50.0]]).repeat(30, 1)
    state = model.learn(torch.ones(30, 256, 18, 18), boxes, generator)
    close(state.projection[0, ..., None, None], track["draw019_Tensor.normal_"])
    close(state.filter, track["draw020_Tensor.normal_"])
