"""What ECO with deep features remembers of its targets."""

from dataclasses import dataclass

from torch import Tensor

from saccade.online.state import TargetState

Blocks = tuple[Tensor, ...]
"""one tensor for each block of features"""


@dataclass(slots=True)
class ECODeepState(TargetState):
    """What ECO remembers of N targets. Tuples hold one tensor for each of its blocks of features.

    Attributes:
        centre: (x, y) in frame pixels.
        scale: frame pixels in a crop pixel.
        base: (width, height) of the target in crop pixels; does not change.
        age: frames since the first one.
        labels, reg_squared, reg_energy: what the filters are taught, and their regularisation.
        projections, filters, energies: compression of features, filters, and mean energy of what they were
            learnt from.
        samples, weights, newest: sample memory, weight of each slot and slot of the newest sample.
        stored, initial: number of samples ever stored, and of those made of the first frame.
        directions, rhos, residuals: where the last improvement of the filters stopped.
    """

    centre: Tensor
    scale: Tensor
    base: Tensor
    age: Tensor
    labels: Blocks
    reg_squared: Blocks
    reg_energy: Blocks
    projections: Blocks
    filters: Blocks
    energies: Blocks
    samples: Blocks
    weights: Blocks
    newest: Blocks
    stored: Tensor
    initial: Tensor
    directions: Blocks
    rhos: Blocks
    residuals: Blocks
