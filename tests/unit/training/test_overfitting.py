"""Each recipe, at a reduced size, learns one batch by heart: its loss falls to a tenth in 60 steps.

Rates are the recipes' own, and later stages of LWL go on from its first. Some losses have a floor that no
network gets below: the entropy of densities and of soft labels. There, what is above it falls to a tenth.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saccade.data.samples.sample import Sample
from saccade.segmenters.lwl.task import BoxTask
from saccade.trackers.dimp.task import DiMPTaskConfig
from saccade.trackers.kys.task import KYSTaskConfig
from saccade.training.groups import train_only
from saccade.training.losses import presence_errors
from saccade.training.recipe import Recipe
from saccade.training.task import Task
from saccade.training.tiny import tiny
from saccade.zoo.recipes import TRACKING, find_recipe
from tests.unit.training.batches import batch_for, look_alikes

STEPS = 60


def no_floor(recipe: Recipe, batch: Sample) -> float:
    return 0.0


def entropy_of_densities(recipe: Recipe, batch: Sample) -> float:
    """Of score maps that are the density itself, and of proposals scored with theirs."""
    task, test = recipe.task, batch.test
    assert isinstance(task, DiMPTaskConfig)
    assert test.truth_densities is not None
    boxes = task.boxes.weight * task.boxes(_log(test.truth_densities), test)
    if task.filters.target == "label":
        return float(boxes)
    assert test.densities is not None
    filters = task.filters([_log(test.densities)] * (task.steps + 1), test)["loss"]
    return float(filters + boxes)


def _log(density: Tensor) -> Tensor:
    return density.clamp(min=1e-30).log()


def entropy_of_labels(recipe: Recipe, batch: Sample) -> float:
    """Of where the target is, in this frame and the one before."""
    task, labels = recipe.task, batch.test.labels
    assert isinstance(task, KYSTaskConfig) and labels is not None
    labels = labels[..., :-1, :-1]
    each = presence_errors(labels.logit(eps=1e-7), labels).mean(dim=(1, 2, 3))
    return float(task.presence_weight * each[:-1].mean() + task.moved_presence_weight * each[1:].mean())


ELSEWHERE = ("dimp_nano",)
"""whose batches are others"""
FLOORS: dict[str, Callable[[Recipe, Sample], float]] = {
    **dict.fromkeys(("prdimp18", "prdimp50", "super_dimp", "super_dimp_simple"), entropy_of_densities),
    "kys": entropy_of_labels,
}


def fit_norms(recipe: Recipe, task: Task) -> None:
    """Gives a random backbone statistics that fit its features, as a trained one has."""
    images = batch_for(recipe, samples=8, seed=1).test.images.flatten(0, 1)
    backbone: nn.Module = task.network.get_submodule("feature_extractor")
    for part in backbone.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None  # of the first batch, and no other
            part.train()
    with torch.no_grad():
        task.network.levels(images)  # type: ignore[operator]


def learn(task: Task, recipe: Recipe, batches: Iterable[Sample]) -> list[float]:
    """The loss of each of some batches, before a step is made for it."""
    parameters, groups = train_only(task.network, recipe.optimisation.groups), recipe.optimisation.groups
    optimiser = torch.optim.Adam(
        [{"params": each, "lr": group.lr} for each, group in zip(parameters, groups, strict=True)]
    )
    task.train()
    losses = []
    for batch in batches:
        optimiser.zero_grad()
        loss = task(batch)["loss"]
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TRACKING if name not in ELSEWHERE])
def test_one_batch_by_heart(name: str) -> None:
    recipe = tiny(find_recipe(name))
    if isinstance(recipe.task, KYSTaskConfig):
        # the filter of a random network scores targets no higher than anything else
        recipe = replace(recipe, task=replace(recipe.task, least_score=0.0))
    task, batch = recipe.task.build(), batch_for(recipe)
    floor = FLOORS.get(name, no_floor)(recipe, batch)
    if name.startswith("lwl"):
        fit_norms(recipe, task)
    if isinstance(task, BoxTask):
        # with one target in sight, a decoder finds it whatever the encoding says
        batch = look_alikes(batch)
        task.go_on_from(behind_first_stage(task, Sample(batch.train, batch.train, batch.origins)))
    elif name == "lwl_stage2":
        task.go_on_from(behind_first_stage(task, batch_for(recipe, seed=1)))
    losses = learn(task, recipe, [batch] * (STEPS + 1))
    assert losses[-1] - floor < (losses[0] - floor) / 10


def behind_first_stage(task: Task, batch: Sample) -> dict[str, Tensor]:
    """The network of a later stage of LWL when it begins: one that has learned a batch already."""
    stage = tiny(find_recipe("lwl_stage1"))
    before = stage.task.build()
    before.network.load_state_dict(task.network.state_dict(), strict=False)
    learn(before, stage, [batch] * STEPS)
    return before.network.state_dict()
