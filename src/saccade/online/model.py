"""The model of an online tracker: configuration and tracker, which never change, and the runs it starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from saccade.core.config import to_json
from saccade.core.model import Run
from saccade.online.run import Tracker, TrackingRun
from saccade.online.segmentation import Segmenter


@dataclass(frozen=True, slots=True, eq=False)
class OnlineModel:
    """The `Model` of every online tracker.

    Attributes:
        name: name in the catalogue.
        config: the frozen configuration.
        tracker: the method.
        network: what is learned offline; None for methods without a network.
        run: what a pass over a video is.
    """

    name: str
    config: Any
    tracker: Tracker[Any] | Segmenter[Any, Any]
    network: nn.Module | None = None
    run: Callable[..., Run] = TrackingRun

    def start(self, *, seed: int = 0) -> Run:
        """Begins a pass over a video; the same seed gives the same result, bit for bit, on one device."""
        return self.run(self.tracker, name=self.name, config=to_json(self.config), seed=seed)
