"""Crops at random: all that is drawn of a sample, so that one warp of the picture makes it."""

import random
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8

from saccade.core import Skeleton
from saccade.data.pose.augment import HalfBody, PersonAugmentation, SceneAugmentation
from saccade.data.pose.crops import ENLARGEMENT, PersonCrop, crop_around, crop_of_person
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson


def person_crop(
    person: AnnotatedPerson,
    skeleton: Skeleton,
    size_wh: tuple[int, int],
    settings: PersonAugmentation,
    rng: random.Random,
    *,
    enlargement: float = ENLARGEMENT,
) -> PersonCrop:
    """A person's crop, changed at random; what never happens takes no draw.

    Raises:
        TargetError: when the person's box has no area.
    """
    crop = crop_of_person(person, size_wh, enlargement=enlargement)
    if settings.half_body.probability and rng.random() < settings.half_body.probability:
        crop = half_body_crop(person, skeleton, settings.half_body, crop, rng)
    if settings.scale:
        crop = replace(crop, width=crop.width * _factor(settings, rng))
    if settings.rotation and rng.random() < settings.rotation_probability:
        crop = replace(crop, rotation=settings.rotation * _normal(rng, 2.0))
    if settings.flip and rng.random() < settings.flip:
        crop = replace(crop, is_mirrored=True)
    return crop


def half_body_crop(
    person: AnnotatedPerson,
    skeleton: Skeleton,
    settings: HalfBody,
    whole: PersonCrop,
    rng: random.Random,
) -> PersonCrop:
    """The crop around half of a person, or the whole where too little of them is known."""
    is_known = person.visible > UNLABELLED
    is_lower = np.isin(skeleton.points, skeleton.lower)
    halves = [is_known & half for half in (is_lower, ~is_lower) if (is_known & half).sum() > 2]
    if is_known.sum() < settings.min_joints or not is_lower.any() or not halves:
        return whole
    points = person.keypoints[rng.choice(halves)].astype(np.float64)
    x, y = points.mean(axis=0).tolist()
    width, height = np.ptp(points, axis=0).tolist()
    if max(width, height) < 1:
        return whole
    return crop_around((x, y), (width, height), whole.size_wh, enlargement=settings.enlargement)


def scene_crop(
    person: AnnotatedPerson, side: int, settings: SceneAugmentation, rng: random.Random
) -> PersonCrop:
    """A square of a picture around one of its people, changed at random; what never happens takes no draw.

    Args:
        side: of the square, in crop pixels.

    Raises:
        TargetError: when the person's box has no area.
    """
    crop = crop_of_person(person, (side, side), enlargement=1.0)
    factor = rng.uniform(settings.least, settings.most)
    crop = replace(crop, width=crop.width / (settings.person * factor))
    if settings.shift:
        # shifts are those of the person in the crop, so that the crop goes the other way
        x, y = (rng.uniform(-1, 1) * settings.shift / crop.scale for _ in range(2))
        crop = replace(crop, center=(crop.center[0] - x, crop.center[1] - y))
    if settings.rotation:
        crop = replace(crop, rotation=rng.uniform(-1, 1) * settings.rotation)
    if settings.flip and rng.random() < settings.flip:
        crop = replace(crop, is_mirrored=True)
    return crop


def recolored(
    pixels: UInt8[np.ndarray, "H W 3"], color: float, rng: random.Random
) -> UInt8[np.ndarray, "H W 3"]:
    """Red, green and blue, each times a factor of its own."""
    if not color:
        return pixels
    factors = np.array([rng.uniform(1 - color, 1 + color) for _ in range(3)], np.float32)
    return (pixels * factors).clip(0, 255).astype(np.uint8)


def _factor(settings: PersonAugmentation, rng: random.Random) -> float:
    if settings.scale_law == "power":
        return float(2 ** (settings.scale * _normal(rng, 2.0)))
    return 1 + settings.scale * _normal(rng, 1.0)


def _normal(rng: random.Random, most: float) -> float:
    """A normal number, cut at so many deviations either way."""
    return min(max(rng.gauss(0, 1), -most), most)
