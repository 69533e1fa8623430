"""What is chosen for hand-crafted ECO: every setting, and its preset."""

from dataclasses import dataclass

from saccade.core.errors import ConfigError
from saccade.online.scale_filter import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The square that is looked at, and the features it is turned into."""

    area: float = 4.0
    """side of the square / square root of the target's area"""
    cells: int = 40
    """cells along a side, even; a cell is 4x4 pixels of the crop"""
    hog_channels: int = 10
    """principal components kept of the 31 HOG channels"""
    color_channels: int = 3
    """principal components kept of the 11 colour memberships"""
    window_power: float = 0.75
    """exponent of the Hann window on the features: below 1 it lets more of the surroundings in"""
    inertia: float = 0.3
    """how much a score is lowered at the border of the search region against its centre, in [0, 1]"""

    def __post_init__(self) -> None:
        if self.cells < 2 or self.cells % 2:
            raise ConfigError(f"search.cells is {self.cells}; it must be even and positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The correlation filter that finds the target's position."""

    label_sigma: float = 1 / 16
    """standard deviation of the wished response / square root of the target's area"""
    learning_rate: float = 0.015
    """share of the newest sample in the memory, per frame"""
    penalty_min: float = 1e-3
    """weight on filter coefficients at the target's centre"""
    penalty_edge: float = 9e-3
    """growth of that weight towards, and beyond, the target's edge"""
    first_steps: int = 60
    """conjugate gradient steps on the first frame"""
    steps: int = 5
    """conjugate gradient steps at each later update"""
    interval: int = 5
    """frames between updates"""
    precondition_data: float = 0.3
    """share of each channel's own energy, rather than their mean, in the preconditioner"""
    precondition_penalty: float = 0.15
    """share of the penalty's energy in the preconditioner"""

    def __post_init__(self) -> None:
        if self.interval < 1:
            raise ConfigError(f"filter.interval is {self.interval}; it must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """The colour histograms that tell target from surroundings."""

    weight: float = 0.3
    """share of the histogram's response in the final one, in [0, 1]; none on grayscale video"""
    rate: float = 0.04
    """share of the newest frame, per frame"""
    inner: float = 0.8
    """the part of the box, per side, that is taken for target"""
    outer: float = 1.15
    """the part of the box, per side, that is kept out of the surroundings"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """When the target counts as lost."""

    lost_below: float = 0.10
    """smoothed filter response under which the target counts as lost"""
    uncertain_below: float = 0.15
    """smoothed filter response under which the target counts as uncertain"""
    smoothing: float = 0.8
    """share of the past in the smoothed response"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ECOConfig:
    """Settings of ECO with hand-crafted features."""

    search: Search = Search()
    filter: Filter = Filter()
    histogram: Histogram = Histogram()
    scale: Scale = Scale()
    confidence: Confidence = Confidence()


ECO = ECOConfig()
