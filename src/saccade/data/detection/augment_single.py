"""What happens to one picture: torchvision's transforms, for pictures that may have no boxes."""

import random
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from saccade.data.detection.augment import Augmentation, ColorShift, ScaleJitter
from saccade.data.detection.labelled import GREY, LabelledPicture
from saccade.data.samples.dice import Dice


def change_one(picture: LabelledPicture, settings: Augmentation, dice: Dice) -> LabelledPicture:
    """A picture that stays alone; what never happens takes no draw."""
    photometric, zoom_out, iou_crop = settings.photometric, settings.zoom_out, settings.iou_crop
    if photometric.probability:
        picture = _by_torchvision(v2.RandomPhotometricDistort(p=photometric.probability), picture, dice)
    if _happens(zoom_out.probability, dice.random):
        transform = v2.RandomZoomOut(fill=GREY, side_range=(1.0, zoom_out.most), p=1.0)
        picture = _by_torchvision(transform, picture, dice)
    # without boxes it would look for a part that has one for ever
    if len(picture.boxes) and _happens(iou_crop.probability, dice.random):
        picture = _by_torchvision(v2.RandomIoUCrop(min_scale=iou_crop.smallest), picture, dice)
    if _happens(settings.scale_jitter.probability, dice.random):
        picture = _jittered(picture, settings.scale_jitter, dice.random).inside(settings.visible)
    return picture


def turn_over(picture: LabelledPicture, settings: Augmentation, rng: random.Random) -> LabelledPicture:
    """Colours, and the two mirrors; what never happens takes no draw."""
    colors = settings.colors
    if colors.hue or colors.saturation or colors.value:
        picture = _shifted(picture, colors, rng)
    if _happens(settings.flip, rng):
        picture = picture.mirrored()
    return picture.upside_down() if _happens(settings.flip_down, rng) else picture


def _happens(probability: float, rng: random.Random) -> bool:
    return probability > 0 and rng.random() < probability


def _by_torchvision(transform: Callable[[Any], Any], picture: LabelledPicture, dice: Dice) -> LabelledPicture:
    """Applies a transform of torchvision's, which draw from the global generator, with our own draw.

    Boxes that it marks as gone leave together with all that belongs to them: its own way to do so takes
    labels alone.
    """
    width, height = picture.size_wh
    values = {
        "image": tv_tensors.Image(torch.from_numpy(picture.pixels).permute(2, 0, 1)),
        "boxes": tv_tensors.BoundingBoxes(
            torch.from_numpy(picture.boxes), format="XYXY", canvas_size=(height, width)
        ),
    }
    seed = dice.random.getrandbits(62)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        changed = transform(values)
    pixels = np.ascontiguousarray(changed["image"].permute(1, 2, 0).numpy())
    boxes = changed["boxes"].as_subclass(torch.Tensor).numpy()
    return picture._replace(pixels=pixels, boxes=boxes.astype(np.float32)).inside()


def _jittered(picture: LabelledPicture, settings: ScaleJitter, rng: random.Random) -> LabelledPicture:
    width, height = picture.size_wh
    factor = rng.uniform(settings.least, settings.most)
    scaled = picture.resized(max(round(factor * width), 1), max(round(factor * height), 1))
    # what is larger is cut anywhere, what is smaller lies anywhere
    left, top = (
        round(rng.random() * (side - own)) for side, own in zip((width, height), scaled.size_wh, strict=True)
    )
    return scaled.on_canvas(width, height, left, top)


def _shifted(picture: LabelledPicture, settings: ColorShift, rng: random.Random) -> LabelledPicture:
    hue, saturation, value = (
        round(rng.uniform(-1, 1) * most) for most in (settings.hue, settings.saturation, settings.value)
    )
    steps = np.arange(256)
    tables = np.stack([(steps + hue) % 180, (steps + saturation).clip(0, 255), (steps + value).clip(0, 255)])
    hsv = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2HSV)
    hsv = cv2.LUT(hsv, np.ascontiguousarray(tables.T[None].astype(np.uint8)))
    return picture._replace(pixels=cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))
