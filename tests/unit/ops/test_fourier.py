"""Fourier series: transform and inverse, sampling, sums, shifts, inner products."""

import math

import pytest
import torch

from saccade.ops.fourier import (
    cfft2,
    cifft2,
    cubic_interpolation,
    inner_product,
    interpolation_matrix,
    sample_series,
    shift_series,
    sum_series,
)

SIZES = [
    (9, 7),  # odd, odd
    (8, 6),  # even, even: the Nyquist row is there twice
    (8, 9),
    (9, 8),
    (1, 1),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_inverse_undoes_the_transform(size: tuple[int, int], dtype: torch.dtype) -> None:
    signal = torch.randn(2, 3, *size, dtype=dtype)
    series = cfft2(signal)
    assert series.shape[-2] % 2 == 1
    torch.testing.assert_close(cifft2(series, size), signal)


def test_a_series_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="9x4 does not belong to a signal of 10x7"):
        cifft2(cfft2(torch.randn(9, 7)), (10, 7))


@pytest.mark.parametrize("size", [(9, 7), (15, 15)])
def test_sampling_at_as_many_points_gives_the_signal_back(size: tuple[int, int]) -> None:
    signal = torch.randn(*size)
    torch.testing.assert_close(sample_series(cfft2(signal), size, rescale=False), signal)


def test_sampling_at_twice_as_many_points_passes_through_the_signal() -> None:
    signal = torch.randn(2, 9, 7, dtype=torch.float64)
    fine = sample_series(cfft2(signal) / 63, (18, 14))
    torch.testing.assert_close(fine[:, ::2, ::2], signal)


def test_a_grid_that_is_too_coarse_is_refused() -> None:
    with pytest.raises(ValueError, match="9x7 coefficients needs a larger grid than 9x6"):
        sample_series(cfft2(torch.randn(9, 7)), (9, 6))


@pytest.mark.parametrize(("cells", "points"), [((9, 7), (27, 28)), ((8, 6), (32, 40)), ((8, 9), (15, 15))])
def test_the_interpolation_matrix_samples_a_shifted_series(
    cells: tuple[int, int], points: tuple[int, int]
) -> None:
    signal = torch.randn(2, *cells, dtype=torch.float64)
    middle = (1.5, 2.0)  # (y, x)
    down, across = (
        interpolation_matrix(*sizes, middle=place, dtype=torch.float64)
        for *sizes, place in zip(cells, points, middle, strict=True)
    )
    # so that the middle becomes the origin, which is then rolled to the middle of the points
    radians = [2 * math.pi * middle[axis] / cells[axis] for axis in (1, 0)]
    shift = torch.tensor(radians, dtype=torch.float64)
    series = shift_series(cfft2(signal) / math.prod(cells), shift)
    expected = sample_series(series, points).roll((points[0] // 2, points[1] // 2), dims=(1, 2))
    torch.testing.assert_close(down @ signal @ across.mT, expected)


def test_odd_numbers_of_cells_are_interpolated_exactly() -> None:
    matrix = interpolation_matrix(9, 27, middle=4.0)
    torch.testing.assert_close(matrix[1::3], torch.eye(9))


def test_a_sum_of_series_is_the_sum_of_their_functions() -> None:
    coarse, fine = torch.randn(4, 5, 7, dtype=torch.float64), torch.randn(4, 9, 9, dtype=torch.float64)
    total = sum_series([cfft2(coarse), cfft2(fine)])
    assert total.shape == (4, 9, 5)
    expected = sample_series(cfft2(coarse), (20, 22)) + sample_series(cfft2(fine), (20, 22))
    torch.testing.assert_close(sample_series(total, (20, 22)), expected)


@pytest.mark.parametrize(("x", "y"), [(1, 0), (0, 2), (-3, 1)])
def test_a_shift_moves_the_content_against_it(x: int, y: int) -> None:
    signal = torch.randn(2, 9, 7, dtype=torch.float64)
    radians = torch.tensor([2 * math.pi * x / 7, 2 * math.pi * y / 9], dtype=torch.float64)
    moved = cifft2(shift_series(cfft2(signal), radians), (9, 7))
    torch.testing.assert_close(moved, signal.roll((-y, -x), (1, 2)))


def test_each_series_of_a_batch_has_a_shift_of_its_own() -> None:
    series, shifts = cfft2(torch.randn(3, 9, 7)), torch.randn(3, 2)
    for one, s, moved in zip(series, shifts, shift_series(series, shifts), strict=True):
        torch.testing.assert_close(moved, shift_series(one, s))


def test_the_inner_product_is_that_of_the_signals() -> None:
    a, b = torch.randn(2, 3, 9, 7, dtype=torch.float64), torch.randn(2, 3, 9, 7, dtype=torch.float64)
    # Parseval, for the unnormalised transform
    torch.testing.assert_close(inner_product(cfft2(a), cfft2(b)), 63 * (a * b).sum(dim=(1, 2, 3)))


def test_real_series_have_the_same_inner_product() -> None:
    a, b = torch.randn(3, 9, 4), torch.randn(3, 9, 4)
    torch.testing.assert_close(inner_product(a, b), inner_product(a + 0j, b + 0j))


def test_the_cubic_kernel_interpolates() -> None:
    """Samples of a smooth function, made continuous, give the function back between them."""
    size = 31
    x = torch.arange(size, dtype=torch.float64) * 2 * math.pi / size
    signal = (torch.sin(2 * x)[:, None] + torch.cos(x)).expand(size, size)
    kernel = cubic_interpolation((size, size), centred=False, dtype=torch.float64)
    fine = sample_series(cfft2(signal) * kernel, (2 * size, 2 * size))
    between = torch.arange(2 * size, dtype=torch.float64) * math.pi / size
    expected = torch.sin(2 * between)[:, None] + torch.cos(between)
    torch.testing.assert_close(fine, expected.expand_as(fine), atol=2e-2, rtol=0)


def test_a_centred_kernel_moves_samples_to_the_middle_of_their_cells() -> None:
    centred, plain = (cubic_interpolation((9, 9), centred=c, dtype=torch.float64) for c in (True, False))
    half_a_cell = torch.tensor([-math.pi / 9, -math.pi / 9], dtype=torch.float64)
    torch.testing.assert_close(centred, shift_series(plain, half_a_cell))
    assert torch.equal(cubic_interpolation((9, 9), dtype=torch.float64), centred)


@pytest.mark.parametrize("a", [-0.75, -0.5])
def test_the_cubic_kernel_is_the_transform_of_keys_kernel(a: float) -> None:
    """By quadrature over the kernel's four cells, a being its slope at distance 1 (Keys 1981)."""
    x = torch.linspace(0, 2, 4001, dtype=torch.float64)
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * (x**3 - 5 * x**2 + 8 * x - 4)
    kernel = torch.where(x <= 1, near, far)
    found = cubic_interpolation((9, 1), a=a, centred=False, dtype=torch.float64)[:, 0]
    expected = [2 * torch.trapezoid(kernel * torch.cos(2 * math.pi * k / 9 * x), x) / 9 for k in range(-4, 5)]
    torch.testing.assert_close(found.real, torch.stack(expected), atol=1e-7, rtol=0)
    if a == -0.75:
        assert torch.equal(found, cubic_interpolation((9, 1), centred=False, dtype=torch.float64)[:, 0])


def test_kernels_are_as_precise_as_asked_for() -> None:
    assert cubic_interpolation((3, 3)).dtype == torch.complex64
    assert cubic_interpolation((3, 3), dtype=torch.float64).dtype == torch.complex128
    assert interpolation_matrix(3, 3, middle=0.0).dtype == torch.float32
