"""What may happen to a picture with boxes before a network learns from it."""

from dataclasses import dataclass
from typing import Literal

from saccade.core.ranges import above, at_least, check_order, check_ranges, within

Fit = Literal["letterbox", "stretch", "none"]
"""how a picture comes to the size that a network wants: scaled with grey beside it, stretched, or not at all,
where the network sees to it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photometric:
    """Brightness, contrast, saturation, hue and the order of channels, as in the SSD paper."""

    probability: float = 0.0
    """of each of them, in a picture"""

    def __post_init__(self) -> None:
        check_ranges("augmentation.photometric", self, probability=within(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorShift:
    """A shift of hue, saturation and value, as in YOLOX."""

    hue: float = 0.0
    """range ±, in degrees of half the circle: 180 is a whole turn"""
    saturation: float = 0.0
    """range ±, of 255"""
    value: float = 0.0
    """range ±, of 255"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation.colors", self, hue=within(0, 90), saturation=within(0, 255), value=within(0, 255)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomOut:
    """The picture on a larger canvas, so that things are small."""

    probability: float = 0.0
    """of a picture"""
    most: float = 4.0
    """side of the canvas / side of the picture, at most"""

    def __post_init__(self) -> None:
        check_ranges("augmentation.zoom_out", self, probability=within(0, 1), most=at_least(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class IoUCrop:
    """A part of the picture that has a box in it to some share, as in the SSD paper; boxes whose middle is
    outside are left out."""

    probability: float = 0.0
    """of a picture; one of the seven things that may then happen is nothing"""
    smallest: float = 0.3
    """side of the part / side of the picture, at least"""

    def __post_init__(self) -> None:
        check_ranges("augmentation.iou_crop", self, probability=within(0, 1), smallest=within(0.05, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleJitter:
    """The picture made larger or smaller at the same canvas, which a random part of it fills."""

    probability: float = 0.0
    """of a picture"""
    least: float = 0.5
    """factor on its size"""
    most: float = 2.0
    """factor on its size"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation.scale_jitter", self, probability=within(0, 1), least=above(0), most=above(0)
        )
        check_order("augmentation.scale_jitter", self.least, self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosaic:
    """Four pictures around a point, turned, scaled and moved together, as in YOLOX."""

    probability: float = 0.0
    """of a picture"""
    rotation: float = 10.0
    """range ±, in degrees"""
    least: float = 0.5
    """factor on its size"""
    most: float = 1.5
    """factor on its size"""
    shift: float = 0.1
    """range ±, in sides of the picture"""
    shear: float = 2.0
    """range ±, in degrees"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation.mosaic",
            self,
            probability=within(0, 1),
            rotation=within(0, 180),
            least=above(0),
            most=above(0),
            shift=within(0, 1),
            shear=within(0, 45),
        )
        check_order("augmentation.mosaic", self.least, self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixup:
    """A second picture that shines through a mosaic, as in YOLOX."""

    probability: float = 0.0
    """of a mosaic"""
    least: float = 0.5
    """factor on its size"""
    most: float = 1.5
    """factor on its size"""

    def __post_init__(self) -> None:
        check_ranges("augmentation.mixup", self, probability=within(0, 1), least=above(0), most=above(0))
        check_order("augmentation.mixup", self.least, self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """All that may happen to a picture, in this order; a probability of 0 is never.

    A picture becomes part of a mosaic, or the five that follow happen to it.
    """

    mosaic: Mosaic = Mosaic()
    mixup: Mixup = Mixup()
    photometric: Photometric = Photometric()
    zoom_out: ZoomOut = ZoomOut()
    iou_crop: IoUCrop = IoUCrop()
    scale_jitter: ScaleJitter = ScaleJitter()
    colors: ColorShift = ColorShift()
    flip: float = 0.5
    """probability of being mirrored, left to right"""
    flip_down: float = 0.0
    """probability of being turned upside down by mirroring; for what has no up, as seen from above"""
    visible: float = 0.2
    """share of its area that a box must keep to be learned from, where a picture is cut"""
    plain_epochs: int = 0
    """epochs at the end without mosaic and mixup, in which YOLOX has its last part of the loss"""
    scales: int = 0
    """by how many steps of 32 pixels the size of letterboxed pictures may be smaller or larger, for all of a
    batch alike; it changes every ten steps"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation",
            self,
            flip=within(0, 1),
            flip_down=within(0, 1),
            visible=within(0, 1),
            plain_epochs=at_least(0),
            scales=at_least(0),
        )
