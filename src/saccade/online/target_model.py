"""The target model: what tells one target from its surroundings, learned while it is followed."""

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.core.ranges import at_least, check_ranges
from saccade.nets.resnet import STRIDES
from saccade.online.localization import ScoreMaps
from saccade.online.memory import SampleWeights
from saccade.online.state import TargetState

M = TypeVar("M", bound=TargetState)

STRIDE = STRIDES["layer3"]
"""crop pixels in a cell of the features that target models work on"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """When and for how long the target model is optimised."""

    first_steps: int = 10
    """steps on the first frame"""
    interval: int = 20
    """frames between two improvements"""
    steps: int = 2
    """steps of each"""
    hard_negative_steps: int = 1
    """steps at once on a frame that shows a distractor"""
    improves_unseen: bool = False
    """whether scheduled improvements happen on frames too from which nothing is remembered (ATOM)"""

    def __post_init__(self) -> None:
        check_ranges(
            "learning",
            self,
            first_steps=at_least(0),
            interval=at_least(1),
            steps=at_least(0),
            hard_negative_steps=at_least(0),
        )


@runtime_checkable
class TargetModel(Protocol[M]):
    """What a discriminative tracker is known by; the loop around it is the same for all.

    Boxes are (x, y, w, h) in crop pixels. What is learned of N targets is a state of the model's own.
    """

    def offset(self, side: int) -> float:
        """Crop pixels by which search regions lie further right and down than their target."""
        ...

    def extract(self, layer3: Float[Tensor, "B c h w"]) -> Float[Tensor, "B C h w"]:
        """The features that the model works on, of the backbone's."""
        ...

    def learn(
        self, features: Float[Tensor, "T C h w"], boxes: Float[Tensor, "T 4"], generator: torch.Generator
    ) -> M:
        """Learns one target from T pictures of its first frame, the plain one first."""
        ...

    def score(self, features: Float[Tensor, "N S C h w"], state: M) -> ScoreMaps:
        """Scores every place of N targets' search regions at S scales."""
        ...

    def remember(
        self,
        features: Float[Tensor, "M C h w"],
        boxes: Float[Tensor, "M 4"],
        learning_rates: Float[Tensor, " M"],
        state: M,
        rows: Integer[Tensor, " M"],
    ) -> None:
        """Adds what was seen of some targets, the named rows, to their sample memories.

        Args:
            learning_rates: share of the new sample in each memory, in [0, 1].
        """
        ...

    def sample_weights(self, state: M) -> SampleWeights:
        """How much of what is remembered counts."""
        ...

    def loss(self, state: M) -> Float[Tensor, " N"]:
        """What the models do wrong on what they remember: the value that `improve` makes smaller."""
        ...

    def improve(self, state: M, rows: Integer[Tensor, " M"], *, steps: int) -> None:
        """Goes on with the optimisation of some targets' models, on what they remember."""
        ...
