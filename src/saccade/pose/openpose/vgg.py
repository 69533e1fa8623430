"""The parts of OpenPose as in the paper of 2017: the beginning of VGG-19, and stages of wide convolutions."""

from torch import nn

from saccade.nets.packing import Straight
from saccade.pose.openpose.blocks import Branch, Stage, convolution, flat


def vgg_backbone(width: float) -> tuple[Straight, int]:
    """VGG-19 to its tenth convolution, then two of its own; and how many features they give."""
    channels = [int(number * width) for number in (64, 128, 256, 512)]
    layers: list[nn.Module] = []
    inputs = 3
    for block, (outputs, count) in enumerate(zip(channels, (2, 2, 4, 2), strict=True)):
        if block:
            layers.append(nn.MaxPool2d(2))
        for _ in range(count):
            layers.extend(convolution(inputs, outputs, 3))
            inputs = outputs
    for outputs in (channels[2], channels[1]):
        layers.extend(convolution(inputs, outputs, 3))
        inputs = outputs
    return Straight(*layers), inputs


def first_stage(inputs: int, fields: int, heatmaps: int, width: float) -> Stage:
    """Three small convolutions and a wide 1 x 1, for fields and heat maps each."""
    narrow, wide = int(128 * width), int(512 * width)

    def branch(outputs: int) -> Branch:
        layers = flat(
            convolution(inputs, narrow, 3),
            convolution(narrow, narrow, 3),
            convolution(narrow, narrow, 3),
            convolution(narrow, wide, 1),
        )
        return Branch(layers, wide, outputs)

    return Stage(nn.Identity(), branch(fields), branch(heatmaps))


def later_stage(inputs: int, fields: int, heatmaps: int, width: float) -> Stage:
    """Five large convolutions and a 1 x 1, for fields and heat maps each."""
    hidden = int(128 * width)

    def branch(outputs: int) -> Branch:
        layers = flat(
            convolution(inputs, hidden, 7),
            *(convolution(hidden, hidden, 7) for _ in range(4)),
            convolution(hidden, hidden, 1),
        )
        return Branch(layers, hidden, outputs)

    takers = ("fields.layers.0", "heatmaps.layers.0")
    return Stage(nn.Identity(), branch(fields), branch(heatmaps), takers)
