"""A mixture of footage, drawn from by weight."""

import random
from collections.abc import Sequence

from saccade.core import ConfigError
from saccade.data.samples.footage import Footage


class Mixture:
    """Footage of several data sets, drawn from by weight.

    Attributes:
        footages: what is drawn from.
        weights: how often each is, relative to the others.
    """

    def __init__(self, footages: Sequence[Footage], weights: Sequence[float] | None = None) -> None:
        """Puts footage together.

        Args:
            weights: one for each; by default its number of targets.

        Raises:
            ConfigError: when there is none, or the weights are not as many, or none is above 0.
        """
        self.footages = tuple(footages)
        self.weights = tuple(map(float, map(len, self.footages) if weights is None else weights))
        if len(self.footages) != len(self.weights):
            raise ConfigError(
                f"{len(self.weights)} weights for {len(self.footages)} data sets; give one each"
            )
        if not self.footages or min(self.weights) < 0 or not sum(self.weights) > 0:
            raise ConfigError(
                f"weights {', '.join(f'{weight:g}' for weight in self.weights) or 'of nothing'}: "
                f"give data sets with weights of at least 0, and one above"
            )
        empty = [
            item.name
            for item, weight in zip(self.footages, self.weights, strict=True)
            if weight and not len(item)
        ]
        if empty:
            raise ConfigError(
                f"{', '.join(empty)}: nothing to draw from; leave it out, or give another folder"
            )

    def choose(self, rng: random.Random) -> Footage:
        """Draws a data set: one draw of `random.choices`."""
        return rng.choices(self.footages, self.weights)[0]

    def __repr__(self) -> str:
        parts = (
            f"{item.name} x {weight:g}" for item, weight in zip(self.footages, self.weights, strict=True)
        )
        return f"Mixture({', '.join(parts)})"
