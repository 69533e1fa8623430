"""What is chosen for every pose estimator of a kind; each method's own configuration adds its network."""

from dataclasses import dataclass
from typing import Literal

from saccade.core.errors import ConfigError
from saccade.core.ranges import above_to, at_least, check_ranges, within

Decode = Literal["quarter", "dark"]
"""how a heat map's peak becomes a point: a quarter of a cell towards the higher neighbour, as the originals;
or a Newton step on the logarithm of the blurred map (DARK, arXiv 1910.06278)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopDownConfig:
    """Settings of a network that looks at one person at a time, cut out of the frame by a box."""

    size: tuple[int, int]
    """(width, height) in pixels of what the network sees of a person; multiples of 32"""
    enlargement: float = 1.25
    """what a box is enlarged by, after it has been widened to the shape of `size`"""
    first_cell: float = 0.0
    """pixel of what the network sees at which the first cell of its maps lies: 0 (SimpleBaseline), or the
    middle of its 4 pixels, 1.5 (Hourglass)"""
    decode: Decode = "quarter"
    """how a heat map's peak becomes a point"""
    blur: float = 2.0
    """standard deviation in cells of the Gaussians that the network has learned, for decode=dark"""
    flip_test: bool = True
    """whether the mean is taken of what the network says of a person and of their mirror image"""
    shifts_flipped: bool = False
    """whether the mirror image's maps are moved right by one cell, which SimpleBaseline's need"""
    subject: str = "person"
    """what is looked for with a detector that tells classes apart"""
    box_threshold: float = 0.3
    """score under which a detector's box is not looked into, in [0, 1]"""
    joint_threshold: float = 0.2
    """score under which a key point does not count towards the score of a person, in [0, 1]"""
    threshold: float = 0.05
    """score under which a person in a detector's box is left out, in [0, 1]"""
    nms: float = 0.9
    """OKS from which the worse of two people in a detector's boxes is left out, in [0, 1]"""
    max_people: int = 100
    """boxes of a detector that are looked into, at most"""

    def __post_init__(self) -> None:
        if len(self.size) != 2 or any(side % 32 or not 32 <= side <= 1024 for side in self.size):
            width, height = self.size
            raise ConfigError(
                f"size is {width},{height}; it must be a width and a height that are multiples of 32, such "
                f"as 192,256"
            )
        check_ranges(
            "settings",
            self,
            enlargement=above_to(0, 10),
            first_cell=within(0, 32),
            blur=above_to(0, 10),
            box_threshold=within(0, 1),
            joint_threshold=within(0, 1),
            threshold=within(0, 1),
            nms=within(0, 1),
            max_people=at_least(1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BottomUpConfig:
    """Settings of a network that finds all joints of a frame, of which people are put together."""

    size: int = 368
    """height in pixels of the picture that the network sees"""
    max_size: int = 1024
    """width of it, at most: wider frames become lower"""
    scales: tuple[float, ...] = (1.0,)
    """factors on both, at each of which a frame is looked at, and the mean is taken of what the network says;
    0.5,1,1.5,2 in the paper's evaluation, which takes many times as long"""
    flip_test: bool = False
    """whether the mean is taken of what the network says of a frame and of its mirror image"""
    part_threshold: float = 0.1
    """score under which a peak of a heat map is no joint, in [0, 1]"""
    part_distance: float = 6.0
    """pixels of a picture of `size`, nearer than which the lower of two peaks is no joint of its own"""
    refines: bool = True
    """whether joints are in the middles of Gaussians; else at the highest eighth of a cell, as originally"""
    max_parts: int = 128
    """peaks of a heat map, at most"""
    field_threshold: float = 0.05
    """share of a limb's field along the line between two joints from which a point of it counts"""
    support: float = 0.8
    """share of the points between two joints that must count for them to be a limb, in [0, 1]"""
    penalises_length: bool = True
    """whether limbs longer than half of the picture's height are less likely, as in the original"""
    min_parts: int = 3
    """joints under which nobody is taken for a person"""
    min_mean: float = 0.2
    """sum of the scores of a person's joints and limbs / number of joints, under which they are left out: 0.2
    in the paper of 2017, 0.4 in OpenPose"""
    threshold: float = 0.0
    """score under which a person is left out, in [0, 1]: it falls with the number of joints that are found"""

    def __post_init__(self) -> None:
        check_ranges(
            "settings",
            self,
            size=within(64, 2048),
            max_size=within(64, 8192),
            part_threshold=within(0, 1),
            part_distance=at_least(0),
            max_parts=within(1, 1024),
            field_threshold=within(0, 1),
            support=within(0, 1),
            min_parts=at_least(1),
            scales=above_to(0, 4),
            min_mean=within(0, 2),
            threshold=within(0, 1),
        )
        if not self.scales:
            raise ConfigError("scales is empty; give at least one, such as 1")
