"""ResNet at 16 pixels a cell, all the way, and what proposes boxes on it."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.detection.rpn import AnchorGenerator, RegionProposalNetwork
from torchvision.models.resnet import Bottleneck

from saccade.detectors.rfcn.config import Proposals, RFCNNetworkConfig
from saccade.nets.inference import as_precise_as
from saccade.nets.resnet import ResNetFeatures

STRIDE = 16
"""pixels in a cell"""
PROPOSAL_CHANNELS = 512
"""features that proposals are made from"""


def dilated_resnet(blocks: tuple[int, int, int, int]) -> ResNetFeatures:
    """A ResNet of bottlenecks whose last stage does not stride: it dilates its 3 x 3 convolutions instead.

    torchvision's blocks stride in their 3 x 3 convolution, so that the first of the stage needs no dilation
    to see what it was trained to see; where the stride is in the 1 x 1 before it, as in the authors' files,
    it does.
    """
    network = ResNetFeatures(Bottleneck, list(blocks), replace_stride_with_dilation=[False, False, True])
    network.fc = nn.Identity()
    return network


def proposal_network(network: RFCNNetworkConfig, proposals: Proposals) -> RegionProposalNetwork:
    """torchvision's region proposal network (Ren et al. 2015) on the features of the third stage."""
    anchors = AnchorGenerator((network.anchor_sizes,), (network.anchor_ratios,))
    before = {"training": proposals.before_nms, "testing": proposals.before_nms}
    kept = {"training": proposals.number, "testing": proposals.number}
    head = ProposalHead(1024, anchors.num_anchors_per_location()[0])
    return RegionProposalNetwork(anchors, head, 0.7, 0.3, 256, 0.5, before, kept, proposals.nms)


class ProposalHead(nn.Module):
    """Objectness and deltas of every anchor of a cell, in float32."""

    reducible = ("conv",)

    def __init__(self, inputs: int, num_anchors: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(inputs, PROPOSAL_CHANNELS, 3, padding=1), nn.ReLU(inplace=True))
        self.objectness = nn.Conv2d(PROPOSAL_CHANNELS, num_anchors, 1)
        self.deltas = nn.Conv2d(PROPOSAL_CHANNELS, 4 * num_anchors, 1)
        for layer in (self.conv[0], self.objectness, self.deltas):
            assert isinstance(layer, nn.Conv2d) and layer.bias is not None
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, levels: Sequence[Float[Tensor, "B c h w"]]) -> tuple[list[Tensor], list[Tensor]]:
        """Maps of each level, as torchvision's region proposal network wants them."""
        hidden = [self.conv(as_precise_as(self.conv, level)) for level in levels]
        hidden = [as_precise_as(self.objectness, level) for level in hidden]
        return (
            [self.objectness(level).float() for level in hidden],
            [self.deltas(level).float() for level in hidden],
        )
