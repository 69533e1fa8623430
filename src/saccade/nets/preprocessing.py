"""Pictures as a network's weights want to see them."""

from jaxtyping import Float
from torch import Tensor

from saccade.ops.constants import literal
from saccade.weights import Preprocessing


def prepared(pictures: Float[Tensor, "B 3 H W"], wanted: Preprocessing) -> Float[Tensor, "B 3 H W"]:
    """RGB pictures with values 0 ... 1 in the order, with the mean and of the scale that weights want."""
    factors = tuple(255 / scale for scale in wanted.scale)
    offsets = tuple(mean / scale for mean, scale in zip(wanted.mean, wanted.scale, strict=True))
    ordered = pictures.flip(1) if wanted.colours == "bgr" else pictures
    return ordered * literal(factors, pictures)[:, None, None] - literal(offsets, pictures)[:, None, None]
