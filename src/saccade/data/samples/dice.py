"""Where all chance in a training sample comes from: nobody touches a global random number generator."""

import random
from typing import NamedTuple

import numpy as np
import torch


class Dice(NamedTuple):
    """The generators that a sample is drawn with. There are three because published draws used three.

    Attributes:
        random: draws frames, flips, affine maps, and perturbed proposals.
        torch: draws jitter and Gaussian proposals; on the CPU.
        numpy: draws brightness.
    """

    random: random.Random
    torch: torch.Generator
    numpy: np.random.RandomState

    @classmethod
    def of(cls, seed: int) -> "Dice":
        """All three seeded with one number below 2**32, as published draws were."""
        return cls(random.Random(seed), torch.Generator().manual_seed(seed), np.random.RandomState(seed))

    @classmethod
    def at(cls, seed: int, *place: int) -> "Dice":
        """Dice that depend on a seed and on a place, and on nothing else; no number may be negative."""
        words = np.random.SeedSequence((seed, *place)).generate_state(8)
        first, second = words[:4].view(np.uint64).tolist()
        # torch takes signed numbers
        generator = torch.Generator().manual_seed(second >> 1)
        return cls(random.Random(first), generator, np.random.RandomState(words[4:]))
