"""Maps that tell for each pixel how likely it is to belong to each of several targets."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def soft_aggregate(scores: Float[Tensor, "N H W"]) -> tuple[Bool[Tensor, "N H W"], Float[Tensor, "N H W"]]:
    """Lets N targets, each scored as if it were alone, compete for the pixels.

    A single target has no competitor and keeps the sigmoid of its scores.

    Args:
        scores: log odds of each pixel.

    Returns:
        Masks, of which at most one has each pixel, and the probabilities.
    """
    return (scores > 0, scores.sigmoid()) if len(scores) <= 1 else aggregate_with_background(scores)


def aggregate_with_background(
    scores: Float[Tensor, "N H W"],
) -> tuple[Bool[Tensor, "N H W"], Float[Tensor, "N H W"]]:
    """Lets one or more targets compete for the pixels, with the background as one more competitor.

    The background is as likely as it is that a pixel belongs to none of them; probabilities are then the
    softmax over background and targets (Oh et al. 2018, *Fast Video Object Segmentation by Reference-Guided
    Mask Propagation*, section 3.4). Arguments and result are those of `soft_aggregate`.
    """
    nobody = (1 - scores.sigmoid()).prod(dim=0).clamp(1e-7, 1 - 1e-7)
    background = (nobody / (1 - nobody)).log()
    together = torch.cat([background[None], scores]).softmax(dim=0)
    owner = together.argmax(dim=0)
    targets = torch.arange(1, len(together), device=scores.device)
    return owner == targets[:, None, None], together[1:]


def spread(
    probability: Float[Tensor, "N H W"],
) -> tuple[Float[Tensor, " N"], Float[Tensor, "N 2"], Float[Tensor, "N 2"]]:
    """Where and how far probability is spread.

    Returns:
        its sum in pixels; its mean place (x, y) and its standard deviation along each axis, which are NaN
        where there is none.
    """
    total = probability.sum(dim=(1, 2))
    along_x = _axis(probability.sum(dim=1) / total[:, None])
    along_y = _axis(probability.sum(dim=2) / total[:, None])
    mean, deviation = (torch.stack(both, dim=1) for both in zip(along_x, along_y, strict=True))
    return total, mean, deviation


def _axis(share: Float[Tensor, "N n"]) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
    """Mean and standard deviation of coordinates that have these shares."""
    at = torch.arange(share.shape[1], dtype=share.dtype, device=share.device)
    mean = (share * at).sum(dim=1)
    variance = (share * (at - mean[:, None]).square()).sum(dim=1)
    return mean, variance.sqrt()
