"""Samples of pose sets: a picture, who is looked at in it, and what a network should answer."""

import random
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from saccade.core import Skeleton
from saccade.data.pose.augment import PersonAugmentation, SceneAugmentation
from saccade.data.pose.augmenting import person_crop, recolored, scene_crop
from saccade.data.pose.crops import ENLARGEMENT, PersonCrop
from saccade.data.pose.people import AnnotatedPerson, PosedImage
from saccade.data.pose.targets import PersonTargets, SceneMaps, SceneTargets, joints_in


class PoseSample(NamedTuple):
    """One person.

    Attributes:
        image: the crop, RGB.
        heats: a map a joint.
        weights: of each map: 0 where nothing is known of the joint.
        joints: x, y in pixels of the crop and visibility, left and right as they are seen there.
        person: the number of the annotation.
        picture: the name of the picture.
        crop: what was cut out.
    """

    image: UInt8[Tensor, "3 H W"]
    heats: Float32[Tensor, "K h w"]
    weights: Float32[Tensor, " K"]
    joints: Float32[Tensor, "K 3"]
    person: int
    picture: str
    crop: PersonCrop


class SceneSample(NamedTuple):
    """All people in a part of a picture.

    Attributes:
        image: that part, RGB.
        maps: what should be answered.
        joints: of all who are learned from: x, y in pixels of the crop and visibility.
        picture: the name of the picture.
        crop: what was cut out.
    """

    image: UInt8[Tensor, "3 H W"]
    maps: SceneMaps
    joints: Float32[Tensor, "N K 3"]
    picture: str
    crop: PersonCrop


def person_sample(
    pixels: UInt8[np.ndarray, "H W 3"],
    posed: PosedImage,
    person: AnnotatedPerson,
    skeleton: Skeleton,
    size_wh: tuple[int, int],
    targets: PersonTargets,
    augmentation: PersonAugmentation,
    rng: random.Random,
    *,
    enlargement: float = ENLARGEMENT,
) -> PoseSample:
    """A person at random, by one warp of their picture.

    Args:
        pixels: of the picture, `read_image`.
        size_wh: of the crop.
        rng: draws everything, in the same order each time.

    Raises:
        TargetError: when the person's box has no area.
    """
    crop = person_crop(person, skeleton, size_wh, augmentation, rng, enlargement=enlargement)
    points, visible = joints_in(crop, person, skeleton)
    heats, weights = targets.encode(points, visible, size_wh)
    image = _tensor(recolored(crop.cut(pixels), augmentation.color, rng))
    joints = torch.from_numpy(np.column_stack([points, visible])).float()
    return PoseSample(image, heats, weights, joints, person.id, posed.name, crop)


def scene_sample(
    pixels: UInt8[np.ndarray, "H W 3"],
    posed: PosedImage,
    around: AnnotatedPerson,
    skeleton: Skeleton,
    side: int,
    targets: SceneTargets,
    augmentation: SceneAugmentation,
    rng: random.Random,
) -> SceneSample:
    """The surroundings of a person at random, with everybody in them, by one warp of the picture.

    Args:
        pixels: of the picture, `read_image`.
        side: of the crop.
        rng: draws everything, in the same order each time.

    Raises:
        DatasetError: when somebody's outline is broken.
        TargetError: when the person's box has no area.
    """
    crop = scene_crop(around, side, augmentation, rng)
    maps = targets.encode(posed.people, skeleton, crop)
    seen = [joints_in(crop, person, skeleton) for person in posed.people if person.is_learned]
    joints = np.array([np.column_stack(pair) for pair in seen], np.float32).reshape(-1, len(skeleton), 3)
    # OpenPose sees grey where no picture is
    image = _tensor(recolored(crop.cut(pixels, fill=128), augmentation.color, rng))
    return SceneSample(image, maps, torch.from_numpy(joints), posed.name, crop)


def _tensor(pixels: UInt8[np.ndarray, "H W 3"]) -> UInt8[Tensor, "3 H W"]:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
