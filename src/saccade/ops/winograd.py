"""3 x 3 convolutions with 4 multiplications an output in place of 9 (Winograd's minimal filtering).

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016), section 4: the 2 x 2 outputs y of a
filter g on a tile d of 4 x 4 inputs are

    y = A^T [(G g G^T) * (B^T d B)] A,

summed over channels. Over channels and tiles, the product of elements becomes one matrix product for each of
the 16 elements. Where channels are many, a CPU needs two thirds of the time; the rounding error is a third.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from saccade.ops.constants import literal

_G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
_A = ((1, 0), (1, 1), (1, -1), (0, -1))
_EVERYWHERE = 5
"""the element (1, 1) of a tile: A^T maps it onto all four outputs"""


def winograd_filters(weight: Float[Tensor, "o c 3 3"]) -> Float[Tensor, "16 c o"]:
    """The filters of a convolution, each spread to a tile: G g G^T."""
    spread = weight.new_tensor(_G, dtype=torch.float64)
    kernels = weight.double().mT.flatten(2).movedim(2, 0)
    tiles = torch.kron(spread, spread) @ kernels.flatten(1)
    return tiles.unflatten(1, weight.shape[:2]).mT.to(weight.dtype).contiguous()


def winograd_convolve(
    x: Float[Tensor, "b c h w"],
    filters: Float[Tensor, "16 c o"],
    bias: Float[Tensor, " o"] | None,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Float[Tensor, "b o H W"]:
    """The 3 x 3 convolution, of stride 1, with filters as `winograd_filters` makes them.

    Fastest on features that lie channels-last in memory, as its output does.

    Args:
        padding: zeros at the left, the right, the top and the bottom.
    """
    left, right, top, bottom = padding
    height, width = x.shape[2] + top + bottom - 2, x.shape[3] + left + right - 2
    # whole tiles: an odd side is filled up
    cells = F.pad(x.movedim(1, -1), (0, 0, left, right + width % 2, top, bottom + height % 2))
    tiles = _differences(_differences(cells, dim=1), dim=3)  # of columns, of rows
    products = tiles.flatten(0, 1).flatten(1, 3) @ filters
    if bias is not None:
        products[_EVERYWHERE] += bias
    outputs = _gathered(products).unflatten(1, tiles.shape[2:5])
    interleaved = outputs.unflatten(0, (2, 2)).permute(2, 3, 1, 4, 0, 5)
    whole = interleaved.flatten(3, 4).flatten(1, 2)
    return whole[:, :height, :width].movedim(-1, 1)


def _differences(cells: Float[Tensor, "*n"], *, dim: int) -> Float[Tensor, "4 *m"]:
    """B^T along a dimension: of each four neighbours, two apart from the next four, four sums of two."""
    first, second = cells.unflatten(dim, (-1, 2)).unbind(dim + 1)
    pairs = first.shape[dim] - 1
    d0, d2 = first.narrow(dim, 0, pairs), first.narrow(dim, 1, pairs)
    d1, d3 = second.narrow(dim, 0, pairs), second.narrow(dim, 1, pairs)
    combined = cells.new_empty((4, *d0.shape))
    torch.sub(d0, d2, out=combined[0])
    torch.add(d1, d2, out=combined[1])
    torch.sub(d2, d1, out=combined[2])
    torch.sub(d1, d3, out=combined[3])
    return combined


def _gathered(products: Float[Tensor, "16 n o"]) -> Float[Tensor, "4 n o"]:
    """A^T m A: of the 16 elements of a tile, its 2 x 2 outputs."""
    gather = literal(sum(_A, ()), products).view(4, 2).mT
    return (torch.kron(gather, gather) @ products.flatten(1)).unflatten(1, products.shape[1:])
