"""How far a predicted box is from the true one, frame by frame."""

import numpy as np
from jaxtyping import Float64

Boxes = Float64[np.ndarray, "F 4"]
Values = Float64[np.ndarray, " F"]


def overlap(predicted: Boxes, truth: Boxes) -> Values:
    """Intersection over union of each pair of boxes (x, y, w, h), in [0, 1].

        IoU = |P ∩ G| / (|P| + |G| - |P ∩ G|)

    Sides are continuous: a box reaches from x to x + w. Benchmarks that count pixels, from x to x + w - 1 and
    one more, compute the very same number. Two boxes without area have overlap 0.
    """
    (px, py, pw, ph), (gx, gy, gw, gh) = predicted.T, truth.T
    width = np.minimum(px + pw, gx + gw) - np.maximum(px, gx)
    height = np.minimum(py + ph, gy + gh) - np.maximum(py, gy)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = pw * ph + gw * gh - shared
    ratio = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    # the union of a box with itself may round to less than the box
    return np.minimum(ratio, 1.0)


def centre_error(predicted: Boxes, truth: Boxes) -> Values:
    """Distance between the centres of each pair of boxes (x, y, w, h), in frame pixels, at least 0.

    e = |c_P - c_G| with c = (x + w/2, y + h/2); benchmarks that take (w - 1)/2 get the same distance.
    """
    dx, dy = _offset(predicted, truth)
    return np.sqrt(dx * dx + dy * dy)


def normalised_centre_error(predicted: Boxes, truth: Boxes, *, smallest_side: float = 0.0) -> Values:
    """Distance between the centres of each pair of boxes (x, y, w, h) in sizes of the true box, at least 0.

        e = |((c_P - c_G)_x / w_G, (c_P - c_G)_y / h_G)|

    From a true box without width or height every centre is infinitely far. TrackingNet (Müller et al. 2018),
    section 4.

    Args:
        smallest_side: true sides below it count as that long, in frame pixels.
    """
    offsets = _offset(predicted, truth)
    sides = np.maximum(truth[:, 2:].T, smallest_side)
    dx, dy = (
        np.divide(offset, side, out=np.full_like(offset, np.inf), where=side > 0)
        for offset, side in zip(offsets, sides, strict=True)
    )
    return np.sqrt(dx * dx + dy * dy)


def clip_to_image(boxes: Boxes, image_wh: tuple[int, int]) -> Boxes:
    """Each box (x, y, w, h) moved and cut into the picture, as GOT-10k does it.

    A corner left of or above the picture moves in and takes the box along; what then still reaches beyond the
    other sides is cut off. A box wholly beyond those has no size.
    """
    corner = np.clip(boxes[:, :2], 0.0, image_wh)
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0.0, np.array(image_wh) - corner)], axis=1)


def _offset(predicted: Boxes, truth: Boxes) -> tuple[Values, Values]:
    """From the true to the predicted centre along x and y, in frame pixels."""
    (px, py, pw, ph), (gx, gy, gw, gh) = predicted.T, truth.T
    return (px + pw / 2) - (gx + gw / 2), (py + ph / 2) - (gy + gh / 2)
