"""How fast parameters change, step by step."""

import math

from saccade.training.recipe import Optimisation


def rate_factor(optimisation: Optimisation, step: int, *, epoch_steps: int, epochs: int) -> float:
    """The factor on the learning rates at a step, counted from 0; nothing but these numbers decides on it.

    Args:
        epoch_steps: steps an epoch.
        epochs: epochs of the whole training.
    """
    if optimisation.schedule == "cosine":
        done = min(step / (epoch_steps * max(epochs - optimisation.flat, 1)), 1.0)
        factor = optimisation.gamma + (1 - optimisation.gamma) * (1 + math.cos(math.pi * done)) / 2
    else:
        ended = step // epoch_steps
        factor = optimisation.gamma ** sum(milestone <= ended for milestone in optimisation.milestones)
    warmup = max(optimisation.warmup, round(optimisation.warmup_epochs * epoch_steps))
    if step < warmup:
        factor *= ((step + 1) / warmup) ** (2 if optimisation.warmup_shape == "quadratic" else 1)
    return factor * optimisation.lr_factor
