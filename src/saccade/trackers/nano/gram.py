"""Products of all patches of one feature map with all patches of another, from products of single cells."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

_AT_ONCE = 2
"""matrices that are summed at a time: more leave the processor's cache"""


def patch_products(
    first: Float[Tensor, "B C n n"], second: Float[Tensor, "B C n n"], size: int
) -> Float[Tensor, "B n*n n*n"]:
    """The scalar product of each zero-padded patch of `size` x `size` cells with each of another map.

    A filter that is a sum of patches, f = sum_j a_j p_j, scores patch i with sum_j K_ij a_j: once K is known,
    steepest descent on f needs no features any more. The products of single cells are one matrix product;
    those of patches are its sums along the diagonals.
    """
    products = first.flatten(2).mT @ second.flatten(2)
    summed: Tensor = _DiagonalSums.apply(products, first.shape[-1], size)
    return summed


class _DiagonalSums(torch.autograd.Function):
    """The sums are their own adjoint; left to itself, autograd would write each slice into zeros."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, side: int, size: int) -> Tensor:
        ctx.shape = (side, size)
        return _diagonal_sums(products, side, size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _diagonal_sums(gradients[0].contiguous(), *ctx.shape), None, None


def _diagonal_sums(products: Float[Tensor, "B m m"], side: int, size: int) -> Float[Tensor, "B m m"]:
    """Sums, over the taps d of a patch, of the products of cells i + d and j + d."""
    return torch.cat([_both_axes(some, side, size // 2) for some in products.split(_AT_ONCE)])


def _both_axes(products: Tensor, side: int, reach: int) -> Tensor:
    cells = (len(products), side, side, side, side)
    apart = (len(products), side, side, side * side)
    # (y1, x1, y2, x2) -> (y1, y2, x1, x2) -> (x1, x2, y1, y2), so that sums run along the outer axes
    rows = _one_axis(products.view(cells).permute(0, 1, 3, 2, 4).reshape(apart), reach)
    both = _one_axis(rows.view(cells).permute(0, 3, 4, 1, 2).reshape(apart), reach)
    return both.view(cells).permute(0, 3, 1, 4, 2).reshape(products.shape)


def _one_axis(products: Float[Tensor, "B n n m"], reach: int) -> Float[Tensor, "B n n m"]:
    summed = products.clone()
    for shift in range(1, reach + 1):
        summed[:, :-shift, :-shift] += products[:, shift:, shift:]
        summed[:, shift:, shift:] += products[:, :-shift, :-shift]
    return summed
