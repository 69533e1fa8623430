"""ECO's first frame: from one box to a filter, a projection and a sample memory."""

import math
from dataclasses import dataclass, fields
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.timing import Stopwatch
from saccade.nets.vggm import ResNet18VGGM
from saccade.online.augmentation import FirstFrameAugmentation, channel_dropout
from saccade.online.memory import SampleWeights
from saccade.ops.crops import sample_patch
from saccade.ops.fourier import phase_ramp
from saccade.ops.labels import gaussian_series
from saccade.solvers.conjugate_gradient import CGState
from saccade.solvers.gauss_newton import GaussNewton
from saccade.trackers.eco.deep_config import ECODeepConfig, FeatureBlock
from saccade.trackers.eco.deep_features import block_features, filter_size, interpolation, to_series
from saccade.trackers.eco.deep_model import (
    JointProblem,
    Regularisation,
    filter_diagonal,
    principal_projection,
    projection_diagonal,
    regularisation_kernel,
    symmetrised,
)
from saccade.trackers.eco.deep_state import ECODeepState


def search_geometry(
    size: Float[Tensor, "2"], config: ECODeepConfig
) -> tuple[Float[Tensor, ""], Float[Tensor, "2"], int]:
    """Scale of the search region, and in crop pixels the target's size and the region's side.

    The region is enlarged or reduced where its side would be outside of `min_side` ... `max_side`.
    """
    area = (size * config.search_area).prod().double()
    scale = (area / area.clamp(config.min_side**2, config.max_side**2)).sqrt().float()
    base = size / scale
    side = int((base * config.search_area).prod().sqrt().round())
    stride = max(block.stride for block in config.blocks)
    # an odd multiple of the stride, so that the coarsest map has a middle cell
    return scale, base, side + stride - side % (2 * stride)


def learn_target(
    network: ResNet18VGGM,
    config: ECODeepConfig,
    frame: Frame,
    box: Float[Tensor, "4"],
    generator: torch.Generator,
    stopwatch: Stopwatch,
) -> ECODeepState:
    """The state of one target, (x, y, w, h) in frame pixels, learnt from its first frame."""
    scale, base, side = search_geometry(box[2:], config)
    centre = box[:2] + (box[2:] - 1) / 2
    with stopwatch.stage("features"):
        patch, _ = sample_patch(frame.image, centre[None], (scale * side).expand(1, 2), (side, side))
        transforms = config.augmentation.transforms((side, side), generator)
        pictures = torch.stack([transform(patch[0]) for transform in transforms])
        features = [
            torch.cat([maps, _dropped(maps[:1], config.augmentation, generator)])
            for maps in block_features(network, pictures, config.blocks)
        ]
    # samples are centred on their target again, which transforms and cutting at whole pixels moved
    shifts = torch.zeros(len(features[0]), 2)
    shifts[: len(transforms)] = torch.tensor([transform.shift for transform in transforms]) / side
    shifts = 2 * math.pi * (shifts + (centre - centre.round()) / (scale * side))
    device = features[0].device
    with stopwatch.stage("learn"):
        learnt = [
            _learn_block(config, block, maps, shifts.to(device), base.to(device), side)
            for block, maps in zip(config.blocks, features, strict=True)
        ]
    by_block: dict[str, Any] = {
        f.name: tuple(getattr(b, f.name) for b in learnt) for f in fields(LearntBlock)
    }
    count = torch.tensor([len(shifts)], device=device)
    return ECODeepState(
        centre=centre[None].to(device),
        scale=scale[None].to(device),
        base=base[None].to(device),
        age=torch.zeros_like(count),
        stored=count,
        initial=count.clone(),
        **by_block,
    )


def preconditioner(
    energy: Float[Tensor, "N t k D"], regularisation: Regularisation, config: ECODeepConfig
) -> Float[Tensor, "N t k D"]:
    """The preconditioner of filters with the shares that the configuration chooses."""
    return filter_diagonal(
        energy,
        regularisation.energy,
        data_share=config.precondition_data,
        reg_share=config.precondition_reg,
    )


@dataclass(frozen=True, slots=True)
class LearntBlock:
    """What `ECODeepState` holds of one block of features of one target; see there."""

    labels: Tensor
    reg_squared: Tensor
    reg_energy: Tensor
    projections: Tensor
    filters: Tensor
    energies: Tensor
    samples: Tensor
    weights: Tensor
    newest: Tensor
    directions: Tensor
    rhos: Tensor
    residuals: Tensor


def _learn_block(
    config: ECODeepConfig,
    block: FeatureBlock,
    maps: Float[Tensor, "M h w C"],
    shifts: Float[Tensor, "M 2"],
    base: Float[Tensor, "2"],
    side: int,
) -> LearntBlock:
    count, cells, _, raw_channels = maps.shape
    size = filter_size(cells)
    shape = (size, size // 2 + 1)

    factor = interpolation(cells, config.interpolation_slope, maps) * phase_ramp(shape, shifts)
    samples = to_series(maps, factor).permute(2, 3, 0, 1).flatten(0, 1).contiguous()[None]
    projection = principal_projection(maps, block.channels)[None]
    sigma = size / side * base.prod().sqrt() * block.label_sigma
    label = gaussian_series((size, size), sigma.expand(1, 2))
    regularisation = Regularisation.of_kernels(_kernel(block, base, side, config.reg_radius)[None])
    energy = (samples @ projection[:, None].to(samples.dtype)).abs().square().mean(dim=2)
    energy = energy.unflatten(1, shape)
    memory = SampleWeights.of_initial_samples(torch.tensor([count], device=maps.device), config.memory_slots)
    diagonals = (
        preconditioner(energy, regularisation, config),
        projection_diagonal(
            label,
            raw_channels,
            factor=config.precondition_projection,
            projection_reg=config.projection_reg,
        ),
    )
    problem = JointProblem(
        samples, memory.weights[:, :count], label, regularisation, config.projection_reg, diagonals
    )
    filters = samples.new_zeros((1, *shape, block.channels))
    filters, projection = GaussNewton().solve(
        problem, (filters, projection), steps=config.init_steps, inner_steps=config.init_inner_steps
    )
    stored = samples.new_zeros((1, samples.shape[1], config.memory_slots, block.channels))
    stored[:, :, :count] = samples @ projection[:, None].to(samples.dtype)
    fresh = CGState.fresh((filters,))
    return LearntBlock(
        labels=label,
        reg_squared=regularisation.squared,
        reg_energy=regularisation.energy,
        projections=projection,
        filters=symmetrised(filters),
        energies=energy,
        samples=stored,
        weights=memory.weights,
        newest=memory.previous,
        directions=fresh.direction[0],
        rhos=fresh.rho,
        residuals=fresh.previous[0],
    )


def _dropped(
    maps: Float[Tensor, "1 h w C"], augmentation: FirstFrameAugmentation, generator: torch.Generator
) -> Float[Tensor, "copies h w C"]:
    channels_first = maps.movedim(-1, 1)
    copies = channel_dropout(
        channels_first, augmentation.dropout_copies, augmentation.dropout_probability, generator
    )
    return copies.movedim(1, -1)


def _kernel(block: FeatureBlock, base: Float[Tensor, "2"], side: int, radius: int) -> Float[Tensor, "r r"]:
    return regularisation_kernel(
        (side, side),
        base,
        minimum=block.reg_min,
        edge=block.reg_edge,
        power=block.reg_power,
        sparsity=block.reg_sparsity,
        radius=radius,
    )
