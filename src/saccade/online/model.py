"""The model of an online tracker: configuration and tracker, which never change, and the runs it starts."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from saccade.online.run import Tracker, TrackingRun


@dataclass(frozen=True, slots=True, eq=False)
class OnlineModel:
    """The `Model` of every online tracker.

    Attributes:
        name: name in the catalogue.
        config: the frozen configuration.
        tracker: the method.
        network: what is learned offline; None for methods without a network.
    """

    name: str
    config: Any
    tracker: Tracker[Any]
    network: nn.Module | None = None

    def start(self, *, seed: int = 0) -> TrackingRun[Any]:
        """Begins a pass over a video; the same seed gives the same result, bit for bit, on one device."""
        return TrackingRun(self.tracker, seed=seed)
