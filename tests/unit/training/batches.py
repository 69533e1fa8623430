"""Batches as a recipe's network wants them, of bright squares on noise."""

import torch
from torch import Tensor

from saccade.data.samples.proposals import GaussianProposals
from saccade.data.samples.sample import FrameSet, Sample
from saccade.ops.labels import gaussian_density, gaussian_label
from saccade.training.recipe import Recipe

SHOWN, SHOWN_MASKED = 1 / 4, 1 / 2
"""side of a target / shorter side of the crop; with masks it fills a cell, of which the encoder of boxes sees
one point"""


def batch_for(recipe: Recipe, *, samples: int = 0, seed: int = 0) -> Sample:
    """A batch, of as many samples as the recipe's if not said otherwise."""
    generator = torch.Generator().manual_seed(seed)
    samples, sampling = samples or recipe.batch, recipe.sampling
    colours = torch.randn(samples, 3, 1, 1, generator=generator)
    train = _frames(recipe, sampling.num_train, colours, generator)
    test = _frames(recipe, sampling.num_test, colours, generator)
    if sampling.policy == "occlusion":
        ones = torch.ones(sampling.num_test, samples)
        test = test._replace(is_valid=ones.to(torch.int8), visibility=ones)
    return Sample(train, _with_proposals(recipe, test, generator), tuple(f"made/{i}" for i in range(samples)))


def look_alikes(batch: Sample) -> Sample:
    """A batch whose two samples are the same pictures, with both targets: only a mask or a box says which."""
    return Sample(_side_by_side(batch.train), _side_by_side(batch.test), batch.origins)


def _side_by_side(frames: FrameSet) -> FrameSet:
    """One target moves to the left, the other to the right, and both pictures become their sum."""
    assert frames.masks is not None
    shift = frames.images.shape[-1] // 5
    shifts = (-shift, shift)
    images, masks = (
        torch.stack([each[:, i].roll(by, -1) for i, by in enumerate(shifts)], dim=1)
        for each in (frames.images, frames.masks)
    )
    boxes = frames.boxes.clone()
    boxes[..., 0] += torch.tensor(shifts)
    return frames._replace(images=images.sum(dim=1, keepdim=True).expand_as(images), masks=masks, boxes=boxes)


def part_of(batch: Sample, samples: slice) -> Sample:
    """Some samples of a batch."""
    sets = [
        FrameSet(*(None if values is None else values[:, samples] for values in frames))
        for frames in batch[:2]
    ]
    return Sample(sets[0], sets[1], batch.origins[samples])


def _frames(recipe: Recipe, frames: int, colours: Tensor, generator: torch.Generator) -> FrameSet:
    width, height = recipe.processing.crop.size_wh
    shown = SHOWN_MASKED if recipe.processing.has_masks else SHOWN
    side, shape = shown * min(width, height), (frames, len(colours))
    centre = torch.tensor([width, height]) * (0.35 + 0.3 * torch.rand(*shape, 2, generator=generator))
    size = side * (0.8 + 0.4 * torch.rand(*shape, 2, generator=generator))
    boxes = torch.cat([centre - size / 2, size], dim=-1)
    columns, rows = torch.arange(width) + 0.5, torch.arange(height)[:, None] + 0.5
    low, high = boxes[..., :2, None, None], (boxes[..., :2] + boxes[..., 2:])[..., None, None]
    masks = (
        (columns >= low[..., 0, :, :])
        & (columns < high[..., 0, :, :])
        & (rows >= low[..., 1, :, :])
        & (rows < high[..., 1, :, :])
    ).float()
    noise = torch.randn(*shape, 3, height, width, generator=generator)
    images = 0.3 * noise + masks[:, :, None] * (1 + colours)
    found = FrameSet(images * (50.0 if recipe.processing.colors.white > 1 else 1.0), boxes)
    if recipe.processing.has_masks:
        found = found._replace(masks=masks)
    if recipe.processing.labels is not None:
        found = found._replace(**_labels(recipe, centre))
    return found


def _labels(recipe: Recipe, centre: Tensor) -> dict[str, Tensor]:
    labels = recipe.processing.labels
    assert labels is not None
    width, height = labels.cells_wh
    sigma = labels.sigma * (width * height) ** 0.5
    cells = centre / 16  # of an even filter's score maps
    from_middle = cells - torch.tensor([width, height]) / 2
    made = {"labels": gaussian_label((width + 1, height + 1), torch.full_like(cells, sigma), from_middle)}
    if recipe.processing.density is not None:
        size = (height + 1, width + 1)
        made["densities"] = gaussian_density(size, sigma, cells, normalises=True)
    return made


def _with_proposals(recipe: Recipe, test: FrameSet, generator: torch.Generator) -> FrameSet:
    settings = recipe.processing.proposals
    if settings is None:
        return test
    true = test.boxes[:, :, None]
    shape = (*test.boxes.shape[:2], settings.count, 4)
    if not isinstance(settings, GaussianProposals):
        moved = 0.2 * true[..., 2:].repeat(1, 1, 1, 2) * torch.randn(shape, generator=generator)
        boxes = true + moved
        return test._replace(proposals=boxes, proposal_ious=_ious(boxes, true))
    sigmas = torch.tensor(settings.sigmas).repeat_interleave(2, dim=1)
    chosen = torch.randint(len(sigmas), shape[:3], generator=generator)
    offset = sigmas[chosen] * torch.randn(shape, generator=generator)
    size = true[..., 2:] * offset[..., 2:].exp()
    centre = true[..., :2] + true[..., 2:] / 2 + offset[..., :2] * true[..., 2:]
    boxes = torch.cat([centre - size / 2, size], dim=-1)
    drawn = _normal(offset[..., None, :], sigmas).mean(dim=-1)
    truth = torch.tensor(settings.truth_sigma).repeat_interleave(2).clamp(min=0.05)
    if settings.has_mean:
        boxes = torch.cat([true, boxes], dim=2)
        drawn = torch.cat([-torch.ones_like(drawn[:, :, :1]), drawn], dim=2)
    if settings.judged_by == "iou":
        return test._replace(proposals=boxes, proposal_ious=_ious(boxes, true))
    wished = _normal(offset, truth)
    if not settings.has_mean:
        # so that few proposals are as good as all: else the loss of scores that are only shifted has no bound
        wished = wished / (wished / drawn).mean(dim=2, keepdim=True)
    return test._replace(proposals=boxes, proposal_densities=drawn, truth_densities=wished)


def _normal(x: Tensor, sigma: Tensor) -> Tensor:
    return torch.distributions.Normal(0.0, sigma).log_prob(x).sum(dim=-1).exp()


def _ious(boxes: Tensor, true: Tensor) -> Tensor:
    low = torch.maximum(boxes[..., :2], true[..., :2])
    high = torch.minimum(boxes[..., :2] + boxes[..., 2:], true[..., :2] + true[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    whole = boxes[..., 2:].prod(dim=-1) + true[..., 2:].prod(dim=-1) - shared
    return 2 * shared / whole - 1
