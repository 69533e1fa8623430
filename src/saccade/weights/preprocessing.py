"""What networks want to see: the order of colours, and mean and scale of what they were trained on."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What a network wants to see: (picture - mean) / scale of pictures with values 0 ... 255."""

    colours: Literal["rgb", "bgr"] = "rgb"
    """order of the channels"""
    mean: tuple[float, float, float] = (123.675, 116.28, 103.53)
    """in that order; the default is ImageNet's"""
    scale: tuple[float, float, float] = (58.395, 57.12, 57.375)
    """in that order; the default is ImageNet's standard deviation"""


IMAGENET = Preprocessing()
"""as torchvision's networks"""
BGR_LESS_RGB = Preprocessing(colours="bgr")
"""BGR, less ImageNet's mean of RGB in that very order: what became of pictures that OpenCV had read"""
BGR_BYTES = Preprocessing(colours="bgr", mean=(0.0, 0.0, 0.0), scale=(1.0, 1.0, 1.0))
"""BGR as it is"""
BGR_HALVES = Preprocessing(colours="bgr", mean=(128.0, 128.0, 128.0), scale=(256.0, 256.0, 256.0))
"""BGR from -0.5 to 0.5"""
MASK_RCNN = Preprocessing(colours="bgr", mean=(102.9801, 115.9465, 122.7717), scale=(1.0, 1.0, 1.0))
"""as the networks of Caffe"""
VGG = Preprocessing(mean=(123.0, 117.0, 104.0), scale=(1.0, 1.0, 1.0))
"""the same in RGB, in whole numbers"""
SIGNED = Preprocessing(mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5))
"""from -1 to 1"""
MPII = Preprocessing(mean=(112.302, 113.22, 110.3385), scale=(255.0, 255.0, 255.0))
"""from 0 to 1, less the mean of MPII's pictures"""
