"""LWL: a few-shot learner tells a decoder which pixels are the target's."""

from saccade.segmenters.lwl.build import build, make_network
from saccade.segmenters.lwl.config import LWL, LWL_BOX, LWLConfig
from saccade.segmenters.lwl.network import LWLNet

__all__ = ["LWL", "LWL_BOX", "LWLConfig", "LWLNet", "build", "make_network"]
