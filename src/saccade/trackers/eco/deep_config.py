"""Settings of ECO with deep features."""

from dataclasses import dataclass
from typing import Literal

from saccade.core.errors import ConfigError
from saccade.online.augmentation import FirstFrameAugmentation


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureBlock:
    """One resolution of features, with a filter of its own."""

    layer: Literal["vggconv1", "conv1", "layer1", "layer2", "layer3", "layer4"]
    """output of the network"""
    stride: int
    """crop pixels in a feature cell, pooling included"""
    pooling: int = 1
    """cells of the layer averaged into one feature cell, along each axis"""
    channels: int
    """channels that the features are compressed to"""
    learning_rate: float
    """share of the newest sample in the sample memory, per frame"""
    label_sigma: float
    """standard deviation of the label / square root of the target's area"""
    score_weight: float
    """share of this filter in the score map"""
    reg_min: float
    """weight of the filter's coefficients at the middle of the target"""
    reg_edge: float
    """weight of the filter's coefficients at the middle of each side of the target"""
    reg_power: float = 2.0
    """exponent with which that weight grows outwards"""
    reg_sparsity: float
    """Fourier coefficients of the weight below this share of the largest one are left out"""


SHALLOW = FeatureBlock(
    layer="vggconv1",
    stride=4,
    pooling=2,
    channels=16,
    learning_rate=0.025,
    label_sigma=1 / 16,
    score_weight=0.4,
    reg_min=1e-4,
    reg_edge=10e-3,
    reg_sparsity=0.05,
)
DEEP = FeatureBlock(
    layer="layer3",
    stride=16,
    channels=64,
    learning_rate=0.0075,
    label_sigma=1 / 4,
    score_weight=0.6,
    reg_min=10e-4,
    reg_edge=50e-3,
    reg_sparsity=0.1,
)


FIRST_FRAME = FirstFrameAugmentation(
    shifts=((6, 6), (6, -6), (-6, 6), (-6, -6)),
    flip=True,
    rotations=(5.0, -5.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0, -60.0, 60.0),
    blurs=((0.2, 2.0), (2.0, 0.2), (1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
    dropout_copies=7,
    dropout_probability=0.2,
    order=("shift", "flip", "rotate", "blur"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ECODeepConfig:
    """ECO (Danelljan et al. 2017) on two layers of features, without clustering of samples."""

    blocks: tuple[FeatureBlock, ...] = (SHALLOW, DEEP)
    """what is compared, from fine to coarse"""
    search_area: float = 4.5
    """side of the search region / square root of the target's area"""
    min_side: int = 200
    """smallest side of the search region in crop pixels, before it is rounded to the network's stride"""
    max_side: int = 250
    """largest side of the search region in crop pixels, before it is rounded to the network's stride"""
    scale_step: float = 1.02
    """ratio of neighbouring scales that are searched"""
    num_scales: int = 5
    """scales searched in each frame; odd, the present one in the middle"""
    smallest_target: float = 10.0
    """shorter side in frame pixels that the scale keeps the target above"""
    inside_share: float = 0.2
    """the target's centre may leave the frame by (1/2 - this) of its size"""
    memory_slots: int = 200
    """samples remembered for each target"""
    update_interval: int = 10
    """frames between two improvements of the filter"""
    update_steps: int = 5
    """steps of conjugate gradients in each improvement"""
    init_steps: int = 10
    """Gauss-Newton steps on the first frame, for filter and projection together"""
    init_inner_steps: int = 10
    """steps of conjugate gradients in each of them"""
    forgetting_frames: float = 75.0
    """an improvement begins with the last search direction, as far as samples this old still count"""
    projection_reg: float = 5e-8
    """weight of the projection's coefficients in the first frame's loss"""
    precondition_data: float = 0.3
    """share of each channel's own energy in the preconditioner, the rest is the mean over channels"""
    precondition_reg: float = 0.15
    """share of the regularisation's energy in the preconditioner"""
    precondition_projection: float = 35.0
    """factor of the projection's preconditioner"""
    interpolation_slope: float = -0.75
    """slope of the cubic kernel that makes feature maps continuous"""
    reg_radius: int = 3
    """highest frequency that the sparse regularisation may keep"""
    augmentation: FirstFrameAugmentation = FIRST_FRAME
    """the pictures that the first filter is learnt from"""

    def __post_init__(self) -> None:
        if self.num_scales < 1 or self.num_scales % 2 == 0:
            raise ConfigError(f"num_scales is {self.num_scales}; it must be odd and positive")
        if self.scale_step <= 1:
            raise ConfigError(f"scale_step is {self.scale_step}; it must be above 1")
        if self.update_interval < 1:
            raise ConfigError(f"update_interval is {self.update_interval}; it must be at least 1")
        if not 0 < self.min_side <= self.max_side:
            raise ConfigError(
                f"min_side is {self.min_side} and max_side {self.max_side}; they must be positive "
                f"and in order"
            )


ECO_DEEP = ECODeepConfig()
