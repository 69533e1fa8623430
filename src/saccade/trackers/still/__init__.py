"""The smallest tracker: the target stays where it was. Copy this folder to begin a method of your own."""

from saccade.trackers.still.config import STILL, StillConfig
from saccade.trackers.still.tracker import build

__all__ = ["STILL", "StillConfig", "build"]
