"""What the few-shot learner is to learn: encodings of masks, and of boxes where there is no mask."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from saccade.segmenters.lwl.initial import he_normal
from saccade.segmenters.lwl.learner import ENCODING, FEATURE_SIZE


class ResidualBlock(nn.Module):
    """Two convolutions and a third around them, without any normalisation."""

    def __init__(self, channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.downsample = nn.Conv2d(channels, out_channels, 3, stride, padding=1)

    def forward(self, x: Float[Tensor, "b c H W"]) -> Float[Tensor, "b o h w"]:
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.downsample(x))


class LabelEncoder(nn.Module):
    """Turns a mask into a label of several channels and the importance of each of its cells (section 3.4).

    A single channel would only tell a cell whether it belongs to the target; several tell the decoder of
    edges and parts. The weights of the residuals let the learner look at what matters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU())
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.res1 = ResidualBlock(16, 32, stride=2)
        self.res2 = ResidualBlock(32, 64, stride=2)
        self.label_pred = nn.Sequential(nn.Conv2d(64, ENCODING, 3, padding=1), nn.ReLU())
        self.samp_w_pred = nn.Conv2d(64, ENCODING, 3, padding=1)
        self.apply(he_normal)
        nn.init.zeros_(self.samp_w_pred.weight)
        nn.init.ones_(self.samp_w_pred.bias)  # type: ignore[arg-type]

    def forward(
        self, masks: Float[Tensor, "b H W"]
    ) -> tuple[Float[Tensor, "b M h w"], Float[Tensor, "b M h w"]]:
        """Labels and weights, in cells of 16 x 16 pixels, of masks or probabilities in [0, 1]."""
        x = self.res2(self.res1(self.pool(self.conv_block(masks[:, None]))))
        return self.label_pred(x), self.samp_w_pred(x)


class BoxEncoder(nn.Module):
    """Guesses from a box and what is seen in it the encoding that a mask of the target would have."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = ResidualBlock(channels + 1, 64)
        self.res = nn.Sequential(first, ResidualBlock(64, 64))
        self.label_pred = nn.Sequential(nn.Conv2d(64, ENCODING, 3, padding=1), nn.ReLU())
        self.apply(he_normal)
        with torch.no_grad():
            # features are small: encodings would begin close to 0, and long stay the same for all boxes
            for convolution in (first.conv1, first.downsample):
                convolution.weight.div_(FEATURE_SIZE)

    def forward(
        self, features: Float[Tensor, "#N C h w"], boxes: Float[Tensor, "N 4"], size_hw: tuple[int, int]
    ) -> Float[Tensor, "N M h w"]:
        """The encodings of boxes (x, y, w, h) in a picture of `size_hw` pixels with these features."""
        filled = torch.stack([_filled(box, size_hw) for box in boxes.long().tolist()]).to(features)
        cells = F.interpolate(filled[:, None], features.shape[-2:], mode="bilinear", align_corners=False)
        x = torch.cat([features.expand(len(boxes), -1, -1, -1), cells], dim=1)
        encoding: Tensor = self.label_pred(self.res(x))
        return encoding


def _filled(box: list[int], size_hw: tuple[int, int]) -> Float[Tensor, "H W"]:
    """A mask of the pixels in a box."""
    x, y, w, h = box
    mask = torch.zeros(size_hw)
    mask[max(y, 0) : y + h, max(x, 0) : x + w] = 1
    return mask
