"""What may happen to people in pictures before a network learns from them, with the originals' numbers."""

from dataclasses import dataclass
from typing import Literal

from saccade.core.ranges import above, at_least, check_order, check_ranges, within


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfBody:
    """The upper or the lower half of a person as if it were all of them, as in HRNet."""

    probability: float = 0.0
    """of a person with enough joints; 0.3 in HRNet"""
    min_joints: int = 9
    """labelled joints that a person must have"""
    enlargement: float = 1.5
    """side of the crop / side of the box around the joints of the half"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation.half_body",
            self,
            probability=within(0, 1),
            min_joints=at_least(1),
            enlargement=above(0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAugmentation:
    """All that may happen to the crop of a person; a probability or a range of 0 is never."""

    half_body: HalfBody = HalfBody()
    scale: float = 0.3
    """standard deviation of the factor on the crop's side"""
    scale_law: Literal["share", "power"] = "share"
    """whether the factor is 1 + a normal number, up to one deviation either way (SimpleBaseline); or 2 to the
    power of one, up to two deviations (Hourglass)"""
    rotation: float = 40.0
    """standard deviation in degrees; two of them are the most"""
    rotation_probability: float = 0.6
    """of a person being turned at all"""
    flip: float = 0.5
    """probability of being mirrored, left to right"""
    color: float = 0.0
    """range ± of a factor on each of red, green and blue"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation",
            self,
            scale=within(0, 0.9),
            rotation=within(0, 90),
            rotation_probability=within(0, 1),
            flip=within(0, 1),
            color=within(0, 1),
        )


SIMPLEBASELINE_COCO = PersonAugmentation()
SIMPLEBASELINE_MPII = PersonAugmentation(scale=0.25, rotation=30.0)
HOURGLASS = PersonAugmentation(
    scale=0.25, scale_law="power", rotation=30.0, rotation_probability=0.4, color=0.4
)
"""as in the original's code, which turns four people of ten; its ports turn six and have a factor of 0.2 on
colours"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAugmentation:
    """All that may happen to a picture of several people, cut out around one of them, as in OpenPose."""

    person: float = 0.6
    """longer side of that person's box / side of the crop, before it is scaled"""
    least: float = 0.5
    """factor on it"""
    most: float = 1.1
    """factor on it"""
    rotation: float = 40.0
    """range ± in degrees"""
    shift: float = 40.0
    """range ± in pixels of the crop by which the person leaves the middle, on each axis"""
    flip: float = 0.5
    """probability of being mirrored, left to right"""
    color: float = 0.0
    """range ± of a factor on each of red, green and blue"""

    def __post_init__(self) -> None:
        check_ranges(
            "augmentation",
            self,
            person=above(0),
            least=above(0),
            most=above(0),
            rotation=within(0, 180),
            shift=at_least(0),
            flip=within(0, 1),
            color=within(0, 1),
        )
        check_order("augmentation", self.least, self.most)


OPENPOSE = SceneAugmentation()
