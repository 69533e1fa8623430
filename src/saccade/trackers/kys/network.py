"""The network of KYS: that of DiMP-50, and a response predictor."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.dimp import ClassifierConfig, LearnedLoss, TargetClassifier
from saccade.nets.iou_net import IoUNet
from saccade.nets.resnet import resnet50
from saccade.trackers.kys.predictor import AlignedPredictor, PredictorConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class KYSNetConfig:
    """What a network of KYS is made of."""

    classifier: ClassifierConfig = ClassifierConfig(optimizer=LearnedLoss())
    """what tells the target from its surroundings by its looks"""
    predictor: PredictorConfig = PredictorConfig()
    """what knows the surroundings"""


class KYSNet(nn.Module):
    """Backbone, target classifier, response predictor and IoU-Net, under the names of the original's
    checkpoints.
    """

    never_run = ("backbone_feature_extractor.layer4", "backbone_feature_extractor.fc")

    def __init__(self, config: KYSNetConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone_feature_extractor = resnet50()
        self.dimp_classifier = TargetClassifier(1024, config.classifier)
        self.predictor = AlignedPredictor(config.predictor)
        self.bb_regressor = IoUNet(512, 1024)

    def backbone_features(
        self, pictures: Float[Tensor, "B 3 H W"]
    ) -> tuple[Float[Tensor, "B 512 h2 w2"], Float[Tensor, "B 1024 h3 w3"]]:
        """The features of layer2 (stride 8) and layer3 (stride 16) of normalised pictures."""
        found = self.backbone_feature_extractor.features(pictures, ("layer2", "layer3"))
        return found["layer2"], found["layer3"]


KYSNET = KYSNetConfig()
"""KYS as released"""
