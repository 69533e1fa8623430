"""The network of ATOM: a backbone and a box head; the classifier is learned online, from nothing."""

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.iou_net import IoUNet
from saccade.nets.resnet import resnet18


class ATOMNet(nn.Module):
    """ResNet-18 and IoU-Net (Danelljan et al. 2019, ATOM), under the names of the original's checkpoints."""

    never_run = ("feature_extractor.layer4", "feature_extractor.fc")

    def __init__(self) -> None:
        super().__init__()
        self.feature_extractor = resnet18()
        self.bb_regressor = IoUNet(128, 256)

    def backbone_features(
        self, pictures: Float[Tensor, "B 3 H W"]
    ) -> tuple[Float[Tensor, "B 128 h2 w2"], Float[Tensor, "B 256 h3 w3"]]:
        """The features of layer2 (stride 8) and layer3 (stride 16) of normalised pictures."""
        found = self.feature_extractor.features(pictures, ("layer2", "layer3"))
        return found["layer2"], found["layer3"]
