"""What is made of several losses, and what the log says of it, against the numbers of the original."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.data.samples.sample import FrameSet
from saccade.trackers.dimp.recipe import dimp50, prdimp50, super_dimp, super_dimp_simple
from saccade.trackers.dimp.task import DiMPTaskConfig, FilterLoss
from saccade.trackers.kys.recipe import kys
from saccade.trackers.kys.task import Answers, KYSTaskConfig, ScoreJitter, frames_that_count, kys_losses
from saccade.training.recipe import Recipe

RELATIVE, ABSOLUTE = 1e-5, 1e-6


@pytest.fixture(scope="module")
def arrays(training_golden: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in np.load(training_golden / "actors.npz").items()}


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours.double(), theirs.double(), rtol=RELATIVE, atol=ABSOLUTE)


def statistics(arrays: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.split("|")[1]: value for key, value in arrays.items() if key.startswith(f"{name}|")}


def of(recipe: Recipe) -> DiMPTaskConfig:
    assert isinstance(recipe.task, DiMPTaskConfig)
    return recipe.task


TASKS: dict[str, DiMPTaskConfig] = {
    "dimp": of(dimp50()),
    "dimp_list": DiMPTaskConfig(
        network=of(dimp50()).network,
        filters=FilterLoss(final_weight=100.0, initial_weight=0.0, between_weight=(1.0, 2.0, 3.0, 4.0)),
    ),
    "prdimp": of(prdimp50()),
    "super": of(super_dimp()),
    "simple": of(super_dimp_simple()),
}


@pytest.mark.parametrize("name", TASKS)
def test_filters_and_boxes(arrays: dict[str, Tensor], name: str) -> None:
    """One frame is a distractor, whose box lies far away."""
    task = TASKS[name]
    test = FrameSet(
        images=torch.empty(0),
        boxes=arrays["test_anno"],
        labels=arrays["test_label"],
        densities=arrays["test_label_density"],
        proposal_ious=arrays["proposal_iou"],
        proposal_densities=arrays["proposal_density"],
        truth_densities=arrays["gt_density"],
    )
    filters = task.filters([arrays[f"scores{step}"] for step in range(6)], test)
    boxes = task.boxes(arrays["bb"], test)
    total = filters.pop("loss") + task.boxes.weight * boxes
    close(total, arrays[f"{name}_loss"])
    parts = {"Loss/total": total, **filters, **task.boxes.parts(boxes)}
    for key, value in statistics(arrays, name).items():
        close(parts[key], value)


def test_the_surroundings(arrays: dict[str, Tensor]) -> None:
    recipe = kys()
    assert isinstance(recipe.task, KYSTaskConfig)
    labels = arrays["kys.label"][..., :-1, :-1]
    answers = Answers(
        responses=list(arrays["kys.resp"][1:, 0]),
        unbounded=list(arrays["kys.raw"][1:, 0]),
        presences=list(arrays["kys.is_target"][1:, :, 0]),
        moved_presences=list(arrays["kys.is_target_after"][1:, :, 0]),
        scores=list(arrays["kys.dimp"][1:, 0, :, :-1, :-1]),
    )
    is_valid = frames_that_count(arrays["kys.valid_image"], arrays["kys.visible_ratio"])
    parts = kys_losses(answers, labels, is_valid[1:], recipe.task)
    close(parts["loss"], arrays["kys.loss"])
    for key, value in statistics(arrays, "kys").items():
        if key != "Loss/dimp_clf":  # its weight is 0
            close(parts[key], value)


RECIPE = ScoreJitter()
HARSH = ScoreJitter(probability=0.6, distractor_ratio=0.5, blank_probability=0.5)


@pytest.mark.parametrize(("jitter", "name"), [(RECIPE, "jit_out"), (HARSH, "jit_out_p1_zero")])
def test_spoiled_scores(arrays: dict[str, Tensor], jitter: ScoreJitter, name: str) -> None:
    scores, labels = arrays["jit_score"][:, 0], arrays["jit_label"][:, 0]
    generator = torch.Generator().manual_seed(42)
    draws = torch.stack([torch.rand(len(scores), generator=generator) for _ in range(3)])
    close(jitter(scores, labels, draws), arrays[name][:, 0])
