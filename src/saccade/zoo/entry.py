"""What the catalogue says of a model."""

from dataclasses import dataclass
from typing import Literal

from saccade.zoo.published import PublishedWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the catalogue."""

    name: str
    task: Literal["track", "segment", "detect", "pose"]
    method: str
    """module with the preset and the function `build`; and `make_network`, where there are weights"""
    preset: str
    """name of the frozen configuration in that module"""
    summary: str
    """one line for people who choose"""
    paper: str = ""
    """title and arXiv number"""
    weights: PublishedWeights | None = None
    """None for models that learn all from the first frame, and for those that come with their weights"""
    shipped: str = ""
    """the file with its weights in this package's folder `shipped`; empty for none"""
    untrained: bool = False
    """whether it has a network for which nobody has published weights, so that it has to be trained first"""
    network: str = ""
    """constructor of that network in the original's code, by which others' files are told; empty elsewhere"""
    cpu_only: bool = False
    """whether an accelerator would not make it faster, so that it runs on the CPU"""
    needs_masks: bool = False
    """whether a box does not do to point at a target"""

    @property
    def remedy(self) -> str:
        """What to do where the weights are missing."""
        if self.untrained:
            return (
                f"nobody has published any; make them with saccade train {self.name}, and name its best.ckpt"
            )
        if self.weights is None:
            return "it comes with them" if self.shipped else "it needs none"
        by_hand = f"saccade models import FILE --as {self.name}"
        if self.weights.is_reachable:
            return f"saccade models download {self.name}, or {by_hand}"
        return f"their address is not known; ask their publisher, {self.weights.origin}, and: {by_hand}"
