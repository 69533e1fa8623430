"""The small tracker that comes with its weights: learned and hand-crafted features, two filters, a scale."""

from saccade.trackers.nano.build import build, make_network
from saccade.trackers.nano.config import DIMP_NANO, NanoConfig
from saccade.trackers.nano.network import NanoNet, NanoNetConfig

__all__ = ["DIMP_NANO", "NanoConfig", "NanoNet", "NanoNetConfig", "build", "make_network"]
