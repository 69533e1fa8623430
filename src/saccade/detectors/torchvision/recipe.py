"""How torchvision's detectors are trained: as its reference scripts do, on one device."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from saccade.data.detection.augment import Augmentation, Fit, IoUCrop, Photometric, ZoomOut
from saccade.detectors.torchvision import config as presets
from saccade.detectors.torchvision.build import make_network
from saccade.detectors.torchvision.config import TorchvisionConfig
from saccade.detectors.torchvision.weights import renamed
from saccade.training.detection import DetectionTask
from saccade.training.recipe import DetectionRecipe, Group, Optimisation
from saccade.training.transfer import task_of

_LEARNING_EPS = 1e-5
"""what batch norms add to the variance where they learn"""


class TorchvisionTask(DetectionTask):
    """Training of a detector of torchvision's, from weights of any age."""

    def translated(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See `TransferTask`."""
        return dict(renamed(self.network, weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchvisionTaskConfig(TorchvisionConfig):
    """The settings of a detector of torchvision's, as what is learned."""

    def build(self) -> TorchvisionTask:
        """A task with a randomly initialised network."""
        return TorchvisionTask(make_network(self))

    def of_classes(self, classes: tuple[str, ...]) -> "TorchvisionTaskConfig":
        """See `DetectorTaskConfig`."""
        return replace(self, network=replace(self.network, classes=classes))

    def from_scratch(self) -> "TorchvisionTaskConfig":
        """See `DetectorTaskConfig`."""
        return replace(self, network=replace(self.network, norm_eps=self.network.norm_eps or _LEARNING_EPS))


def ssd300_vgg16() -> DetectionRecipe:
    """SSD, with all that its paper does to pictures."""
    return _recipe(
        presets.SSD300_VGG16,
        "one stage on VGG-16, from COCO weights or an ImageNet backbone",
        augmentation=Augmentation(
            photometric=Photometric(probability=0.5),
            zoom_out=ZoomOut(probability=0.5),
            iou_crop=IoUCrop(probability=1.0),
        ),
        fit="stretch",
        optimisation=_steps(lr=1e-3, weight_decay=5e-4, milestones=(80, 110)),
        epochs=120,
        batch=16,
        every=5,
    )


def ssdlite320_mobilenet_v3_large() -> DetectionRecipe:
    """SSDLite, for phones and CPUs."""
    return _recipe(
        presets.SSDLITE320_MOBILENET_V3_LARGE,
        "one stage on MobileNet v3, for phones and CPUs",
        augmentation=Augmentation(iou_crop=IoUCrop(probability=1.0)),
        fit="stretch",
        optimisation=Optimisation(
            groups=(Group(path="", lr=0.15 * 24 / 192),),
            method="sgd",
            weight_decay=4e-5,
            schedule="cosine",
            gamma=0.0,
            warmup_epochs=1.0,
        ),
        epochs=120,
        batch=24,
        every=5,
    )


def fasterrcnn_resnet50_fpn() -> DetectionRecipe:
    """Faster R-CNN on a feature pyramid."""
    return _pyramid(presets.FASTERRCNN_RESNET50_FPN, "two stages on ResNet-50", lr=0.02)


def fasterrcnn_resnet50_fpn_v2() -> DetectionRecipe:
    """The same, with norms that learn."""
    return _pyramid(presets.FASTERRCNN_RESNET50_FPN_V2, "two stages on ResNet-50, the better one", lr=0.02)


def fasterrcnn_mobilenet_v3_large_fpn() -> DetectionRecipe:
    """On a light backbone."""
    return _pyramid(presets.FASTERRCNN_MOBILENET_V3_LARGE_FPN, "two stages on MobileNet v3", lr=0.02)


def fasterrcnn_mobilenet_v3_large_320_fpn() -> DetectionRecipe:
    """On a light backbone and small pictures."""
    return _pyramid(
        presets.FASTERRCNN_MOBILENET_V3_LARGE_320_FPN, "two stages on MobileNet v3, small pictures", lr=0.02
    )


def retinanet_resnet50_fpn() -> DetectionRecipe:
    """RetinaNet."""
    return _pyramid(presets.RETINANET_RESNET50_FPN, "one stage with a focal loss", lr=0.01)


def retinanet_resnet50_fpn_v2() -> DetectionRecipe:
    """The same, with norms that learn and a loss of overlap."""
    return _pyramid(presets.RETINANET_RESNET50_FPN_V2, "one stage with a focal loss, the better one", lr=0.01)


def fcos_resnet50_fpn() -> DetectionRecipe:
    """FCOS."""
    return _pyramid(presets.FCOS_RESNET50_FPN, "one stage without anchors on ResNet-50", lr=0.01)


def _pyramid(preset: TorchvisionConfig, summary: str, *, lr: float) -> DetectionRecipe:
    """What runs on a feature pyramid.

    Args:
        lr: for batches of 16, as published.
    """
    batch = 4
    return _recipe(
        preset,
        f"{summary}, from COCO weights or an ImageNet backbone",
        augmentation=Augmentation(),
        fit="none",
        optimisation=_steps(lr=lr * batch / 16, weight_decay=1e-4, milestones=(16, 22)),
        epochs=26,
        batch=batch,
        every=1,
    )


def _steps(*, lr: float, weight_decay: float, milestones: tuple[int, ...]) -> Optimisation:
    return Optimisation(
        groups=(Group(path="", lr=lr),),
        method="sgd",
        weight_decay=weight_decay,
        milestones=milestones,
        gamma=0.1,
        warmup_epochs=1.0,
    )


def _recipe(
    preset: TorchvisionConfig,
    summary: str,
    *,
    augmentation: Augmentation,
    fit: Fit,
    optimisation: Optimisation,
    epochs: int,
    batch: int,
    every: int,
) -> DetectionRecipe:
    name = preset.network.architecture
    return DetectionRecipe(
        name=name,
        summary=summary,
        model=name,
        task=task_of(TorchvisionTaskConfig, preset),
        augmentation=augmentation,
        fit=fit,
        optimisation=optimisation,
        epochs=epochs,
        batch=batch,
        validation_every=every,
    )
