"""How far a predicted box is from the true one, frame by frame."""

import numpy as np
from jaxtyping import Float64

Boxes = Float64[np.ndarray, "F 4"]


def overlap(predicted: Boxes, truth: Boxes) -> Float64[np.ndarray, " F"]:
    """Intersection over union of each pair of boxes (x, y, w, h), in [0, 1].

        IoU = |P ∩ G| / (|P| + |G| - |P ∩ G|)

    Sides are continuous: a box reaches from x to x + w. Benchmarks that count pixels, from x to x + w - 1 and
    one more, compute the very same number. Two boxes without area have overlap 0.
    """
    corner = np.maximum(predicted[:, :2], truth[:, :2])
    opposite = np.minimum(predicted[:, :2] + predicted[:, 2:], truth[:, :2] + truth[:, 2:])
    shared = np.clip(opposite - corner, 0.0, None).prod(axis=1)
    union = predicted[:, 2:].prod(axis=1) + truth[:, 2:].prod(axis=1) - shared
    ratio = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    # the union of a box with itself may round to less than the box
    return np.clip(ratio, 0.0, 1.0)


def centre_error(predicted: Boxes, truth: Boxes) -> Float64[np.ndarray, " F"]:
    """Distance between the centres of each pair of boxes (x, y, w, h), in frame pixels, at least 0.

    e = |c_P - c_G| with c = (x + w/2, y + h/2); benchmarks that take (w - 1)/2 get the same distance.
    """
    return np.hypot(*_offset(predicted, truth).T)


def normalised_centre_error(predicted: Boxes, truth: Boxes) -> Float64[np.ndarray, " F"]:
    """Distance between the centres of each pair of boxes (x, y, w, h) in sizes of the true box, at least 0.

        e = |((c_P - c_G)_x / w_G, (c_P - c_G)_y / h_G)|

    True boxes must have area. TrackingNet (Müller et al. 2018), section 4.
    """
    return np.hypot(*(_offset(predicted, truth) / truth[:, 2:]).T)


def _offset(predicted: Boxes, truth: Boxes) -> Float64[np.ndarray, "F 2"]:
    """From the true to the predicted centre, in frame pixels."""
    return (predicted[:, :2] + predicted[:, 2:] / 2) - (truth[:, :2] + truth[:, 2:] / 2)
