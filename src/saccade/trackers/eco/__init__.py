"""ECO: hand-crafted features in real time on a CPU, or the deep features of the original."""

from saccade.trackers.eco.build import build, make_network
from saccade.trackers.eco.config import ECO, ECOConfig
from saccade.trackers.eco.deep_config import ECO_DEEP, ECODeepConfig

__all__ = ["ECO", "ECO_DEEP", "ECOConfig", "ECODeepConfig", "build", "make_network"]
