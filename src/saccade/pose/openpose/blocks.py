"""What both forms of OpenPose are built of."""

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.inference import as_precise_as
from saccade.nets.packing import Straight

FieldsAndHeatmaps = tuple[Tensor, Tensor]
"""part affinity fields (B, 2L, h, w), of each limb's x and then y, and heat maps (B, K + 1, h, w), of which
the last is that of the background"""


def convolution(
    inputs: int, outputs: int, size: int, *, stride: int = 1, dilation: int = 1, norm: bool = False
) -> Straight:
    """Convolution, batch norm if there is to be one, ReLU; `stride` is the only thing that changes the size.

    With a norm, the convolution has a bias all the same, as in the published weights of the light form.
    """
    padding = dilation * (size // 2)
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, size, stride, padding, dilation)]
    if norm:
        layers.append(nn.BatchNorm2d(outputs))
    return Straight(*layers, nn.ReLU(inplace=True))


def flat(*sequences: nn.Sequential) -> Straight:
    """The layers of several sequences as one."""
    return Straight(*(layer for sequence in sequences for layer in sequence))


class Branch(nn.Module):
    """Some convolutions, and behind them the one that gives maps; those stay float32."""

    reducible = ("layers",)

    def __init__(self, layers: nn.Sequential, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = layers
        self.last = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B o h w"]:
        """As many cells."""
        return self.last(as_precise_as(self.last, self.layers(x)))


class Stage(nn.Module):
    """One look: features, and from the second stage on what was found before, to fields and heat maps.

    Attributes:
        takers: names of the convolutions that see what was found before, besides features.
    """

    reducible = ("trunk",)

    def __init__(
        self, trunk: nn.Module, fields: Branch, heatmaps: Branch, takers: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.fields = fields
        self.heatmaps = heatmaps
        self.takers = takers

    def forward(self, x: Float[Tensor, "B c h w"]) -> FieldsAndHeatmaps:
        """What is found."""
        shared = self.trunk(as_precise_as(self.fields.layers, x))
        return self.fields(shared), self.heatmaps(shared)


def initialise(network: nn.Module) -> None:
    """Weights that keep the size of what goes through (He et al. 2015): most layers have no norm."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in network.modules():
        if isinstance(part, Branch):
            nn.init.normal_(part.last.weight, std=0.01)
