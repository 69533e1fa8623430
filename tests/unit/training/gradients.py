"""A process among several: gradients of its share of a batch, averaged with those of the others.

python -m tests.unit.training.gradients RANK WORLD MEETING OUT NAME …
"""

import sys

import torch
import torch.distributed as dist
from torch import Tensor

from saccade.training.losses import lovasz_loss, weighted_mean

SAMPLES = 4
LOSSES = "losses"
"""in place of a recipe's name: losses that do not fall apart into those of samples"""


def of_losses(rank: int, world: int) -> dict[str, Tensor]:
    """By a number that all processes share, of losses of their shares of random numbers."""
    generator = torch.Generator().manual_seed(0)
    logits, masks = torch.randn(2, SAMPLES, 5, 6, generator=generator)
    values, weights = torch.randn(2, SAMPLES, generator=generator)
    own = slice(rank * SAMPLES // world, (rank + 1) * SAMPLES // world)
    found = {}
    factor = torch.ones(2, requires_grad=True)
    mean = weighted_mean(factor[0] * values[own] ** 2, (weights[own] > 0).float())
    pooled = lovasz_loss(factor[1] * logits[own], (masks[own] > 0).float())
    (found["factor"],) = torch.autograd.grad(mean + pooled, factor)
    found["value"] = torch.stack([mean, pooled]).detach()
    return found


def of_recipe(name: str, rank: int, world: int) -> dict[str, Tensor]:
    """Of a recipe's task at a reduced size; batch norms use stored statistics, which no share changes."""
    from saccade.training.groups import train_only
    from saccade.training.tiny import tiny
    from saccade.zoo.recipes import find_recipe
    from tests.unit.training.batches import batch_for, part_of

    torch.manual_seed(0)
    recipe = tiny(find_recipe(name))
    task = recipe.task.build()
    for key, parameter in task.network.named_parameters():
        if key.endswith(("bn2.weight", "bn3.weight")):  # or else features grow from block to block
            torch.nn.init.constant_(parameter, 0.3)
    train_only(task.network, recipe.optimisation.groups)
    task.eval()
    whole = batch_for(recipe, samples=SAMPLES)
    # the first process has fewer frames that count
    if whole.test.is_valid is not None:
        whole.test.is_valid[:, 0] = 0
    if whole.test.proposal_densities is not None:
        whole.test.boxes[0, 0, 0] = 1e8
    own = slice(rank * SAMPLES // world, (rank + 1) * SAMPLES // world)
    task(part_of(whole, own))["loss"].backward()
    return {key: value.grad for key, value in task.network.named_parameters() if value.grad is not None}


def gradients(name: str, rank: int, world: int) -> dict[str, Tensor]:
    """What all processes together would change parameters by."""
    found = of_losses(rank, world) if name == LOSSES else of_recipe(name, rank, world)
    for gradient in found.values():
        if world > 1:
            dist.all_reduce(gradient)
            gradient /= world
    return found


def main(rank: int, world: int, meeting: str, out: str, names: list[str]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=world)
    found = {name: gradients(name, rank, world) for name in names}
    dist.destroy_process_group()
    if rank == 0:
        torch.save(found, out)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
