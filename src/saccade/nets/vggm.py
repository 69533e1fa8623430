"""ResNet-18 beside the first layer of VGG-M: the deep and the shallow features of ECO."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from saccade.nets.resnet import ResNetFeatures


class ChannelResponseNorm(nn.Module):
    """Local response normalisation over neighbouring channels (Krizhevsky et al. 2012).

    y = x / (offset + alpha mean(x^2))^0.75, the mean over `window` channels around each, with zeros beyond
    the first and the last. The sum over channels is a 1x1 convolution with a band matrix, several times
    faster than pooling.
    """

    def __init__(self, channels: int, *, window: int = 5, alpha: float = 5e-4, offset: float = 2.0) -> None:
        super().__init__()
        index = torch.arange(channels)
        band = (index[:, None] - index).abs() <= window // 2
        self.band: Tensor
        self.offset: Tensor
        self.register_buffer("band", band[:, :, None, None] * (alpha / window), persistent=False)
        self.register_buffer("offset", torch.full((channels,), offset), persistent=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        root = F.conv2d(x.square(), self.band, self.offset).rsqrt()
        return x * root * root.sqrt()  # d^-3/4 = d^-1/2 (d^-1/2)^1/2, without the slow pow


class ResNet18VGGM(ResNetFeatures):
    """ResNet-18 with the convolution of VGG-M (Chatfield et al. 2014) beside it, both on the same pictures.

    Adds the output `vggconv1` (stride 2, 96 channels): convolution, ReLU and response normalisation.
    """

    def __init__(self) -> None:
        super().__init__(BasicBlock, [2, 2, 2, 2])
        self.vggmconv1 = nn.Conv2d(3, 96, kernel_size=7, stride=2, padding=3)
        self.vggmnorm = ChannelResponseNorm(96)

    def features(self, pictures: Float[Tensor, "b 3 H W"], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Return the named features of normalised pictures; see `ResNetFeatures.features`."""
        deep = [name for name in outputs if name != "vggconv1"]
        found = super().features(pictures, deep) if deep else {}
        if "vggconv1" in outputs:
            found["vggconv1"] = self.vggmnorm(self.vggmconv1(pictures).relu())
        return found
