"""SimpleBaseline: heat maps of one person's joints, from a ResNet and three transposed convolutions."""

from saccade.pose.simplebaseline.build import build, make_network
from saccade.pose.simplebaseline.config import (
    SIMPLEBASELINE_RESNET18,
    SIMPLEBASELINE_RESNET50,
    SIMPLEBASELINE_RESNET50_384X288,
    SIMPLEBASELINE_RESNET50_MPII,
    SIMPLEBASELINE_RESNET101,
    SIMPLEBASELINE_RESNET101_384X288,
    SIMPLEBASELINE_RESNET101_MPII,
    SIMPLEBASELINE_RESNET152,
    SIMPLEBASELINE_RESNET152_384X288,
    SIMPLEBASELINE_RESNET152_MPII,
    SimpleBaselineConfig,
    SimpleBaselineNetworkConfig,
)
from saccade.pose.simplebaseline.network import SimpleBaseline

__all__ = [
    "SIMPLEBASELINE_RESNET18",
    "SIMPLEBASELINE_RESNET50",
    "SIMPLEBASELINE_RESNET50_384X288",
    "SIMPLEBASELINE_RESNET50_MPII",
    "SIMPLEBASELINE_RESNET101",
    "SIMPLEBASELINE_RESNET101_384X288",
    "SIMPLEBASELINE_RESNET101_MPII",
    "SIMPLEBASELINE_RESNET152",
    "SIMPLEBASELINE_RESNET152_384X288",
    "SIMPLEBASELINE_RESNET152_MPII",
    "SimpleBaseline",
    "SimpleBaselineConfig",
    "SimpleBaselineNetworkConfig",
    "build",
    "make_network",
]
