"""The losses of the methods: small functions, whose reduction is the caller's unless they say otherwise.

Score maps, labels and masks have their frames first and samples second, though most functions do not care.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.ops.activations import log_normaliser2d
from saccade.training.processes import gathered, mean_over_processes

NOTHING = 1e-12
"""added to sums of weights, so that they divide also where nothing counts"""


def hinge_errors(
    scores: Float[Tensor, "*n h w"], labels: Float[Tensor, "*n h w"], *, threshold: float
) -> Float[Tensor, "*n h w"]:
    """Squared errors of scores; in the background, any score below 0 is as good as 0 (DiMP, eq. 3 and 6).

    Args:
        threshold: label below which a cell is background.
    """
    is_background = labels < threshold
    wished = labels.masked_fill(is_background, 0)
    return (torch.where(is_background, scores.relu(), scores) - wished).square()


def presence_errors(
    logits: Float[Tensor, "*n h w"], labels: Float[Tensor, "*n h w"]
) -> Float[Tensor, "*n h w"]:
    """Cross entropies of whether each cell is the target's, to the degree that its label says (KYS)."""
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none")


def map_divergence(scores: Float[Tensor, "*n h w"], density: Float[Tensor, "*n h w"]) -> Float[Tensor, "*n"]:
    """The Kullback-Leibler divergence of softmax(scores) from a density that sums to 1 over the map.

    But for the density's own entropy, which no score can change (PrDiMP, eq. 8).
    """
    return log_normaliser2d(scores) - (scores * density).sum(dim=(-2, -1))


def box_divergence(
    scores: Float[Tensor, "n P"], drawn: Float[Tensor, "n P"], truth: Float[Tensor, "n P"]
) -> Float[Tensor, " n"]:
    """The same of densities of boxes, by importance sampling (PrDiMP, eq. 7).

    Args:
        scores: logarithms of the density that is learned, but for a constant.
        drawn: the density with which each proposal was drawn.
        truth: the density that each should have.
    """
    partition = (scores - drawn.log()).logsumexp(dim=1) - math.log(scores.shape[1])
    return partition - (scores * truth / drawn).mean(dim=1)


def box_likelihood(scores: Float[Tensor, "n P"], drawn: Float[Tensor, "n P"]) -> Float[Tensor, " n"]:
    """Minus the log-likelihood of the true box, by importance sampling (Gustafsson et al. 2019, eq. 6).

    The first proposal is the true box, and its `drawn` means nothing.
    """
    partition = (scores[:, 1:] - drawn[:, 1:].log()).logsumexp(dim=1) - math.log(scores.shape[1] - 1)
    return partition - scores[:, 0]


def lovasz_loss(logits: Float[Tensor, "*n"], masks: Float[Tensor, "*n"]) -> Float[Tensor, ""]:
    """A convex surrogate of 1 - IoU of masks, for probabilities (Berman et al. 2018, Lovasz-Softmax).

    All pixels of all frames, samples and processes are pooled: it is the loss of one large mask. Without any
    target it is the highest probability.

    Args:
        logits: sigmoid(logits) is the probability of each pixel to be the target's.
        masks: 1 where it is.
    """
    truth = gathered((masks == 1).flatten().to(logits.dtype))
    error, order = (truth - gathered(logits.sigmoid().flatten())).abs().sort(descending=True)
    is_target = truth[order] > 0
    total = is_target.sum()
    intersection, union = total - is_target.cumsum(0), total + (~is_target).cumsum(0)
    # by how much the next error raises 1 - intersection / union; as differences of two nearly equal numbers,
    # these would be lost in rounding
    share = 1 / union.to(error.dtype)
    rise = torch.where(is_target, share, intersection * share / (union - 1).clamp(min=1))
    rise = torch.where(~is_target & (union == 1), 1, rise)
    return (error * rise).sum()


def weighted_mean(values: Float[Tensor, "*n"], weights: Float[Tensor, "*n"]) -> Float[Tensor, ""]:
    """The mean over the samples of all processes together; 0 where all weights are 0."""
    return (values * weights).sum() / (mean_over_processes(weights.sum()) + NOTHING)


def is_right(
    scores: Float[Tensor, "n h w"], labels: Float[Tensor, "n h w"], *, threshold: float
) -> Bool[Tensor, " n"]:
    """Whether each highest score is where the label is above `threshold`, for targets that are in sight.

    For others, whose label reaches it nowhere, it is right wherever it is.
    """
    at_peak = labels.flatten(1).gather(1, scores.flatten(1).argmax(dim=1, keepdim=True))[:, 0].relu()
    highest = labels.flatten(1).amax(dim=1)
    found = (at_peak >= threshold) & (highest > IN_SIGHT)
    return found | ((at_peak < threshold) & (highest < IN_SIGHT))


IN_SIGHT = 0.25
"""highest value of a label from which the target counts as in sight"""


def mask_overlap(predicted: Bool[Tensor, "*n H W"], masks: Bool[Tensor, "*n H W"]) -> Float[Tensor, "*n"]:
    """The IoU of masks; 1 where both are empty."""
    union = (predicted | masks).sum(dim=(-2, -1))
    overlap = (predicted & masks).sum(dim=(-2, -1)) / union.clamp(min=1)
    return overlap.where(union > 0, 1.0)
