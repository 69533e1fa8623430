"""What scores pass through before they are compared with labels, together with the slopes there."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


@runtime_checkable
class Activation(Protocol):
    """A function of each score by itself."""

    def __call__(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Return a(s)."""
        ...

    def slope(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Return a'(s)."""
        ...


@dataclass(frozen=True, slots=True)
class LeakyReLU:
    """a(s) = s for s > 0, m s below; m = 1 is the identity and m = 0 is ReLU.

    At 0 the slope is the mean of both sides.

    Attributes:
        negative_slope: m, one for each score.
    """

    negative_slope: Float[Tensor, "*n"]

    def __call__(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        m = self.negative_slope
        return 0.5 * ((1 - m) * scores.abs() + (1 + m) * scores)

    def slope(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        m = self.negative_slope
        return 0.5 * ((1 - m) * scores.sign() + (1 + m))


@dataclass(frozen=True, slots=True)
class BentLeakyReLU:
    """A leaky ReLU whose corner is rounded to a hyperbola, b wide: |s| becomes sqrt(s^2 + 4 b^2) - 2 b.

    Attributes:
        negative_slope: slope far below 0, one for each score.
        bend: b.
    """

    negative_slope: Float[Tensor, "*n"]
    bend: float = 1.0

    def __call__(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        m = self.negative_slope
        return 0.5 * ((1 - m) * (self._root(scores) - 2 * self.bend) + (1 + m) * scores)

    def slope(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        m = self.negative_slope
        return 0.5 * ((1 - m) * scores / self._root(scores) + (1 + m))

    def _root(self, scores: Tensor) -> Tensor:
        return (scores.square() + 4 * self.bend**2).sqrt()


@dataclass(frozen=True, slots=True)
class CELU:
    """a(s) = s for s > 0, alpha (e^(s / alpha) - 1) below: smooth, and never below -alpha (Barron 2017).

    Attributes:
        alpha: how far below 0 scores go.
    """

    alpha: float

    def __call__(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        return F.celu(scores, self.alpha)

    def slope(self, scores: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        return (scores.clamp(max=0) / self.alpha).exp()


def softmax2d(scores: Float[Tensor, "*n h w"], background: float | None = None) -> Float[Tensor, "*n h w"]:
    """Return the probability of each cell of a map, e^s over the sum of all cells.

    With `background`, one more cell of that score takes part: the target may be nowhere on the map.
    """
    return (scores - log_normaliser2d(scores, background)[..., None, None]).exp()


def log_normaliser2d(scores: Float[Tensor, "*n h w"], background: float | None = None) -> Float[Tensor, "*n"]:
    """Return the logarithm of the sum of e^s over the cells of a map, and of the background if given."""
    total = scores.flatten(-2).logsumexp(dim=-1)
    return total if background is None else torch.logaddexp(total, torch.full_like(total, background))
