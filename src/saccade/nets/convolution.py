"""3 x 3 convolutions as networks that are ready for inference have them."""

from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.ops.winograd import winograd_convolve, winograd_filters


class WinogradConv2d(nn.Module):
    """A convolution that multiplies less (see `ops.winograd`), with the weights of a plain one."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.filters = nn.Parameter(winograd_filters(convolution.weight), requires_grad=False)
        self.bias = convolution.bias
        self.padding = cast(tuple[int, int], convolution.padding)

    @staticmethod
    def suits(convolution: nn.Conv2d) -> bool:
        """Whether it can stand in for a convolution, and is faster on a CPU.

        Below 512 channels, what it saves is spent on bringing the features into its form; in bfloat16, plain
        convolutions are faster.
        """
        if convolution.weight.dtype != torch.float32:
            return False
        form = (convolution.kernel_size, convolution.stride, convolution.dilation, convolution.groups)
        is_plain = form == ((3, 3), (1, 1), (1, 1), 1) and convolution.padding_mode == "zeros"
        return is_plain and not isinstance(convolution.padding, str) and convolution.in_channels >= 512

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h2 w2"]:
        rows, columns = self.padding
        return winograd_convolve(x, self.filters, self.bias, (columns, columns, rows, rows))


def convolve_inside(
    convolution: nn.Conv2d | WinogradConv2d, x: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b o h2 w2"]:
    """What a 3 x 3 convolution gives where its padding plays no part: all but the cells at the border."""
    if isinstance(convolution, WinogradConv2d):
        return winograd_convolve(x, convolution.filters, convolution.bias)
    return F.conv2d(x, convolution.weight, convolution.bias)
