"""What is chosen for a stacked hourglass."""

from dataclasses import dataclass, field

from saccade.core import MPII_16, Skeleton
from saccade.core.errors import ConfigError
from saccade.core.ranges import at_least, check_ranges, within
from saccade.pose.config import TopDownConfig
from saccade.weights.preprocessing import MPII, Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class HourglassNetworkConfig:
    """What the network is made of."""

    skeleton: Skeleton = MPII_16
    """the key points that it knows"""
    stacks: int = 2
    """hourglasses, each of which looks at what the one before it has found"""
    order: int = 4
    """how often an hourglass halves the cells along each axis"""
    features: int = 256
    """features everywhere behind the stem"""
    stem: tuple[int, int] = (128, 256)
    """features of the stem's first two residuals; the paper has 128,128, the published weights 128,256"""
    residuals: int = 1
    """residuals at each place"""
    preprocessing: Preprocessing = MPII
    """what it sees; the published weights were trained on RGB from 0 to 1, less MPII's mean"""

    def __post_init__(self) -> None:
        check_ranges(
            "network",
            self,
            stacks=within(1, 16),
            order=within(1, 6),
            features=at_least(2),
            stem=at_least(2),
            residuals=at_least(1),
        )
        if self.features % 2 or any(width % 2 for width in self.stem):
            raise ConfigError(
                f"network.features is {self.features} and network.stem {self.stem}; they must be even, for "
                f"a residual's middle has half as many"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class HourglassConfig(TopDownConfig):
    """Settings of a stacked hourglass."""

    network: HourglassNetworkConfig = field(default_factory=HourglassNetworkConfig)
    """the network, for weights that do not say it themselves"""

    def __post_init__(self) -> None:
        TopDownConfig.__post_init__(self)
        step = 4 * 2**self.network.order
        if any(side % step for side in self.size):
            width, height = self.size
            raise ConfigError(
                f"size is {width},{height}; with network.order={self.network.order} its sides must be "
                f"multiples of {step}"
            )


def _preset(stacks: int) -> HourglassConfig:
    return HourglassConfig(
        network=HourglassNetworkConfig(stacks=stacks), size=(256, 256), first_cell=1.5, blur=1.0
    )


HOURGLASS1 = _preset(1)
"""3.6 million parameters"""
HOURGLASS2 = _preset(2)
"""6.7 million parameters"""
HOURGLASS8 = _preset(8)
"""25.6 million parameters: the paper's number of stacks"""
