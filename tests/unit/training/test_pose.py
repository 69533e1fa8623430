"""What pose estimators learn from: everybody once a round, as maps, fields or boxes; and by which losses."""

from collections import Counter
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import resnet34, resnet152, vgg19

from saccade.core import COCO_17, COCO_18, LSP_14, MPII_16, ConfigError, DatasetError
from saccade.core.config import override
from saccade.core.errors import SaccadeWarning
from saccade.data.pose.augment import HOURGLASS, OPENPOSE, SIMPLEBASELINE_COCO, SIMPLEBASELINE_MPII
from saccade.training.backbones import backbones
from saccade.training.detection import DetectionBatch
from saccade.training.fit import Machines, Plan, fit
from saccade.training.groups import shares, train_only
from saccade.training.loop import Rhythm
from saccade.training.module import TrainingModule
from saccade.training.pose import FieldTask, HeatMapTask, PoseBatch, is_right
from saccade.training.recipe import Group, Optimisation, PoseRecipe
from saccade.zoo import CATALOG
from saccade.zoo.recipes import POSE, find_recipe
from tests.unit.training.pose_toys import (
    STICK,
    batch_of,
    feed_for,
    few_proposals,
    open_people,
    posed,
    reduced,
    stick,
    sticks,
)
from tests.unit.training.toys import Log

KINDS = ("hourglass1", "simplebaseline_resnet50", "openpose", "openpose_light")
"""one of each network that answers with maps"""

ORIGINAL: dict[str, dict[str, Any]] = {
    "simplebaseline_resnet50": {
        "optimisation.method": "adam",
        "optimisation.groups": (Group(path="", lr=1e-3),),
        "optimisation.milestones": (90, 120),
        "optimisation.gamma": 0.1,
        "optimisation.weight_decay": 0.0,
        "epochs": 140,
        "batch": 4 * 32,
        "augmentation": SIMPLEBASELINE_COCO,
        "task.targets.sigma": 2.0,
        "task.targets.radius": 6,
        "task.targets.stride": 4,
        "task.targets.first_cell": 0.0,
        "task.size": (192, 256),
        "task.enlargement": 1.25,
    },
    "simplebaseline_resnet152_384x288": {"task.targets.sigma": 3.0, "task.size": (288, 384)},
    "simplebaseline_resnet50_mpii": {"augmentation": SIMPLEBASELINE_MPII, "task.size": (256, 256)},
    "hourglass8": {
        "optimisation.method": "rmsprop",
        "optimisation.groups": (Group(path="", lr=2.5e-4),),
        "optimisation.weight_decay": 0.0,
        "epochs": 100,
        "samples": 8000 * 6,
        "batch": 6,
        "augmentation": HOURGLASS,
        "task.targets.sigma": 1.0,
        "task.targets.radius": 3,
        "task.targets.first_cell": 1.5,
        "task.network.stacks": 8,
    },
    "openpose": {
        "optimisation.method": "sgd",
        "optimisation.nesterov": False,
        "optimisation.momentum": 0.9,
        "optimisation.weight_decay": 5e-4,
        "optimisation.decays": "kernels",
        "optimisation.bias_factor": 2.0,
        "optimisation.gamma": 0.333,
        "batch": 10,
        "side": 368,
        "augmentation": OPENPOSE,
        "targets.sigma": 7.0,
        "targets.stride": 8,
        "task.network.stages": 6,
    },
    "openpose_light": {
        "optimisation.method": "adam",
        "optimisation.milestones": (100, 200, 260),
        "optimisation.gamma": 0.333,
        "epochs": 280,
        "batch": 80,
    },
    "keypointrcnn_resnet50_fpn": {
        "optimisation.method": "sgd",
        "optimisation.weight_decay": 1e-4,
        "optimisation.milestones": (36, 43),
        "epochs": 46,
        "flip": 0.5,
    },
}
"""typed from the tables of the originals' settings"""


@pytest.mark.parametrize("name", ORIGINAL)
def test_settings_are_the_originals(name: str) -> None:
    recipe = find_recipe(name)
    assert {path: attrgetter(path)(recipe) for path in ORIGINAL[name]} == ORIGINAL[name]


@pytest.mark.parametrize("name", POSE)
def test_a_recipe_is_for_a_model_and_learns_any_skeleton(name: str) -> None:
    recipe = find_recipe(name)
    assert isinstance(recipe, PoseRecipe)
    assert (recipe.name, CATALOG[recipe.model].task) == (name, "pose")
    assert recipe.task.of_skeleton(STICK).skeleton == STICK


def test_every_pose_model_has_a_recipe() -> None:
    assert {row.name for row in CATALOG.values() if row.task == "pose"} <= POSE.keys()


def test_later_stages_of_openpose_learn_faster_and_biases_twice_as_fast() -> None:
    recipe = reduced("openpose")
    network = recipe.task.build().network
    groups = train_only(network, recipe.optimisation.groups)
    rates = {
        id(parameter): (recipe.optimisation.groups[share.group].lr * share.rate, share.decay)
        for share in shares(network, groups, recipe.optimisation)
        for parameter in share.parameters
    }
    found = {name: rates[id(value)] for name, value in network.named_parameters()}
    for name, (rate, decay) in found.items():
        factor = (4 if name.startswith("stages.1.") else 1) * (2 if name.endswith("bias") else 1)
        assert rate == pytest.approx(4e-5 * factor), name
        assert decay == (0.0 if name.endswith("bias") else 5e-4), name
    assert len({id(value) for value in network.parameters()}) == len(found) == len(rates)


def test_rates_of_shares_follow_those_of_their_groups() -> None:
    network = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    settings = Optimisation(
        groups=(Group(path="a", lr=1.0), Group(path="b", lr=0.1)), bias_factor=2.0, weight_decay=0.5
    )
    found = shares(network, train_only(network, settings.groups), settings)
    assert [(share.group, share.rate, share.decay, len(share.parameters)) for share in found] == [
        (0, 1.0, 0.5, 1),
        (0, 2.0, 0.5, 1),
        (1, 1.0, 0.5, 1),
        (1, 2.0, 0.5, 1),
    ]
    with pytest.raises(ConfigError, match=r"'optimisation\.bias_factor': expected more than 0"):
        replace(settings, bias_factor=0.0)


def test_the_originals_optimiser_is_rmsprop_without_momentum() -> None:
    recipe = reduced("hourglass1")
    optimiser = TrainingModule(recipe.task.build(), recipe, seed=0).configure_optimizers()
    assert isinstance(optimiser, torch.optim.RMSprop)
    (row,) = optimiser.param_groups
    named = {key: row[key] for key in ("lr", "alpha", "eps", "momentum", "weight_decay")}
    assert named == {"lr": 2.5e-4, "alpha": 0.99, "eps": 1e-8, "momentum": 0, "weight_decay": 0}


# ── losses ──────────────────────────────────────────────────────────────────────────────────────────────────


class Says(nn.Module):
    """A network that always answers the same."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, pictures: Tensor) -> Any:
        return self.answer


def maps_batch(**targets: Tensor) -> PoseBatch:
    return PoseBatch(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), targets, ("a", "b"))


@pytest.mark.parametrize("learns_absence", [True, False])
def test_the_loss_of_heat_maps_is_that_of_the_papers(learns_absence: bool) -> None:
    found, wished = torch.rand(2, 3, 4, 8, 8), torch.rand(2, 4, 8, 8)
    weights = torch.tensor([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
    task = HeatMapTask(Says(found), factor=0.5, learns_absence=learns_absence)
    parts = task(maps_batch(heatmaps=wished, weights=weights))
    counts = torch.ones_like(weights) if learns_absence else weights
    expected = [
        # SimpleBaseline: by key point half of the mean squared error of what counts; and the mean of those
        sum(
            0.5 * ((found[:, stack, joint] - wished[:, joint]) * counts[:, joint, None, None]).square().mean()
            for joint in range(4)
        )
        / 4
        for stack in range(3)
    ]
    assert parts["loss"] == pytest.approx(float(sum(expected)))
    assert [float(parts[f"Loss/heatmaps{stack + 1}"]) for stack in range(3)] == pytest.approx(
        [float(each) for each in expected]
    )


def test_the_share_of_joints_that_are_found_is_that_of_the_last_stack() -> None:
    wished = torch.zeros(2, 2, 20, 20)
    wished[:, :, 10, 10] = 1
    near, far = torch.zeros(20, 20), torch.zeros(20, 20)
    near[10, 11] = far[10, 12] = 1.0  # a twentieth of the map is one cell
    found = torch.stack([torch.stack([near, far]), torch.stack([near, near])])
    assert is_right(found, wished).tolist() == [[True, False], [True, True]]
    weights = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    stacks = torch.stack([wished, found], dim=1)
    parts = HeatMapTask(Says(stacks), factor=1.0, learns_absence=False)(
        maps_batch(heatmaps=wished, weights=weights)
    )
    assert float(parts["Stats/right"]) == pytest.approx(2 / 3)
    nobody = maps_batch(heatmaps=wished, weights=torch.zeros(2, 2))
    assert float(HeatMapTask(Says(stacks), factor=1.0, learns_absence=False)(nobody)["loss"]) == 0


def test_the_loss_of_fields_is_half_of_the_squares_where_they_count() -> None:
    stages = [(torch.rand(2, 4, 8, 8), torch.rand(2, 3, 8, 8)) for _ in range(2)]
    fields, heatmaps, masks = torch.rand(2, 4, 8, 8), torch.rand(2, 3, 8, 8), torch.ones(2, 1, 8, 8)
    masks[0, :, :4] = 0
    parts = FieldTask(Says(stages))(maps_batch(fields=fields, heatmaps=heatmaps, masks=masks))
    expected = [
        [
            ((one[0, :, 4:] - other[0, :, 4:]).square().sum() + (one[1] - other[1]).square().sum()) / 4
            for one, other in zip(stage, (fields, heatmaps), strict=True)
        ]
        for stage in stages
    ]
    assert float(parts["loss"]) == pytest.approx(float(sum(sum(row) for row in expected)), rel=1e-5)
    for stage, (of_fields, of_heatmaps) in enumerate(expected, start=1):
        assert float(parts[f"Loss/fields{stage}"]) == pytest.approx(float(of_fields), rel=1e-5)
        assert float(parts[f"Loss/heatmaps{stage}"]) == pytest.approx(float(of_heatmaps), rel=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_a_step_changes_all_that_is_trained_and_nothing_else(name: str, tmp_path: Path) -> None:
    part = {"openpose": "stages.1", "openpose_light": "stages.1", "hourglass1": "stem"}.get(name, "backbone")
    recipe = reduced(name)
    feed = feed_for(recipe, sticks(tmp_path))
    task = recipe.task.build().train()
    parameters = dict(task.network.named_parameters())
    train_only(task.network, (Group(path="", lr=1e-3),))
    task(batch_of(feed, 2))["loss"].backward()
    learned = {key for key, value in parameters.items() if value.grad is not None and value.grad.any()}
    # where a ReLU is never above zero, nothing is learned
    assert len(learned) >= 0.9 * len(parameters)
    task.network.zero_grad(set_to_none=True)
    task.network.requires_grad_(True)
    train_only(task.network, (Group(path=part, lr=1e-3),))
    task(batch_of(feed, 2))["loss"].backward()
    learned = {key for key, value in parameters.items() if value.grad is not None}
    assert learned == {key for key in parameters if key.startswith(f"{part}.")}


def test_keypoint_rcnn_learns_people_with_and_without_joints(tmp_path: Path) -> None:
    blind = stick([[60, 16], [52, 40], [70, 44]], visible=(0, 0, 0))
    seen = stick([[20, 16], [12, 40], [30, 44]])
    dataset = sticks(tmp_path, images=(posed(tmp_path, 0, [seen, blind]),))
    recipe = reduced("keypointrcnn")
    task = recipe.task.build().train()
    few_proposals(task)
    parts = task(batch_of(feed_for(recipe, dataset), 1))
    assert {"Loss/keypoint", "Loss/classifier", "Loss/objectness"} < parts.keys()
    parts["loss"].backward()
    last = task.network.roi_heads.keypoint_predictor.kps_score_lowres  # type: ignore[union-attr]
    assert parts["loss"].isfinite() and last.weight.grad.any()


# ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_comes_once_a_round_and_who_is_not_learned_from_never(tmp_path: Path) -> None:
    dataset = sticks(tmp_path)
    crowd = stick([[20, 16], [12, 40], [30, 44]], is_crowd=True, id=7)
    blind = stick([[20, 16], [12, 40], [30, 44]], visible=(0, 0, 0), id=8)
    flat = replace(stick([[20, 16], [12, 40], [30, 44]], id=9), box=np.array([4, 4, 4, 9], np.float32))
    images = (*dataset.images, posed(tmp_path, 9, [crowd, blind, flat]))
    feed = feed_for(reduced("hourglass1"), replace(dataset, images=images))
    assert feed.rounds.total == 6
    samples = feed.train(0, 12)
    assert set(Counter(samples[index].origins[0] for index in range(12)).values()) == {2}
    pictures = feed_for(reduced("keypointrcnn"), replace(dataset, images=images))
    assert pictures.rounds.total == 5  # two people are in one of them


@pytest.mark.parametrize("name", [*KINDS, "keypointrcnn"])
def test_a_sample_is_a_function_of_its_number(name: str, tmp_path: Path) -> None:
    feed = feed_for(reduced(name), sticks(tmp_path))
    whole, later = feed.train(0, 20), feed.train(11, 9)
    for index in (5, 2):
        one, other = whole[11 + index].plain(), later[index].plain()
        assert one["origins"] == other["origins"]
        assert all(torch.equal(a, b) for a, b in zip(_tensors(one), _tensors(other), strict=True))
    different = whole[0].plain(), whole[6].plain()
    assert not all(torch.equal(a, b) for a, b in zip(*map(_tensors, different), strict=True))


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


def test_joints_of_whole_pictures_are_mirrored_with_them(tmp_path: Path) -> None:
    person = stick([[20, 16], [12, 40], [30, 44]], visible=(2, 1, 0))
    crowd = stick([[60, 16], [52, 40], [70, 44]], is_crowd=True)
    dataset = sticks(tmp_path, images=(posed(tmp_path, 0, [person, crowd]),))
    straight, turned = (
        batch_of(feed_for(reduced("keypointrcnn", flip=flip), dataset), 1) for flip in (0.0, 1.0)
    )
    assert isinstance(straight, DetectionBatch)
    assert torch.equal(straight.images[0].flip(2), turned.images[0])
    one, other = (batch.targets[0] for batch in (straight, turned))
    assert one["boxes"].tolist() == [person.box.tolist()]  # a crowd is nobody
    x1, y1, x2, y2 = person.box.tolist()
    assert other["boxes"].tolist() == [[80 - x2, y1, 80 - x1, y2]]
    assert one["keypoints"][0].tolist() == [[20, 16, 2], [12, 40, 1], [30, 44, 0]]
    # left and right trade places, and pixel indices are mirrored
    assert other["keypoints"][0].tolist() == [[59, 16, 2], [49, 44, 0], [67, 40, 1]]


def test_data_is_brought_to_the_points_of_the_network(shared_data: Path) -> None:
    people = open_people(shared_data, [0])
    recipe = reduced("openpose", COCO_17)
    assert recipe.task.skeleton == COCO_18  # of which people can be put together
    feed = feed_for(recipe, people)
    person, mine = people.images[0].people[0], feed.sets[0].images[0].people[0]
    neck = person.keypoints[[5, 6]].mean(axis=0)
    np.testing.assert_allclose(mine.keypoints[COCO_18.points.index("neck")], neck)
    assert reduced("hourglass1", LSP_14).task.skeleton == LSP_14
    assert reduced("openpose", MPII_16).task.skeleton == MPII_16


def test_a_picture_that_cannot_be_read_is_named_replaced_and_counted(tmp_path: Path) -> None:
    feed = feed_for(reduced("hourglass1"), sticks(tmp_path))
    broken = feed.sets[0].images[2].file
    broken.write_bytes(broken.read_bytes()[:60])
    samples: Any = feed.train(0, 6)
    with pytest.warns(SaccadeWarning, match=r"p02\.png: cannot be read.*another sample takes its place"):
        origins = [samples[index].origins[0] for index in range(6)]
    assert not any("p02" in origin for origin in origins)
    assert samples.num_failures == 1


def test_data_that_nothing_can_be_learned_from_is_refused(tmp_path: Path) -> None:
    dataset = sticks(tmp_path)
    recipe = reduced("hourglass1")
    with pytest.raises(DatasetError, match="nobody to learn from: among 0 people in 1 pictures"):
        feed_for(recipe, replace(dataset, images=dataset.images[-1:]))
    with pytest.raises(DatasetError, match="has no point of coco17"):
        feed_for(reduced("hourglass1", COCO_17), dataset)


@pytest.mark.parametrize(
    ("name", "change", "answer"),
    [
        ("openpose", {"side": 100}, "'side': expected a multiple of 8"),
        ("keypointrcnn", {"flip": 1.5}, "'flip': expected from 0 to 1"),
        ("hourglass1", {"samples": -1}, "'samples': expected 0 or more"),
        ("hourglass1", {"task.size": (100, 64)}, "multiples of"),
        ("hourglass1", {"augmentation.flip": 2.0}, "flip"),
    ],
)
def test_wrong_settings_are_refused(name: str, change: dict[str, Any], answer: str) -> None:
    with pytest.raises(ConfigError, match=answer):
        override(find_recipe(name), change)


def test_batches_are_drawn_with_what_should_be_found(tmp_path: Path) -> None:
    for name in ("hourglass1", "openpose", "keypointrcnn"):
        feed = feed_for(reduced(name), sticks(tmp_path))
        batch = batch_of(feed, 5)
        drawn, bare = feed.draw(batch), feed.draw(_untold(batch))
        assert drawn.shape == (640, 1280, 3)
        assert 0.005 < (drawn != bare).any(axis=2).mean() < 0.6, name
        assert feed.draw(batch.first(1)).shape == (320, 320, 3)


def _untold(batch: Any) -> Any:
    """The same pictures with nobody in them."""
    if isinstance(batch, DetectionBatch):
        nobody = [{key: value[:0] for key, value in target.items()} for target in batch.targets]
        return batch._replace(targets=tuple(nobody))
    kept = {key: value for key, value in batch.targets.items() if key == "masks"}
    return batch._replace(
        targets={key: torch.zeros_like(value) for key, value in batch.targets.items()} | kept
    )


# ── beginning and going on ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", KINDS)
def test_for_other_points_what_is_made_for_them_stays_random(name: str) -> None:
    theirs, task = reduced(name, LSP_14).task.build(), reduced(name).task.build()
    before = {key: value.clone() for key, value in task.network.state_dict().items()}
    weights = {key: value + 1 for key, value in theirs.network.state_dict().items()}
    assert task.can_go_on_from(weights)
    task.go_on_from(weights)
    parts = tuple(f"{part}." for part in task.network.joint_parts)  # type: ignore[union-attr]
    for key, value in task.network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            expected = before[key] if key.startswith(parts) else weights[key]
            assert torch.equal(value, expected), key
    assert any(key.startswith(parts) for key in before)


@pytest.mark.parametrize(
    ("name", "change", "make", "tensors"),
    [
        ("simplebaseline_resnet18", {"backbone": "resnet34"}, resnet34, 180),
        ("simplebaseline_resnet152", {"backbone": "resnet152"}, resnet152, 775),
        ("openpose", {"width": 1.0, "stages": 1}, vgg19, 20),
    ],
)
def test_imagenet_weights_find_their_place(
    name: str, change: dict[str, Any], make: Any, tensors: int
) -> None:
    changes = {f"task.network.{key}": value for key, value in change.items()}
    with torch.device("meta"):
        task = reduced(name, **changes).task.build()
        file = make(weights=None).state_dict()
    (found,) = backbones(task.network, task.imagenet)
    assert f"/{make.__name__}-" in found.address
    assert len(found.taken(task.network, file)) == tensors


def test_a_light_openpose_begins_without_imagenet_weights() -> None:
    task = reduced("openpose_light").task.build()
    assert not list(backbones(task.network, task.imagenet))


class Breaker(Log):
    """Breaks a training off behind a step."""

    def on_step(self, step: int, values: Any) -> None:
        super().on_step(step, values)
        if step == 3:
            raise ConnectionError


def plan_for(folder: Path, out: str) -> Plan:
    recipe = reduced("hourglass1", ema=0.9)
    return Plan(
        recipe=recipe,
        feed=feed_for(recipe, sticks(folder / "data")),
        data=[{"dataset": "pose-folder", "split": "train", "weight": 1.0}],
        out=folder / out,
        machines=Machines(device="cpu", workers=0),
        rhythm=Rhythm(checkpoint_steps=1),
    )


def test_one_that_was_broken_off_comes_to_the_same_weights(tmp_path: Path) -> None:
    alone = Log()
    whole = fit(plan_for(tmp_path, "whole"), alone)
    assert {"Loss/total", "Loss/heatmaps", "Stats/right"} <= alone.epochs[2].keys()
    with pytest.raises(ConnectionError):
        fit(plan_for(tmp_path, "cut"), Breaker())
    again = Log()
    cut = fit(plan_for(tmp_path, "cut"), again)
    assert (again.steps, whole.steps, cut.steps) == ([3, 4], 4, 4)
    one, other = (load_file(fitted.weights) for fitted in (whole, cut))
    assert all(torch.equal(value, other[key]) for key, value in one.items())
