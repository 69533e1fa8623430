"""The parts of deep ECO against the numbers of the original: windows to optimisers."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.nets.inference import for_inference
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.augmentation import Blur, FlipLeftRight, Identity, Rescale, Rotate, Transform
from saccade.ops.crops import sample_patch
from saccade.ops.fourier import (
    cfft2,
    cifft2,
    cubic_interpolation,
    inner_product,
    sample_series,
    shift_series,
    sum_series,
)
from saccade.ops.labels import gaussian_label, gaussian_series
from saccade.ops.windows import hann, hann2d
from saccade.solvers.conjugate_gradient import ConjugateGradient, polak_ribiere
from saccade.solvers.gauss_newton import GaussNewton
from saccade.trackers.eco.deep_model import (
    FilterProblem,
    JointProblem,
    Regularisation,
    filter_diagonal,
    regularisation_kernel,
)

GoldenScript = Callable[[str], ModuleType]

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""


class Vectors:
    """The arrays of one file, as tensors; complex ones from their last dimension."""

    def __init__(self, path: Path) -> None:
        self.arrays = np.load(path)

    def __call__(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name])

    def complex(self, name: str) -> Tensor:
        return torch.view_as_complex(self(name).contiguous())


@pytest.fixture(scope="module")
def fourier(golden: Path) -> Vectors:
    return Vectors(golden / "vectors" / "dcf_fourier.npz")


def close(ours: Tensor, theirs: Tensor, tolerance: float = ROUNDING) -> None:
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


@pytest.mark.parametrize("size", [5, 6, 18, 19])
def test_windows(fourier: Vectors, size: int) -> None:
    close(hann(size), fourier(f"hann1d_{size}"))
    close(hann(size, centred=False), fourier(f"hann1d_{size}_uncentered"))


def test_two_dimensional_windows(fourier: Vectors) -> None:
    close(hann2d((18, 19)), fourier("hann2d_18x19")[0, 0])
    close(hann2d((288, 288), centred=False)[:6, :6], fourier("hann2d_288_uncentered_corner")[0, 0])


def test_labels(fourier: Vectors) -> None:
    close(gaussian_series((7, 9), torch.tensor([0.8, 1.2])), fourier("label_function_9x7_s1.2_0.8")[0, 0])
    label = gaussian_label((18, 18), torch.tensor([0.9, 0.9]), torch.tensor([-0.6, 0.3]), extra_cells=(1, 1))
    close(label, fourier("label_function_spatial_18x18_s0.9_c0.3_-0.6_pad1")[0, 0])


@pytest.mark.parametrize(("name", "size"), [("odd", (9, 7)), ("even", (8, 6)), ("mixed", (8, 9))])
def test_fourier_series(fourier: Vectors, name: str, size: tuple[int, int]) -> None:
    series = cfft2(fourier(f"x_{name}"))
    close(series, fourier.complex(f"cfft2_{name}"))
    if size[0] % 2:  # of an even signal the original's inverse drops the wrong row
        close(cifft2(series, size), fourier(f"cifft2_sized_{name}"))
    if series.shape[-1] > 1:
        close(cifft2(series), fourier(f"cifft2_default_{name}"))
    close(shift_series(series, torch.tensor([[-0.7, 0.3]])), fourier.complex(f"shift_fs_0.3_-0.7_{name}"))
    close(sample_series(series, (21, 23)), fourier(f"sample_fs_21x23_{name}"))
    close(sample_series(series, (20, 22), rescale=False), fourier(f"sample_fs_20x22_norescale_{name}"))
    # the second factor is not recorded; it is half the first plus a tenth, as the three products tell
    other = 0.5 * series + (0.1 + 0.1j)
    close(inner_product(series, other)[0], fourier(f"inner_prod_fs_{name}"))


def test_sum_of_series(fourier: Vectors) -> None:
    close(sum_series([cfft2(fourier("sum_fs_in9")), cfft2(fourier("sum_fs_in5"))]), fourier.complex("sum_fs"))


@pytest.mark.parametrize("centred", [True, False])
def test_interpolation(fourier: Vectors, centred: bool) -> None:
    read = fourier.complex if centred else fourier
    y, x = (read(f"interp_bicubic_center{centred}_{axis}")[0, 0] for axis in "yx")
    close(cubic_interpolation((9, 7), centred=centred), y * x + 0j)


BLOCKS = [(1e-4, 10e-3, 0.05), (10e-4, 50e-3, 0.1)]


@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize(
    ("name", "size_wh", "base_wh"),
    [("sz249_target55x70", (249, 249), (70.0, 55.0)), ("sz50x40_target11x14", (40, 50), (14.0, 11.0))],
)
def test_regularisation(
    fourier: Vectors, block: int, name: str, size_wh: tuple[int, int], base_wh: tuple[float, float]
) -> None:
    minimum, edge, sparsity = BLOCKS[block]
    kernel = regularisation_kernel(
        size_wh, torch.tensor(base_wh), minimum=minimum, edge=edge, power=2.0, sparsity=sparsity, radius=3
    )
    theirs = fourier(f"reg_filter_{block}_{name}")[0, 0]
    margin_y, margin_x = ((7 - n) // 2 for n in theirs.shape)
    inner = kernel[margin_y : 7 - margin_y, margin_x : 7 - margin_x]
    close(inner, theirs)
    assert kernel.count_nonzero() == inner.count_nonzero()


AUGMENTATIONS: list[tuple[str, Transform, bool]] = [
    ("aug_identity_16", Identity(), True),
    ("aug_identity_16_shift", Identity(shift=(-3, 2)), True),
    ("aug_fliph_16", FlipLeftRight(shift=(2, 1)), True),
    ("aug_trans_2_-3_16", Identity(shift=(-2, 3)), True),
    ("aug_rotate10_16", Rotate(10.0, shift=(1, 0)), True),
    ("aug_rotate-45", Rotate(-45.0), False),
    ("aug_blur_3_1_16", Blur((1.0, 3.0)), True),
    ("aug_blur_2", Blur((2.0, 2.0)), False),
    ("aug_scale1.3_16", Rescale(1.3), True),
    ("aug_scale0.7_16", Rescale(0.7), True),
]


@pytest.mark.parametrize(
    ("name", "transform", "is_cropped"), AUGMENTATIONS, ids=[row[0] for row in AUGMENTATIONS]
)
def test_augmentation(fourier: Vectors, name: str, transform: Transform, is_cropped: bool) -> None:
    ours = transform(fourier("aug_image")[0], (16, 16) if is_cropped else None)
    close(ours, fourier(name)[0])


@pytest.mark.parametrize("legacy", [False, True], ids=["", "legacy"])
@pytest.mark.parametrize("kind", ["tensor", "array"])
def test_crops(golden: Path, legacy: bool, kind: str) -> None:
    vectors = Vectors(golden / "vectors" / "sample_patch.npz")
    manifest = json.loads((golden / "vectors" / "MANIFEST.json").read_text())
    planes = vectors("image")[0]
    image = planes if kind == "tensor" else planes.permute(1, 2, 0).numpy().astype(np.uint8)
    prefix = "legacy_" if legacy else ""
    cases = manifest["sample_patch"]["notes"]["cases"]
    assert len(cases) == 33
    for case in cases:
        output = case["output_sz"]
        patch, corners = sample_patch(
            image,
            _xy(case["pos_yx"]),
            _xy(case["sample_sz"]),
            (output[1], output[0]) if output else None,
            mode=case["mode"],
            max_scale_change=case["max_scale_change"],
            is_mask=case["is_mask"],
            legacy=legacy,
        )
        i = case["i"]
        # corners come as (top, left, bottom, right)
        assert torch.equal(corners, vectors(f"{prefix}coord_{i}")[:, [1, 0, 3, 2]]), case
        close(patch, vectors(f"{prefix}patch_{i}"))


def _xy(values: list[float]) -> Tensor:
    return torch.tensor([values[::-1]], dtype=torch.float32)


@pytest.fixture(scope="module")
def network(golden_script: GoldenScript) -> ResNet18VGGM:
    seeded: ResNet18VGGM = golden_script("seeded_weights").load_seeded(ResNet18VGGM())
    return seeded.eval()


def test_parameters_of_the_network(golden: Path, network: ResNet18VGGM) -> None:
    recorded = json.loads((golden / "keys" / "resnet18_vggm.json").read_text())
    ours = network.state_dict()
    assert {name: list(value.shape) for name, value in ours.items()} == {
        name: shape for name, shape, *_ in recorded["entries"]
    }
    for name, total in recorded["seeded_sum_float64"].items():
        assert float(ours[name].double().sum()) == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize("is_ready", [False, True], ids=["as trained", "made ready"])
@torch.inference_mode()
def test_features_of_the_network(golden: Path, network: ResNet18VGGM, is_ready: bool) -> None:
    vectors = Vectors(golden / "vectors" / "backbones.npz")
    names = ["vggconv1", "conv1", "layer1", "layer2", "layer3", "layer4"]
    ready = for_inference(network) if is_ready else network
    for name, maps in ready.features(vectors("image"), names).items():
        close(maps[:, :: maps.shape[1] // 8], vectors(f"vggm_{name}_slice"), 1e-4)


class Problem:
    """The small learning problem of the vectors, with channels last: 4 samples of 9 x 9, 6 channels to 3."""

    def __init__(self, path: Path) -> None:
        self.vectors = vectors = Vectors(path)
        self.samples = (
            channels_last(vectors.complex("eco_samples_f")).permute(1, 2, 0, 3).reshape(1, 45, 4, 6)
        )
        self.weights = vectors("eco_sample_weights")[None]
        self.label = vectors("eco_yf")[:, 0]
        self.regularisation = Regularisation.of_kernels(vectors("eco_reg_filter")[:, 0])
        self.diagonal = channels_last(vectors("eco_precond_filter")[..., 0])

    def compressed(self, projection: Tensor) -> Tensor:
        return self.samples @ projection.to(self.samples.dtype)


def channels_last(series: Tensor) -> Tensor:
    return series.movedim(1, -1)


@pytest.fixture(scope="module")
def problem(golden: Path) -> Problem:
    return Problem(golden / "vectors" / "online_optim.npz")


def test_samples(problem: Problem) -> None:
    close(cfft2(problem.vectors("eco_samples")), problem.vectors.complex("eco_samples_f"))


def test_preconditioner(problem: Problem) -> None:
    energy = problem.compressed(problem.vectors("eco_proj0")).abs().square().mean(dim=2).reshape(1, 9, 5, 3)
    diagonal = filter_diagonal(energy, problem.regularisation.energy, data_share=0.3, reg_share=0.15)
    close(diagonal, problem.diagonal)


def test_joint_learning(problem: Problem) -> None:
    """Two Gauss-Newton steps of five steps of conjugate gradients each."""
    vectors = problem.vectors
    diagonals = (problem.diagonal, vectors("eco_precond_proj")[None])
    joint = JointProblem(
        problem.samples, problem.weights, problem.label, problem.regularisation, 5e-8, diagonals
    )
    start = (torch.zeros(1, 9, 5, 3, dtype=torch.complex64), vectors("eco_proj0")[None])
    filters, projection = GaussNewton().solve(joint, start, steps=2, inner_steps=5)
    close(filters, channels_last(vectors.complex("eco_gncg_filter")))
    close(projection[0], vectors("eco_gncg_proj"))


def test_learning_of_the_filter(problem: Problem) -> None:
    """Four steps, and three more with a new sample and the kept direction."""
    vectors = problem.vectors
    samples = problem.compressed(vectors("eco_gncg_proj"))
    solver = ConjugateGradient(polak_ribiere, forgetting=(1 - 0.025) ** 75)

    def improve(diagonal: Tensor, filters: Tensor, **how: Any) -> Any:
        equations = FilterProblem.of_samples(
            samples, problem.weights, problem.label, problem.regularisation, diagonal
        )
        return solver.solve(equations, (equations.right,), (filters,), **how)

    (filters,), kept = improve(problem.diagonal, channels_last(vectors.complex("eco_gncg_filter")), steps=4)
    close(filters, channels_last(vectors.complex("eco_filteroptim_run1")))

    energy = problem.compressed(vectors("eco_proj0")).abs().square().mean(dim=2).reshape(1, 9, 5, 3)
    new = channels_last(cfft2(vectors("eco_new_sample"))).abs().square()
    diagonal = filter_diagonal(
        0.975 * energy + 0.025 * new, problem.regularisation.energy, data_share=0.3, reg_share=0.15
    )
    (filters,), _ = improve(diagonal, filters, steps=3, kept=kept)
    close(filters, channels_last(vectors.complex("eco_filteroptim_run2")))
