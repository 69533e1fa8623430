"""What is chosen: every setting of the tracker, and its presets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StillConfig:
    """Settings of the tracker that stands still."""

    confidence: float = 1.0
    """score reported in every frame, in [0, 1]"""


STILL = StillConfig()
