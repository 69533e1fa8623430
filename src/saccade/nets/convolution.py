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

        Below 256 channels, what it saves is spent on bringing the features into its form; in bfloat16, plain
        convolutions are faster.
        """
        if convolution.weight.dtype != torch.float32:
            return False
        form = (convolution.kernel_size, convolution.stride, convolution.dilation, convolution.groups)
        is_plain = form == ((3, 3), (1, 1), (1, 1), 1) and convolution.padding_mode == "zeros"
        return is_plain and not isinstance(convolution.padding, str) and convolution.in_channels >= 256

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h2 w2"]:
        rows, columns = self.padding
        return winograd_convolve(x, self.filters, self.bias, (columns, columns, rows, rows))


class ManyMapsConv2d(nn.Module):
    """A padded convolution between one channel and few, over many small maps, with a plain one's weights.

    The maps lie innermost in memory, so that every tap is one long multiplication; what comes out lies as
    what should come in, and a chain of such convolutions moves nothing. From 1 to 8 channels and back, over
    324 maps of 18 x 18 cells, took 1.0 ms in place of 2.8 ms on one core.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        assert convolution.bias is not None
        self.weight, self.bias = convolution.weight, convolution.bias

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b o h w"]:
        widens = self.weight.shape[0] >= self.weight.shape[1]
        maps = x.permute(1, 2, 3, 0)
        return (self._gathered(maps) if widens else self._scattered(maps)).permute(3, 0, 1, 2)

    def _gathered(self, x: Float[Tensor, "c h w b"]) -> Float[Tensor, "o h w b"]:
        """Of what each cell sees at each tap."""
        (rows, columns), size = self.weight.shape[2:], x.shape[1:]
        padded = F.pad(x, (0, 0, columns // 2, columns // 2, rows // 2, rows // 2))
        seen = [padded[:, i : i + size[0], j : j + size[1]] for i in range(rows) for j in range(columns)]
        taps = torch.stack(seen, dim=1).flatten(0, 1).flatten(1)
        return torch.addmm(self.bias[:, None], self.weight.flatten(1), taps).unflatten(1, size)

    def _scattered(self, x: Float[Tensor, "c h w b"]) -> Float[Tensor, "o h w b"]:
        """Of what each cell gives to each tap, added up where it is seen: fewer numbers, if there are more
        channels before than behind.
        """
        (outputs, _, rows, columns), (height, width) = self.weight.shape, x.shape[1:3]
        taps = self.weight.movedim(1, -1).flatten(0, 2)
        given = (taps @ x.flatten(1)).unflatten(0, (outputs, rows, columns)).unflatten(-1, x.shape[1:])
        total = x.new_zeros(outputs, height + rows - 1, width + columns - 1, x.shape[-1])
        for i in range(rows):
            for j in range(columns):
                below, right = rows - 1 - i, columns - 1 - j
                total[:, below : below + height, right : right + width] += given[:, i, j]
        middle = total[:, rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width]
        return middle + self.bias[:, None, None, None]


def convolve_inside(
    convolution: nn.Conv2d | WinogradConv2d, x: Float[Tensor, "b c h w"]
) -> Float[Tensor, "b o h2 w2"]:
    """What a 3 x 3 convolution gives where its padding plays no part: all but the cells at the border."""
    if isinstance(convolution, WinogradConv2d):
        return winograd_convolve(x, convolution.filters, convolution.bias)
    return F.conv2d(x, convolution.weight, convolution.bias)


def convolve_some(
    convolution: nn.Conv2d | WinogradConv2d,
    x: Float[Tensor, "b c h w"],
    first: int = 0,
    *,
    bias: Float[Tensor, " o"] | None = None,
) -> Float[Tensor, "b o h2 w2"]:
    """What a convolution of stride 1 makes of some of its input channels, from the `first` on.

    Over parts that make up all channels, and with its bias in one of them, it adds up to what the convolution
    gives.
    """
    some = slice(first, first + x.shape[1])
    rows, columns = cast(tuple[int, int], convolution.padding)
    if isinstance(convolution, WinogradConv2d):
        return winograd_convolve(x, convolution.filters[:, some], bias, (columns, columns, rows, rows))
    return F.conv2d(x, convolution.weight[:, some], bias, padding=(rows, columns))
