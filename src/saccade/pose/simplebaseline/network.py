"""SimpleBaseline: a ResNet, and transposed convolutions until its cells are small enough for joints."""

from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from saccade.nets.inference import as_precise_as
from saccade.nets.packing import Straight
from saccade.nets.preprocessing import prepared
from saccade.nets.resnet import ResNetFeatures
from saccade.pose.simplebaseline.config import SimpleBaselineNetworkConfig

BLOCKS: dict[str, tuple[type[BasicBlock | Bottleneck], tuple[int, int, int, int]]] = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
    "resnet152": (Bottleneck, (3, 8, 36, 3)),
}
"""what each backbone's stages are made of, and how many of it each has"""


class SimpleBaseline(nn.Module):
    """SimpleBaseline (Xiao, Wu and Wei 2018).

    Attributes:
        joint_parts: names of the parts that are made for a number of key points.
        reducible: see `nets.inference.Reducible`; the heat maps themselves stay float32.
    """

    joint_parts = ("heatmaps",)
    reducible = ("upsampling",)

    def __init__(self, made: SimpleBaselineNetworkConfig) -> None:
        super().__init__()
        block, depths = BLOCKS[made.backbone]
        self.wanted = made.preprocessing
        self.backbone = ResNetFeatures(block, list(depths))
        self.backbone.fc = nn.Identity()
        self.upsampling = Straight()
        inputs = 512 * block.expansion
        for _ in range(made.upsamplings):
            self.upsampling.extend(_doubling(inputs, made.channels))
            inputs = made.channels
        self.heatmaps = nn.Conv2d(inputs, len(made.skeleton), 1)
        assert self.heatmaps.bias is not None
        nn.init.normal_(self.heatmaps.weight, std=0.001)
        nn.init.zeros_(self.heatmaps.bias)

    def forward(self, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 1 K h w"]:
        """The heat map of each key point, of RGB crops with values from 0 to 1; sides are multiples of 32."""
        features = self.backbone.features(prepared(pictures, self.wanted), ("layer4",))["layer4"]
        fine = self.upsampling(as_precise_as(self.upsampling, features))
        return self.heatmaps(as_precise_as(self.heatmaps, fine))[:, None]


def _doubling(inputs: int, outputs: int) -> list[nn.Module]:
    """Twice as many cells along each axis."""
    convolution = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    nn.init.normal_(convolution.weight, std=0.001)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
