"""The network of LWL: a backbone, a few-shot learner, a mask decoder, and encoders of masks and boxes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.nets.resnet import mask_rcnn_resnet50
from saccade.segmenters.lwl.decoder import LEVELS, Decoder
from saccade.segmenters.lwl.label_encoder import BoxEncoder, LabelEncoder
from saccade.segmenters.lwl.learner import CHANNELS, ENCODING, FewShotLearner


class LWLNet(nn.Module):
    """The parts of LWL (Bhat et al. 2020), under the names of the original's checkpoints."""

    def __init__(self, *, takes_boxes: bool = False) -> None:
        """Randomly initialised.

        Args:
            takes_boxes: whether there is an encoder of boxes, for targets that are given without a mask.
        """
        super().__init__()
        self.feature_extractor = mask_rcnn_resnet50()
        self.target_model = FewShotLearner(LEVELS["layer3"][0])
        self.decoder = Decoder(ENCODING)
        self.label_encoder = LabelEncoder()
        self.box_label_encoder = BoxEncoder(CHANNELS) if takes_boxes else None

    def levels(self, pictures: Float[Tensor, "b 3 H W"]) -> dict[str, Tensor]:
        """The backbone's features of normalised pictures, by the names of its layers."""
        return self.feature_extractor.features(pictures, tuple(LEVELS))

    def encode_masks(self, masks: Float[Tensor, "b H W"]) -> Float[Tensor, "b 2 M h w"]:
        """The labels of masks, and the weights of each of their cells."""
        return torch.stack(self.label_encoder(masks), dim=1)

    def encode_boxes(
        self, features: Float[Tensor, "#N C h w"], boxes: Float[Tensor, "N 4"], size_hw: tuple[int, int]
    ) -> Float[Tensor, "N M h w"]:
        """The encodings that masks of what is in boxes (x, y, w, h) of a whole frame would have."""
        assert self.box_label_encoder is not None
        encoding: Tensor = self.box_label_encoder(features, boxes, size_hw)
        return encoding
