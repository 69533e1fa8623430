"""A normalisation of features that gives the scores of every picture the same size."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class InstanceNorm(nn.Module):
    """Divides each picture's features by their root mean square, and multiplies them by a number.

    Its output is float32 or better: filters are learned from it.
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        energy = x.square().sum(dim=(1, 2, 3), keepdim=True)
        return x * (self.scale * (x[0].numel() / (energy + 1e-5)).sqrt())

    def extra_repr(self) -> str:
        return f"scale={self.scale:.3g}"
