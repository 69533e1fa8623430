"""What is chosen: the released settings of ATOM; each names what it changes."""

from dataclasses import dataclass, replace

from saccade.core.ranges import above, at_least, check_ranges
from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.discriminative_config import DiscriminativeConfig
from saccade.online.localization import Localization
from saccade.online.memory import SampleMemory
from saccade.online.refinement import BoxRefinement
from saccade.online.search_region import SearchRegion
from saccade.online.target_model import Learning


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterLearning:
    """What the target model is made of, and how it is learnt on the first frame."""

    filter_size: int = 4
    """taps of the filter along each axis"""
    channels: int = 64
    """channels that features are compressed to"""
    filter_reg: float = 0.1
    """penalty on the filter's squares"""
    projection_reg: float = 1e-4
    """penalty on the projection's squares"""
    label_sigma: float = 1 / 4
    """standard deviation of a label / square root of the target's area"""
    lowest_score: float = 0.05
    """scores below 0 bend towards minus this: background need not be told from background"""
    inner_steps: int = 10
    """conjugate gradient steps in each Gauss-Newton step of the first frame"""

    def __post_init__(self) -> None:
        check_ranges(
            "target_model",
            self,
            filter_size=at_least(1),
            channels=at_least(1),
            filter_reg=above(0),
            projection_reg=above(0),
            label_sigma=above(0),
            lowest_score=above(0),
            inner_steps=at_least(0),
        )


_SEARCH = SearchRegion(geometry="nominal")
_FIRST_FRAME = FirstFrameAugmentation(
    relative_shifts=((0.6, 0.6), (0.6, -0.6), (-0.6, 0.6), (-0.6, -0.6)),
    blurs=((0.2, 2.0), (2.0, 0.2), (1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
    rotations=(5.0, -5.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0, -60.0, 60.0),
    dropout_copies=7,
    expansion=2.0,
    random_shift=1 / 3,
)
_LOCALIZATION = Localization(expects="region_middle")
_REFINEMENT = BoxRefinement(reverts_worse=True, first_is_refined=True)
_MEMORY = SampleMemory(size=250)
_LEARNING = Learning(first_steps=6, interval=10, steps=5, hard_negative_steps=5, improves_unseen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ATOMConfig(DiscriminativeConfig):
    """ATOM (Danelljan et al. 2019).

    `learning.first_steps` are Gauss-Newton steps; the steps of later frames are conjugate gradient steps.
    """

    target_model: FilterLearning = FilterLearning()
    """the filter and how it is learnt"""
    search: SearchRegion = _SEARCH
    """the part of the frame that is looked at"""
    augmentation: FirstFrameAugmentation = _FIRST_FRAME
    """the pictures of the first frame that the target is learnt from"""
    localization: Localization = _LOCALIZATION
    """what is made of score maps"""
    refinement: BoxRefinement = _REFINEMENT
    """how the IoU-Net finds the box"""
    memory: SampleMemory = _MEMORY
    """what is remembered"""
    learning: Learning = _LEARNING
    """when the target model is improved"""


ATOM = ATOMConfig()
"""ATOM"""
ATOM_VOT = replace(
    ATOM,
    search=replace(_SEARCH, side=224, area=4.0),
    localization=replace(
        _LOCALIZATION,
        lost_below=-1.0,
        distractor_ratio=100.0,
        hard_negative_ratio=0.3,
        near=0.7,
        window="scores",
    ),
    memory=replace(_MEMORY, learning_rate=0.0075, initial_minimum=0.0),
)
"""ATOM for VOT 2018, whose targets do not leave the frame"""
ATOM_MULTISCALE = replace(
    ATOM,
    search=replace(_SEARCH, scale_factors=tuple(1.02**step for step in range(-2, 3))),
    refines_boxes=False,
)
"""ATOM without its IoU-Net: the target keeps its shape, and one of five scales is chosen by its score"""
ATOM_PROB_ML = replace(
    ATOM,
    refinement=replace(_REFINEMENT, steps=10, space="relative", position_step=2e-4, size_step=10e-4),
)
"""ATOM with an IoU-Net that predicts a density of boxes (Gustafsson et al. 2019, arXiv 1909.12297)"""
ATOM_GMM = replace(
    ATOM,
    refinement=replace(_REFINEMENT, steps=10, space="relative", position_step=1e-2, size_step=5e-2),
)
"""The same, trained with samples of a Gaussian mixture (Gustafsson et al. 2020, arXiv 2005.01698)"""
