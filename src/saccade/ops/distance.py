"""Functions of the distance to a point of a map, piecewise linear (DiMP, section 3.4)."""

import torch
from jaxtyping import Float
from torch import Tensor


def distance_map(size_hw: tuple[int, int], centres: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n h w"]:
    """Return how far each cell of a map is from a centre (x, y), in cells."""
    height, width = size_hw
    rows = torch.arange(height, dtype=centres.dtype, device=centres.device)
    columns = torch.arange(width, dtype=centres.dtype, device=centres.device)
    dx = columns - centres[..., 0, None]
    dy = rows - centres[..., 1, None]
    return (dy[..., :, None] ** 2 + dx[..., None, :] ** 2).sqrt()


def radial_profiles(
    distances: Float[Tensor, "*n"], values: Float[Tensor, "P K"], spacing: float
) -> Float[Tensor, "P *n"]:
    """Return P functions of the distance, each given by its values at 0, 1, ..., K - 1 times `spacing`.

    Between these they are linear, beyond the last they are constant: the sum over K triangular bins that a
    1 x 1 convolution of the binned distances would take, with the two bins that are not zero.
    """
    last = values.shape[1] - 1
    position = (distances / spacing).clamp(max=last)
    before = position.floor()
    index = before.long()
    # the share of the bin behind grows from 0 to 1; behind the last there is none, and nothing left to share
    return torch.lerp(values[:, index], values[:, (index + 1).clamp(max=last)], position - before)
