"""What is chosen: the released settings of DiMP, PrDiMP and SuperDiMP; each names what it changes."""

from dataclasses import dataclass, replace
from typing import Literal

from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.discriminative_config import DiscriminativeConfig
from saccade.online.localization import Localization
from saccade.online.memory import SampleMemory
from saccade.online.refinement import BoxRefinement
from saccade.online.search_region import SearchRegion
from saccade.online.target_model import Learning
from saccade.trackers.dimp.network import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
    DiMPNetConfig,
)

FIRST_FRAME = FirstFrameAugmentation(
    relative_shifts=((0.6, 0.6), (0.6, -0.6), (-0.6, 0.6), (-0.6, -0.6)),
    flip=True,
    blurs=((1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
    rotations=(10.0, -10.0, 45.0, -45.0),
    dropout_copies=2,
    dropout_probability=0.2,
    expansion=2.0,
    random_shift=1 / 3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiMPConfig(DiscriminativeConfig):
    """DiMP (Bhat et al. 2019), PrDiMP (Danelljan et al. 2020), SuperDiMP."""

    network: DiMPNetConfig = DIMPNET50
    """the network, for weights that do not say it themselves"""
    scores: Literal["raw", "softmax"] = "raw"
    """what score maps are: the filter's scores, or, as PrDiMP trains them, a density over the map"""
    augmentation: FirstFrameAugmentation = FIRST_FRAME
    """the pictures of the first frame that the target is learnt from"""


DIMP50 = DiMPConfig()
"""DiMP on ResNet-50"""
DIMP18 = replace(DIMP50, network=DIMPNET18)
"""DiMP on ResNet-18"""

_RELATIVE_STEPS = BoxRefinement(steps=10, space="relative", position_step=2.5e-3, size_step=2.5e-3)

PRDIMP18 = replace(
    DIMP50,
    network=PRDIMPNET18,
    scores="softmax",
    localization=Localization(lost_below=0.04),
    refinement=_RELATIVE_STEPS,
)
"""PrDiMP on ResNet-18"""
PRDIMP50 = replace(
    PRDIMP18, network=PRDIMPNET50, search=SearchRegion(side=352, area=6.0, border="inside_major")
)
"""PrDiMP on ResNet-50"""
SUPER_DIMP = replace(PRDIMP50, network=SUPER_DIMPNET, scores="raw", localization=Localization())
"""DiMP's classifier, trained longer and on larger regions, with PrDiMP's box head"""
SUPER_DIMP_SIMPLE = replace(SUPER_DIMP, network=SIMPLE_DIMPNET)
"""SuperDiMP with a filter optimiser that has almost nothing learned"""

_VOT_LOCALIZATION = Localization(
    lost_below=0.0, distractor_ratio=100.0, hard_negative_ratio=0.45, near=0.7, window="first_peak"
)
_VOT_FIRST_FRAME = replace(
    FIRST_FRAME,
    blurs=((0.2, 2.0), (2.0, 0.2), (1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
    rotations=(5.0, -5.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0, -60.0, 60.0),
    dropout_copies=7,
)

DIMP50_VOT18 = replace(
    DIMP50,
    search=SearchRegion(side=224, area=4.0),
    augmentation=_VOT_FIRST_FRAME,
    localization=_VOT_LOCALIZATION,
    memory=SampleMemory(size=250, learning_rate=0.0075, initial_minimum=0.0),
    learning=Learning(first_steps=25, interval=10, steps=3, hard_negative_steps=3),
)
"""DiMP-50 for VOT 2018, whose targets do not leave the frame"""
DIMP18_VOT18 = replace(DIMP50_VOT18, network=DIMPNET18)
"""DiMP-18 for VOT 2018"""
DIMP50_VOT19 = replace(
    DIMP50_VOT18,
    search=SearchRegion(side=256, area=4.5),
    augmentation=replace(
        FIRST_FRAME,
        relative_shifts=((0.6, 0.6), (-0.6, -0.6)),
        blurs=((0.2, 2.0), (3.0, 1.0)),
        rotations=(-5.0, 10.0, -30.0, 60.0),
        dropout_copies=3,
        expansion=1.4,
    ),
    memory=SampleMemory(size=100, learning_rate=0.0075, initial_minimum=0.0),
    learning=Learning(first_steps=15, interval=10, steps=2, hard_negative_steps=2),
    refinement=BoxRefinement(steps=3),
)
"""DiMP-50 for VOT 2019, in real time there"""
PRDIMP50_VOT18 = replace(
    DIMP50_VOT18,
    network=PRDIMPNET50,
    localization=replace(_VOT_LOCALIZATION, distractor_ratio=99999.0, hard_negative_ratio=999999.0),
    memory=SampleMemory(size=250, learning_rate=0.01, initial_minimum=0.0),
    learning=Learning(first_steps=25, interval=1, steps=1, hard_negative_steps=1),
    refinement=_RELATIVE_STEPS,
)
"""PrDiMP-50 for VOT 2018"""
