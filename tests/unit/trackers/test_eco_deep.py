"""Deep ECO's learning, each shortcut against what it stands for."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core import ConfigError
from saccade.core.frame import Frame
from saccade.core.timing import Stopwatch
from saccade.nets.inference import for_inference
from saccade.nets.vggm import ResNet18VGGM
from saccade.ops.fourier import cfft2, cifft2
from saccade.solvers.gauss_newton import plain_inner
from saccade.trackers.eco.deep import ECODeep
from saccade.trackers.eco.deep_begin import search_geometry
from saccade.trackers.eco.deep_config import ECO_DEEP, FIRST_FRAME
from saccade.trackers.eco.deep_model import (
    FilterProblem,
    JointProblem,
    Regularisation,
    principal_projection,
    regularisation_kernel,
    symmetrised,
    weighted_gram,
)
from tests.property.automatic import ResidualFunction

KERNELS = torch.stack(
    [
        regularisation_kernel(
            (64, 64), torch.tensor(base).double(), minimum=0.1, edge=2.0, power=2.0, sparsity=0.1, radius=2
        )
        for base in ((20.0, 30.0), (14.0, 14.0))
    ]
)
REGULARISATION = Regularisation.of_kernels(KERNELS)


def random_filters(channels: int = 3) -> Tensor:
    """Spectra of real filters of 11 x 9 taps, for two targets."""
    return cfft2(torch.randn(2, channels, 11, 9, dtype=torch.float64)).movedim(1, -1)


def convolved(filters: Tensor) -> Tensor:
    """W h, all of it: every coefficient that the kernel reaches."""
    parts = torch.view_as_real(filters).movedim(-1, 1).movedim(-1, 2)  # N, 2, D, t, k
    rows = [
        F.conv2d(target.flatten(0, 1)[:, None], kernel[None, None], padding=4)
        for target, kernel in zip(parts, KERNELS, strict=True)
    ]
    return torch.stack(rows)


def test_the_penalty_of_a_half_spectrum_is_that_of_its_convolution() -> None:
    filters = random_filters()
    penalty = (filters.conj() * REGULARISATION.half(filters)).real.sum(dim=(1, 2, 3))
    torch.testing.assert_close(penalty, convolved(filters).square().sum(dim=(1, 2, 3, 4)))


def test_the_penalty_of_a_real_filter_includes_its_mirrored_half() -> None:
    filters = random_filters()
    whole = torch.cat([filters[:, :, 1:].flip(1, 2).conj(), filters], dim=2)
    torch.testing.assert_close(REGULARISATION.full(filters), REGULARISATION.half(whole)[:, :, 4:])


def test_the_kernel_is_the_weight_around_the_target() -> None:
    """Turned back into space, it is smallest in the middle and grows outwards."""
    spectrum = F.pad(KERNELS[0], (30, 29, 30, 29)).roll((-32, -32), (0, 1))
    weight = torch.fft.ifft2(spectrum, norm="forward").real
    row, column = divmod(int(weight.argmin()), 64)
    assert abs(row - 32) <= 1 and abs(column - 32) <= 1
    assert float(weight.min()) == pytest.approx(0.1, abs=0.02)
    assert weight[32, 0] > weight[32, 16] > weight[32, 32] and weight[0, 32] > weight[16, 32]
    # the target is narrow, 20 x 30, so the weight grows faster to the sides
    assert weight[32, 16] > weight[16, 32]


def test_a_kernel_beyond_its_radius_is_refused() -> None:
    with pytest.raises(ConfigError, match="reg_radius=1"):
        regularisation_kernel(
            (64, 64), torch.tensor([20.0, 30.0]), minimum=0.1, edge=2.0, power=2.0, sparsity=0.05, radius=1
        )


def test_analytic_products_are_those_of_automatic_differentiation() -> None:
    samples = torch.randn(2, 55, 4, 5, dtype=torch.complex128)
    weights = torch.rand(2, 4, dtype=torch.float64)
    label = torch.rand(2, 11, 5, dtype=torch.float64)
    ones = (torch.ones(2, 11, 5, 3), torch.ones(2))
    joint = JointProblem(samples, weights, label, REGULARISATION, 0.3, ones)
    filters, projection = random_filters(), torch.randn(2, 5, 3, dtype=torch.float64)
    mirrored = filters[:, :, 1:5].flip(1, 2).conj()

    def residuals(real: Tensor, imaginary: Tensor, p: Tensor) -> tuple[Tensor, ...]:
        h = torch.complex(real, imaginary)
        scores = (samples @ (p[:, None].to(h.dtype) @ h.flatten(1, 2)[..., None]))[..., 0]
        errors = weights.sqrt()[:, None] * (scores - label.flatten(1)[..., None])
        # the mirrored coefficients are constants
        penalty = convolved(torch.cat([mirrored, h], dim=2))
        return errors.real, errors.imag, penalty, 0.3**0.5 * p

    at = (filters.real.clone(), filters.imag.clone(), projection)
    normal, b = ResidualFunction(residuals).linearise(at)
    ours, our_b = joint.linearise((filters, projection))
    for ours_part, part in zip(parts(our_b), b, strict=True):
        torch.testing.assert_close(ours_part, part)
    d = (random_filters(), torch.randn_like(projection))
    for ours_part, part in zip(parts(ours.apply(d)), normal.apply(parts(d)), strict=True):
        torch.testing.assert_close(ours_part, part)


def parts(x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return x[0].real, x[0].imag, x[1]


def test_the_gram_matrix_is_the_weighted_sum_over_samples() -> None:
    samples, weights = torch.randn(2, 55, 4, 3, dtype=torch.complex64), torch.rand(2, 4)
    expected = torch.einsum("nm,nfmc,nfmd->nfcd", weights + 0j, samples.conj(), samples)
    torch.testing.assert_close(weighted_gram(samples, weights, chunk=7), expected)


def test_the_right_side_correlates_the_label_with_the_mean_sample() -> None:
    signals = torch.randn(2, 4, 3, 11, 9, dtype=torch.float64)
    samples = cfft2(signals).permute(0, 3, 4, 1, 2).flatten(1, 2)
    weights = torch.rand(2, 4, dtype=torch.float64)
    label = cfft2(torch.randn(2, 11, 9, dtype=torch.float64)).abs()
    problem = FilterProblem.of_samples(samples, weights, label, REGULARISATION, torch.ones(2, 11, 5, 3))
    mean = torch.einsum("nm,nfmc->nfc", weights + 0j, samples).reshape(2, 11, 5, 3)
    torch.testing.assert_close(problem.right, label[..., None] * mean.conj())
    (a,), (b,) = problem.apply((problem.right,)), (random_filters(),)
    # A is self-adjoint
    torch.testing.assert_close(
        problem.inner((a,), (b,)), problem.inner((problem.right,), problem.apply((b,)))
    )


def test_symmetrised_filters_are_real() -> None:
    spectrum = torch.randn(1, 11, 5, 2, dtype=torch.complex128)
    filters = symmetrised(spectrum).movedim(-1, 1)
    torch.testing.assert_close(cfft2(cifft2(filters, (11, 9))), filters)


def test_the_projection_keeps_what_varies_most() -> None:
    features = torch.randn(2, 6, 6, 4) * torch.tensor([0.1, 5.0, 0.2, 2.0]) + 100
    projection = principal_projection(features, 2).abs()
    assert projection.argmax(dim=0).tolist() == [1, 3]
    assert (projection.max(dim=0).values > 0.95).all()


@pytest.mark.parametrize(
    ("size", "side", "scale"),
    [
        ((50.0, 50.0), 240, 1.0),  # the region is between the smallest and the largest
        ((10.0, 15.0), 208, 0.2756),  # small targets are enlarged
        ((300.0, 200.0), 240, 4.409),  # large ones reduced
    ],
)
def test_the_search_region_has_one_of_few_sizes(size: tuple[float, float], side: int, scale: float) -> None:
    found, base, found_side = search_geometry(torch.tensor(size), ECO_DEEP)
    assert found_side == side
    assert float(found) == pytest.approx(scale, rel=1e-3)
    torch.testing.assert_close(base * found, torch.tensor(size))


@torch.inference_mode()
def test_targets_are_improved_when_they_are_due_not_when_others_are() -> None:
    """Two targets of different age in one batch: only the filter of the one that is due changes."""
    config = replace(
        ECO_DEEP,
        memory_slots=6,
        init_steps=1,
        init_inner_steps=2,
        update_interval=2,
        update_steps=2,
        num_scales=1,
        augmentation=replace(FIRST_FRAME, shifts=(), rotations=(), blurs=(), dropout_copies=1),
    )
    tracker = ECODeep(for_inference(ResNet18VGGM()), config)
    image = torch.randint(0, 256, (120, 160, 3), dtype=torch.uint8).numpy()
    frame, stopwatch, generators = Frame.of(image), Stopwatch(), [torch.Generator(), torch.Generator()]
    boxes = torch.tensor([[20.0, 20.0, 40.0, 30.0], [90.0, 60.0, 30.0, 40.0]], dtype=torch.float64)
    state = tracker.begin(frame, boxes, generators, stopwatch)
    state.age[0] += 1
    before = [filters.clone() for filters in state.filters]
    tracker.track(frame, state, generators, stopwatch)
    for filters, old in zip(state.filters, before, strict=True):
        assert not torch.equal(filters[0], old[0]) and torch.equal(filters[1], old[1])
    assert float(plain_inner((state.weights[0],), (torch.ones_like(state.weights[0]),))[0]) == pytest.approx(
        1
    )
