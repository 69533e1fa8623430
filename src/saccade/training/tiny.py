"""Recipes at a reduced size, which run on a CPU in seconds: for tests, and to try whether all is in place."""

from dataclasses import replace

from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.training.recipe import TrackingRecipe

STRIDE = 16
"""crop pixels in a cell"""
SIDE = 64
"""longest side of a crop in pixels"""


def tiny(recipe: TrackingRecipe) -> TrackingRecipe:
    """The same training with small crops, few frames and proposals, two samples a batch and two epochs.

    The network is the same, so that what comes out is loaded like the real thing. Labels are as wide in cells
    as they are on large crops.
    """
    return replace(
        recipe,
        sampling=_sampling(recipe.sampling),
        processing=_processing(recipe.processing),
        optimisation=replace(recipe.optimisation, milestones=(1,)),
        epochs=2,
        samples=8,
        batch=2,
        validation_samples=2,
        validation_every=1,
    )


def _sampling(sampling: Sampling) -> Sampling:
    return replace(sampling, num_train=min(sampling.num_train, 2), num_test=min(sampling.num_test, 4))


def _processing(processing: Processing) -> Processing:
    crop, labels, proposals = processing.crop, processing.labels, processing.proposals
    shrink = SIDE / max(crop.size_wh)
    cells = tuple(max(round(side * shrink / STRIDE), 2) for side in crop.size_wh)
    width, height = cells
    if labels is not None:
        sigma = labels.sigma * (labels.cells_wh[0] * labels.cells_wh[1] / (width * height)) ** 0.5
        labels = replace(labels, cells_wh=(width, height), sigma=sigma)
    if proposals is not None:
        proposals = replace(proposals, count=min(proposals.count, 16))
    return replace(
        processing,
        crop=replace(crop, size_wh=(STRIDE * width, STRIDE * height)),
        labels=labels,
        proposals=proposals,
    )
