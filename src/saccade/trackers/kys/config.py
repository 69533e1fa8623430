"""What is chosen: the released settings of KYS; each names what it changes."""

from dataclasses import dataclass, fields, replace

from saccade.core.errors import ConfigError
from saccade.core.ranges import above, at_least, check_ranges
from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.discriminative_config import DiscriminativeConfig
from saccade.online.localization import Localization
from saccade.online.memory import SampleMemory
from saccade.online.search_region import SearchRegion
from saccade.online.target_model import Learning
from saccade.trackers.kys.network import KYSNET, KYSNetConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneConfig:
    """How the surroundings of a target take part in where it is looked for."""

    least_score: float = 0.05
    """score of the filter up to which a place cannot be the target's, whatever its surroundings say"""
    window_area: float = 10.0
    """side of the Hann window that scores and responses are multiplied with / square root of the target's
    area; the search region shows the middle of it"""
    forgets_when_lost: bool = False
    """whether state vectors become 0 while the target is out of sight"""
    mines_hard_negatives: bool = False
    """whether a second peak of the filter's scores is learnt as background"""

    def __post_init__(self) -> None:
        check_ranges("scene", self, least_score=at_least(0), window_area=above(0))


FIRST_FRAME = FirstFrameAugmentation(
    relative_shifts=((0.6, 0.6), (0.6, -0.6), (-0.6, 0.6), (-0.6, -0.6)),
    blurs=((1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
    rotations=(10.0, -10.0, 45.0, -45.0),
    dropout_copies=2,
    expansion=2.0,
    random_shift=1 / 3,
)
_LOCALIZATION = Localization(lost_below=0.05)
_USED = ("lost_below", "hard_negative_ratio", "neighborhood")
"""settings of the localization that mean something where surroundings decide"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KYSConfig(DiscriminativeConfig):
    """KYS (Bhat et al. 2020)."""

    network: KYSNetConfig = KYSNET
    """the network, for weights that do not say it themselves"""
    scene: SceneConfig = SceneConfig()
    """how the surroundings of a target take part"""
    augmentation: FirstFrameAugmentation = FIRST_FRAME
    """the pictures of the first frame that the target is learnt from"""
    localization: Localization = _LOCALIZATION
    """when the highest response is believed"""

    def __post_init__(self) -> None:
        if len(self.search.scale_factors) > 1:
            raise ConfigError("search.scale_factors: KYS looks at one scale; its box head finds the size")
        for field in fields(Localization):
            if field.name not in _USED and getattr(self.localization, field.name) != field.default:
                raise ConfigError(f"localization.{field.name} plays no part in KYS; leave it as it is")


KYS = KYSConfig()
"""KYS"""
KYS_VOT = replace(
    KYS,
    search=SearchRegion(side=224, area=4.0),
    scene=SceneConfig(window_area=4.0, forgets_when_lost=True, mines_hard_negatives=True),
    augmentation=replace(
        FIRST_FRAME,
        blurs=((0.2, 2.0), (2.0, 0.2), (1.0, 3.0), (3.0, 1.0), (2.0, 2.0)),
        rotations=(5.0, -5.0, 10.0, -10.0, 20.0, -20.0, 30.0, -30.0, 45.0, -45.0, -60.0, 60.0),
        dropout_copies=7,
    ),
    memory=SampleMemory(size=250, learning_rate=0.0075, initial_minimum=0.0),
    learning=Learning(first_steps=25, interval=10, steps=3, hard_negative_steps=3),
)
"""KYS for VOT 2018, whose targets do not leave the frame"""
