"""What is chosen for the small tracker that comes with its weights."""

from dataclasses import dataclass

from saccade.core.errors import ConfigError
from saccade.core.ranges import BELOW_ONE, FINITE, above, above_to, at_least, check_ranges, within
from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.scale_filter import Scale
from saccade.trackers.nano.network import NanoNetConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The square that is looked at."""

    side: int = 144
    """width and height of the crop in crop pixels; a multiple of 16"""
    area: float = 4.0
    """side of the square / square root of the target's area"""
    inertia: float = 0.6
    """how much a score is lowered at the border of the search region against its centre, in [0, 1]"""
    scale_step: float = 1.05
    """ratio of the scales that are looked at: the last one and, in turn, the next larger or smaller one"""
    scale_penalty: float = 0.97
    """factor on the scores at another scale than the last"""

    def __post_init__(self) -> None:
        if not 32 <= self.side <= 1024 or self.side % 16:
            raise ConfigError(
                f"search.side is {self.side}; it must be a multiple of 16 from 32 to 1024, such as 144"
            )
        check_ranges(
            "search",
            self,
            area=above_to(0, 100),
            inertia=within(0, 1),
            scale_step=within(1, 2),
            scale_penalty=above_to(0, 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A target filter, and what it is learned to answer."""

    size: int
    """taps along each axis; odd"""
    label_sigma: float
    """standard deviation of the wished scores in cells"""
    reg: float
    """weight of |f|^2"""

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise ConfigError(
                f"a filter of {self.size} taps has no middle; its size must be odd and positive"
            )
        check_ranges("coarse or fine", self, label_sigma=above(0), reg=above(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of each target."""

    size: int = 30
    """samples"""
    learning_rate: float = 0.02
    """share of the newest sample"""
    initial_minimum: float = 0.25
    """share that the samples of the first frame never fall below; 0 does without"""

    def __post_init__(self) -> None:
        check_ranges(
            "memory",
            self,
            size=at_least(1),
            learning_rate=within(0, 1),
            initial_minimum=BELOW_ONE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """When and for how long the filters are optimised."""

    first_steps: int = 10
    """steps on the first frame"""
    interval: int = 10
    """frames between two improvements"""
    steps: int = 2
    """steps of each"""

    def __post_init__(self) -> None:
        check_ranges("learning", self, first_steps=at_least(0), interval=at_least(1), steps=at_least(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """When the target counts as lost."""

    lost_below: float = 0.10
    """score under which the target stays where it was"""
    uncertain_below: float = 0.25
    """score under which the target counts as uncertain, and nothing is learned"""

    def __post_init__(self) -> None:
        check_ranges("confidence", self, lost_below=FINITE, uncertain_below=FINITE)


FIRST_FRAME = FirstFrameAugmentation(
    relative_shifts=((0.6, 0.6), (0.6, -0.6), (-0.6, 0.6), (-0.6, -0.6)),
    flip=True,
    blurs=((1.5, 1.5),),
    rotations=(12.0, -12.0),
    expansion=2.0,
    random_shift=1 / 3,
)
"""the pictures of the first frame that the target is learned from"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NanoConfig:
    """Settings of the small tracker."""

    network: NanoNetConfig = NanoNetConfig()
    """the network, for weights that do not say it themselves"""
    search: Search = Search()
    """the part of the frame that is looked at"""
    augmentation: FirstFrameAugmentation = FIRST_FRAME
    """the pictures of the first frame that the target is learned from"""
    coarse: Filter = Filter(size=5, label_sigma=1.0, reg=0.1)
    """the filter on learned and hand-crafted features of 8 pixels a cell: tells the target"""
    fine: Filter = Filter(size=9, label_sigma=0.7, reg=0.1)
    """the filter on hand-crafted features of 4 pixels a cell: tells where exactly it is"""
    coarse_share: float = 0.4
    """share of the coarse filter in the score, in [0, 1]"""
    memory: Memory = Memory()
    """what is remembered"""
    learning: Learning = Learning()
    """when the filters are improved"""
    scale: Scale = Scale()
    """the filter that measures the target's scale"""
    scale_share: float = 0.8
    """how far the size follows that measure, beside the search at several scales, in [0, 1]"""
    confidence: Confidence = Confidence()
    """when the target counts as lost"""

    def __post_init__(self) -> None:
        check_ranges("settings", self, coarse_share=within(0, 1), scale_share=within(0, 1))


DIMP_NANO = NanoConfig()
"""the small tracker as it is shipped"""
