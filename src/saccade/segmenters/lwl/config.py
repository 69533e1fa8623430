"""What is chosen: the released settings of LWL; each names what it changes."""

from dataclasses import dataclass, replace
from typing import Literal

from saccade.core.ranges import BELOW_ONE, above, at_least, check_ranges, within
from saccade.segmenters.lwl.region import WideRegion


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of each target."""

    size: int = 32
    """samples"""
    learning_rate: float = 0.1
    """share of the newest sample"""
    initial_minimum: float = 0.25
    """share that the first frame never falls below; 0 does without"""
    first_is_sure: bool = True
    """whether the second sample has the share of any new one, or as much as the first, whose mask was
    guessed"""

    def __post_init__(self) -> None:
        check_ranges(
            "memory",
            self,
            size=at_least(2),
            learning_rate=within(0, 1),
            initial_minimum=BELOW_ONE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """When and for how long the filters are optimised."""

    first_steps: int = 20
    """steps on the first frame"""
    interval: int = 1
    """frames between two improvements"""
    steps: int = 3
    """steps of each"""

    def __post_init__(self) -> None:
        check_ranges("learning", self, first_steps=at_least(0), interval=at_least(1), steps=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxOfMask:
    """How the box of a target, around which it is looked for next, follows from its probability map."""

    smallest: float = 100.0
    """sum of probabilities in pixels below which the box stays where it was"""
    deviations: float = 4.0
    """side of the box / standard deviation of the pixels' coordinates"""
    slowest: float = 0.95
    """least scale of the search region / last scale"""
    fastest: float = 1.1
    """greatest scale of the search region / last scale"""

    def __post_init__(self) -> None:
        check_ranges(
            "box",
            self,
            smallest=at_least(0),
            deviations=above(0),
            slowest=within(0.1, 1),
            fastest=within(1, 10),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LWLConfig:
    """LWL (Bhat et al. 2020)."""

    starts_from: Literal["mask", "box"] = "mask"
    """what targets are learnt from: a mask; or a box, from which the network guesses a mask"""
    search: WideRegion = WideRegion()
    """the part of the frame that is looked at"""
    memory: Memory = Memory()
    """what is remembered"""
    learning: Learning = Learning()
    """when the filters are improved"""
    targets_compete: bool = True
    """whether a pixel belongs to one target at most; else each is segmented as if it were alone, and masks
    may overlap"""
    lone_competes: bool = False
    """whether a target that is the only one competes with the background, which makes its probabilities, but
    not its mask, surer; so does the original on benchmarks"""
    box: BoxOfMask = BoxOfMask()
    """where is looked next"""


LWL = LWLConfig()
"""for targets given by a mask"""
LWL_BOX = replace(
    LWL,
    starts_from="box",
    memory=Memory(learning_rate=0.2, initial_minimum=0.0, first_is_sure=False),
    learning=Learning(interval=5, steps=5),
)
"""for targets given by a box"""
