"""The network of DiMP, PrDiMP and SuperDiMP: a backbone, a target classifier and a box head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.dimp import ClassifierConfig, DensityLoss, LearnedLoss, SimpleLoss, TargetClassifier
from saccade.nets.iou_net import IoUNet
from saccade.nets.resnet import ResNetFeatures, resnet18, resnet50


@dataclass(frozen=True, slots=True, kw_only=True)
class DiMPNetConfig:
    """What a network of the family is made of, and the settings that no weight file's tensors tell."""

    backbone: Literal["resnet18", "resnet50"] = "resnet50"
    """feature extractor, used up to layer3"""
    classifier: ClassifierConfig
    """what tells the target from its surroundings"""


class DiMPNet(nn.Module):
    """Backbone, target classifier and IoU-Net, under the names of the original's checkpoints."""

    never_run = ("feature_extractor.layer4", "feature_extractor.fc")

    def __init__(self, config: DiMPNetConfig) -> None:
        super().__init__()
        build, channels = _BACKBONES[config.backbone]
        self.config = config
        self.feature_extractor = build()
        self.classifier = TargetClassifier(channels[1], config.classifier)
        self.bb_regressor = IoUNet(*channels)

    def backbone_features(
        self, pictures: Float[Tensor, "B 3 H W"]
    ) -> tuple[Float[Tensor, "B c2 h2 w2"], Float[Tensor, "B c3 h3 w3"]]:
        """The features of layer2 (stride 8) and layer3 (stride 16) of normalised pictures."""
        found = self.feature_extractor.features(pictures, ("layer2", "layer3"))
        return found["layer2"], found["layer3"]


_BACKBONES: dict[str, tuple[Callable[[], ResNetFeatures], tuple[int, int]]] = {
    "resnet18": (resnet18, (128, 256)),
    "resnet50": (resnet50, (512, 1024)),
}
"""how to make each, and the channels of its layer2 and layer3"""

DIMPNET18 = DiMPNetConfig(
    backbone="resnet18", classifier=ClassifierConfig(channels=256, num_blocks=1, optimizer=LearnedLoss())
)
"""DiMP-18 as released"""
DIMPNET50 = DiMPNetConfig(classifier=ClassifierConfig(optimizer=LearnedLoss()))
"""DiMP-50 as released"""
SUPER_DIMPNET = DiMPNetConfig(classifier=ClassifierConfig(optimizer=LearnedLoss(initial_sigma=22 / 24)))
"""SuperDiMP as released"""
SIMPLE_DIMPNET = DiMPNetConfig(classifier=ClassifierConfig(optimizer=SimpleLoss()))
"""SuperDiMP-simple as released"""
PRDIMPNET18 = DiMPNetConfig(
    backbone="resnet18",
    classifier=ClassifierConfig(channels=256, num_blocks=1, initializer="zero", optimizer=DensityLoss()),
)
"""PrDiMP-18 as released"""
PRDIMPNET50 = DiMPNetConfig(classifier=ClassifierConfig(initializer="zero", optimizer=DensityLoss()))
"""PrDiMP-50 as released"""
