"""ResNet feature extractors: torchvision's networks, stopped as soon as the wanted features exist."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from saccade.nets.inference import as_precise_as
from saccade.ops.constants import literal

STRIDES = {"conv1": 2, "layer1": 4, "layer2": 8, "layer3": 16, "layer4": 32}
"""pixels in a cell of each output"""


def normalise_rgb(pictures: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 3 H W"]:
    """Pictures with values 0 ... 255 as networks trained on ImageNet want them: zero mean, unit variance."""
    mean = literal((0.485, 0.456, 0.406), pictures)[:, None, None]
    deviation = literal((0.229, 0.224, 0.225), pictures)[:, None, None]
    return (pictures / 255 - mean) / deviation


def normalise_bgr(pictures: Float[Tensor, "b 3 H W"]) -> Float[Tensor, "b 3 H W"]:
    """RGB pictures with values 0 ... 255 as the networks of Mask R-CNN want them: BGR, zero mean."""
    mean = pictures.new_tensor((102.9801, 115.9465, 122.7717))[:, None, None]
    return pictures.flip(1) - mean


class ResNetFeatures(ResNet):
    """A ResNet (He et al. 2016; bottlenecks stride in their 3x3 convolution) that returns named features.

    Parameters are named as torchvision names them; the classification layer `fc` is kept although it is never
    run, because checkpoints of trackers carry it. Outputs: `conv1` (behind normalisation and ReLU, before the
    pooling) and `layer1` ... `layer4` (behind the last ReLU); `STRIDES` has their strides.
    """

    reducible = ("conv1", "layer1", "layer2", "layer3", "layer4")

    def features(self, pictures: Float[Tensor, "b 3 H W"], outputs: Sequence[str]) -> dict[str, Tensor]:
        """Return the named features of normalised pictures, running no further than the deepest of them.

        Raises:
            ValueError: a name is no output of the network.
        """
        unknown = [name for name in outputs if name not in STRIDES]
        if unknown:
            raise ValueError(f"no output {unknown[0]!r}; there are {', '.join(STRIDES)}")
        found: dict[str, Tensor] = {}
        x = self.relu(self.bn1(self.conv1(as_precise_as(self.conv1, pictures))))
        for name in STRIDES:
            if name == "layer1":
                x = self.maxpool(x)
            if name != "conv1":
                x = getattr(self, name)(x)
            if name in outputs:
                found[name] = x
            if len(found) == len(set(outputs)):
                break
        return found


def resnet18() -> ResNetFeatures:
    """ResNet-18, randomly initialised: 64, 128, 256, 512 channels in layer1 ... layer4."""
    return ResNetFeatures(BasicBlock, [2, 2, 2, 2])


def resnet50() -> ResNetFeatures:
    """ResNet-50, randomly initialised: 256, 512, 1024, 2048 channels in layer1 ... layer4."""
    return ResNetFeatures(Bottleneck, [3, 4, 6, 3])


def mask_rcnn_resnet50() -> ResNetFeatures:
    """The ResNet-50 of Mask R-CNN, randomly initialised: bottlenecks stride in their first 1x1 convolution.

    It has no classification layer.
    """
    network = resnet50()
    network.fc = nn.Identity()
    for stage in (network.layer2, network.layer3, network.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    return network
