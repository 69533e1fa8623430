"""Features of ECO: layers of a network, pooled and of unit power, and the continuous series made of them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor

from saccade.nets.resnet import normalise_rgb
from saccade.nets.vggm import ResNet18VGGM
from saccade.ops.fourier import cfft2, cubic_interpolation
from saccade.ops.windows import hann2d
from saccade.trackers.eco.deep_config import FeatureBlock

PICTURES_AT_ONCE = {"vggconv1": 1}
"""through the network, by layer; more of the large shallow maps do not fit into a processor's cache"""
MOST_PICTURES_AT_ONCE = 8
"""for other layers; more only need more memory"""


def block_features(
    network: ResNet18VGGM, pictures: Float[Tensor, "B 3 H W"], blocks: Sequence[FeatureBlock]
) -> tuple[Float[Tensor, "B h w C"], ...]:
    """The features of each block for RGB pictures, values 0 ... 255: channels last, of mean square 1 each."""
    parameter = next(network.parameters())
    pictures = normalise_rgb(pictures.to(parameter)).contiguous(memory_format=torch.channels_last)
    found: dict[str, list[Tensor]] = {block.layer: [] for block in blocks}
    for at_once in {PICTURES_AT_ONCE.get(layer, MOST_PICTURES_AT_ONCE) for layer in found}:
        group = [b for b in blocks if PICTURES_AT_ONCE.get(b.layer, MOST_PICTURES_AT_ONCE) == at_once]
        for chunk in pictures.split(at_once):
            maps = network.features(chunk, [block.layer for block in group])
            for block in group:
                found[block.layer].append(_unit_power(F.avg_pool2d(maps[block.layer], block.pooling)))
    return tuple(torch.cat(found[block.layer]) for block in blocks)


def _unit_power(features: Float[Tensor, "B C h w"]) -> Float[Tensor, "B h w C"]:
    power = features.square().mean(dim=(1, 2, 3), keepdim=True)
    return (features * (power + 1e-10).rsqrt()).movedim(1, -1)


def filter_size(cells: int) -> int:
    """Coefficients of a series along an axis: the cells of the map, or one more where they are even."""
    return cells + 1 - cells % 2


def to_series(
    maps: Float[Tensor, "*batch h w C"], factor: Complex[Tensor, "*#batch t k"]
) -> Complex[Tensor, "*batch C t k"]:
    """Windowed feature maps as Fourier series: their coefficients times those of an interpolation kernel."""
    height, width = maps.shape[-3:-1]
    windowed = maps * hann2d((height, width), dtype=maps.dtype).to(maps.device)[..., None]
    return cfft2(windowed.movedim(-1, -3)) * factor[..., None, :, :]


def interpolation(cells: int, slope: float, like: Tensor) -> Complex[Tensor, "t k"]:
    """The interpolation kernel of square maps of `cells` cells, on the device of `like`."""
    size = filter_size(cells)
    return cubic_interpolation((size, size), a=slope, dtype=like.dtype).to(like.device)
