"""How YOLOX is trained: as its authors do, on the pictures of whoever trains."""

from dataclasses import dataclass, replace

from saccade.data.detection.augment import Augmentation, ColorShift, Mixup, Mosaic
from saccade.detectors.yolox.config import (
    YOLOX_L,
    YOLOX_M,
    YOLOX_NANO,
    YOLOX_S,
    YOLOX_TINY,
    YOLOX_X,
    YOLOXConfig,
)
from saccade.detectors.yolox.network import YOLOX
from saccade.training.detection import DetectionTask
from saccade.training.recipe import DetectionRecipe, Group, Optimisation
from saccade.training.transfer import task_of

BATCH = 16
_RATE = 0.01 / 64
"""of a picture of the batch"""
_COLORS = ColorShift(hue=5.0, saturation=30.0, value=30.0)
_STRONG = Augmentation(
    mosaic=Mosaic(probability=1.0, least=0.1, most=2.0),
    mixup=Mixup(probability=1.0),
    colors=_COLORS,
    plain_epochs=15,
    scales=5,
)
_WEAK = replace(_STRONG, mosaic=Mosaic(probability=1.0), mixup=Mixup())
"""of what is too small to learn that much"""


@dataclass(frozen=True, slots=True, kw_only=True)
class YOLOXTaskConfig(YOLOXConfig):
    """The settings of a YOLOX, as what is learned."""

    def build(self) -> DetectionTask:
        """A task with a randomly initialised network."""
        return DetectionTask(YOLOX(self))

    def of_classes(self, classes: tuple[str, ...]) -> "YOLOXTaskConfig":
        """See `DetectorTaskConfig`."""
        return replace(self, network=replace(self.network, classes=classes))

    def from_scratch(self) -> "YOLOXTaskConfig":
        """See `DetectorTaskConfig`: it is always."""
        return self


def yolox_nano() -> DetectionRecipe:
    """The smallest, with the weakest augmentation."""
    mosaic = replace(_WEAK.mosaic, probability=0.5)
    return _recipe("yolox_nano", YOLOX_NANO, replace(_WEAK, mosaic=mosaic))


def yolox_tiny() -> DetectionRecipe:
    """Small."""
    return _recipe("yolox_tiny", YOLOX_TINY, _WEAK)


def yolox_tiny_cpu() -> DetectionRecipe:
    """For a few hundred pictures and two cores: as many steps whatever the data, at small pictures."""
    recipe = _recipe("yolox_tiny", replace(YOLOX_TINY, size=320), _WEAK)
    return replace(
        recipe,
        name="yolox_tiny_cpu",
        summary="yolox_tiny at 320 pixels, from nothing, in 1,500 small steps for a CPU",
        augmentation=replace(recipe.augmentation, scales=0, plain_epochs=10),
        optimisation=replace(
            recipe.optimisation,
            groups=(Group(path="", lr=1e-3),),
            # finds its way in far fewer steps than SGD
            method="adamw",
            weight_decay=0.05,
            gamma=0.02,
            flat=4,
            warmup_epochs=2.0,
            warmup_shape="linear",
        ),
        epochs=60,
        samples=200,
        batch=8,
        ema=0.998,
        ema_rise=200,
    )


def yolox_s() -> DetectionRecipe:
    """As in the paper, as are the larger ones."""
    return _recipe("yolox_s", YOLOX_S, _STRONG)


def yolox_m() -> DetectionRecipe:
    """See `yolox_s`."""
    return _recipe("yolox_m", YOLOX_M, _STRONG)


def yolox_l() -> DetectionRecipe:
    """See `yolox_s`."""
    return _recipe("yolox_l", YOLOX_L, _STRONG)


def yolox_x() -> DetectionRecipe:
    """See `yolox_s`."""
    return _recipe("yolox_x", YOLOX_X, _STRONG)


def _recipe(name: str, preset: YOLOXConfig, augmentation: Augmentation) -> DetectionRecipe:
    return DetectionRecipe(
        name=name,
        summary="one stage without anchors, from COCO weights or from nothing",
        model=name,
        task=task_of(YOLOXTaskConfig, preset),
        augmentation=augmentation,
        fit="letterbox",
        optimisation=Optimisation(
            groups=(Group(path="", lr=BATCH * _RATE),),
            method="sgd",
            weight_decay=5e-4,
            decays="kernels",
            schedule="cosine",
            gamma=0.05,
            flat=15,
            warmup_epochs=5.0,
            warmup_shape="quadratic",
        ),
        epochs=300,
        batch=BATCH,
        validation_every=10,
        ema=0.9998,
        ema_rise=2000,
    )
