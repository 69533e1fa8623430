"""KYS: DiMP with a memory of what surrounds the target."""

from saccade.trackers.kys.build import build, make_network
from saccade.trackers.kys.config import KYS, KYS_VOT, KYSConfig, SceneConfig
from saccade.trackers.kys.network import KYSNET, KYSNet, KYSNetConfig
from saccade.trackers.kys.predictor import PredictorConfig

__all__ = [
    "KYS",
    "KYSNET",
    "KYS_VOT",
    "KYSConfig",
    "KYSNet",
    "KYSNetConfig",
    "PredictorConfig",
    "SceneConfig",
    "build",
    "make_network",
]
