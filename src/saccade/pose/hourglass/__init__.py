"""Stacked hourglass: heat maps of one person's joints, found and corrected again and again."""

from saccade.pose.hourglass.build import build, make_network
from saccade.pose.hourglass.config import (
    HOURGLASS1,
    HOURGLASS2,
    HOURGLASS8,
    HourglassConfig,
    HourglassNetworkConfig,
)
from saccade.pose.hourglass.network import StackedHourglass

__all__ = [
    "HOURGLASS1",
    "HOURGLASS2",
    "HOURGLASS8",
    "HourglassConfig",
    "HourglassNetworkConfig",
    "StackedHourglass",
    "build",
    "make_network",
]
