"""Each pose network, at a reduced size, learns real people by heart: its own evaluation finds every joint."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saccade.core import Instances
from saccade.core.config import override
from saccade.data.pose import PoseDataset, open_pose, read_image
from saccade.data.pose.augment import PersonAugmentation
from saccade.data.pose.crops import PersonCrop
from saccade.evaluation.pose import Matching, PoseScores, judge
from saccade.evaluation.pose.run import Translation, true_boxes
from saccade.pose.bottom_up import BottomUpReader, bottom_up
from saccade.pose.model import PeopleFinder, TopDown
from saccade.training.pose import PoseBatch
from saccade.training.recipe import PersonRecipe, PictureRecipe, PoseRecipe, SceneRecipe
from saccade.training.task import Task
from saccade.zoo.recipes import find_recipe
from tests.unit.training.pose_toys import batch_of, feed_for, few_proposals, open_people

CPU = torch.device("cpu")
NOISE = 4
"""most levels by which a byte of a picture changes from step to step"""
STILL = PersonAugmentation(scale=0.0, rotation=0.0, flip=0.0)
"""what leaves people as they are"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recipe at a reduced size.

    Attributes:
        form: of the shared sample, "coco-keypoints" or "mpii".
        pictures: of it; all for none.
        steps: of Adam, in the last third of which the rate is a tenth.
    """

    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)
    form: str = "coco-keypoints"
    pictures: tuple[int, ...] = ()
    steps: int
    lr: float


HOURGLASS = {
    "task.network.features": 64,
    "task.network.stem": (16, 32),
    "task.size": (128, 128),
    "task.blur": 1.5,
    "task.flip_test": False,
}
"""heat maps are wider in cells than the originals', of which there are more"""
SIMPLEBASELINE = {"task.size": (96, 128), "task.network.channels": 64, "task.flip_test": False}
OPENPOSE = {"task.network.width": 0.25, "task.network.stages": 2, "task.size": 184}
QUICK = Case(
    recipe="hourglass1",
    settings=HOURGLASS | {"task.network.features": 32, "task.network.order": 3, "task.size": (64, 64)},
    pictures=(0,),
    steps=120,
    lr=1e-2,
)
SLOW: dict[str, Case] = {
    "hourglass1": Case(recipe="hourglass1", settings=HOURGLASS, steps=450, lr=5e-3),
    "hourglass2": Case(recipe="hourglass2", settings=HOURGLASS, form="mpii", steps=300, lr=5e-3),
    "simplebaseline": Case(recipe="simplebaseline_resnet18", settings=SIMPLEBASELINE, steps=200, lr=1e-3),
    "openpose": Case(recipe="openpose", settings=OPENPOSE, pictures=(0,), steps=480, lr=2e-3),
    "openpose_light": Case(recipe="openpose_light", settings=OPENPOSE, pictures=(0,), steps=480, lr=1.5e-3),
    "keypointrcnn": Case(
        recipe="keypointrcnn",
        settings={"task.size": 128, "task.max_size": 320, "flip": 0.0},
        pictures=(0,),
        steps=150,
        lr=1e-3,
    ),
}


def people_of(case: Case, shared_data: Path) -> PoseDataset:
    """The people of a case; the heads of MPII's have no boxes here, and stand for themselves."""
    if case.form == "coco-keypoints":
        return open_people(shared_data, case.pictures)
    found = open_pose("mpii", shared_data / "pose/mmpose_tests/mpii")
    images = []
    for image in found.images:
        points = np.stack([person.keypoints for person in image.people])
        sizes = found.skeleton.head_sizes(points, np.stack([person.visible for person in image.people]))
        people = [
            replace(person, head_size=float(size)) for person, size in zip(image.people, sizes, strict=True)
        ]
        images.append(replace(image, people=tuple(people)))
    return replace(found, images=tuple(images))


def prepared(case: Case, people: PoseDataset) -> tuple[PoseRecipe, Any]:
    """The recipe of a case, and its people as one batch."""
    recipe = override(find_recipe(case.recipe), case.settings)
    assert isinstance(recipe, PoseRecipe)
    recipe = replace(recipe, task=recipe.task.of_skeleton(people.skeleton).from_scratch())
    if isinstance(recipe, PersonRecipe):
        recipe = replace(recipe, augmentation=STILL)
    feed = feed_for(recipe, people)
    if isinstance(recipe, SceneRecipe):
        return recipe, whole_pictures(recipe, feed.sets[0])
    return recipe, batch_of(feed, feed.rounds.total)


def whole_pictures(recipe: SceneRecipe, people: PoseDataset) -> PoseBatch:
    """Pictures as the model sees them when it is used."""
    reader: Any = BottomUpReader(torch.nn.Identity(), recipe.task)
    images = [torch.from_numpy(read_image(each).copy()).permute(2, 0, 1) / 255 for each in people.images]
    padded = reader.collate(images)
    height, width = padded.pictures.shape[2:]
    targets = []
    for image, (across, _), each in zip(images, padded.scales, people.images, strict=True):
        # the middle of a pixel stays where it is in the picture
        center = [(side - 1) / 2 + (0.5 / across) for side in (width / across, height / across)]
        assert image.shape[2] * across <= width
        crop = PersonCrop(center=(center[0], center[1]), width=width / across, size_wh=(width, height))
        targets.append(recipe.targets.encode(each.people, recipe.task.skeleton, crop))
    heats, fields, masks = (torch.stack(list(parts)) for parts in zip(*targets, strict=True))
    pictures = (padded.pictures * 255).round().byte()
    named = {"fields": fields, "heatmaps": heats, "masks": masks}
    return PoseBatch(pictures, named, tuple(each.name for each in people.images))


def learn(task: Task, batch: Any, steps: int, lr: float) -> None:
    """Makes some steps of Adam on the same batch, whose pictures have a little noise.

    Without it, a network that has seen two pictures answers to the rounding of their bytes.
    """
    optimiser = torch.optim.Adam(task.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [2 * steps // 3])
    task.train()
    for _ in range(steps):
        optimiser.zero_grad()
        task(batch._replace(images=noisy(batch.images)))["loss"].backward()
        optimiser.step()
        schedule.step()


def noisy(images: Any) -> Any:
    if isinstance(images, tuple):
        return tuple(map(noisy, images))
    noise = torch.randint(-NOISE, NOISE + 1, images.shape)
    return (images.int() + noise).clamp(0, 255).byte()


def scores(recipe: PoseRecipe, task: Task, people: PoseDataset) -> PoseScores:
    """What the learned network is worth on what it has learned."""
    network, config = task.network.eval(), recipe.task
    name, ready = recipe.model, {"device": CPU, "precision": "float32"}
    if isinstance(recipe, PersonRecipe):
        top_down = TopDown.of(name, config, network, **ready)
        found = [top_down(read_image(each), boxes=true_boxes(each)) for each in people.images]
        return judge(people, found, matching=Matching.GIVEN)
    make = PeopleFinder.of if isinstance(recipe, PictureRecipe) else bottom_up
    finder = make(name, config, network, **ready)
    translation = Translation.of(config.skeleton, people, name)
    answers: Sequence[Instances] = [translation(finder(read_image(each))) for each in people.images]
    return judge(people, answers)


def learned(case: Case, shared_data: Path) -> PoseScores:
    """What is found by a network that has learned the people of a case."""
    torch.manual_seed(0)
    people = people_of(case, shared_data)
    recipe, batch = prepared(case, people)
    task = recipe.task.build()
    if isinstance(recipe, PictureRecipe):
        few_proposals(task)
    learn(task, batch, case.steps, case.lr)
    return scores(recipe, task, people)


def test_a_small_hourglass_finds_every_joint_of_a_skier(shared_data: Path) -> None:
    assert learned(QUICK, shared_data).pck_main == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_every_joint_is_found(name: str, shared_data: Path) -> None:
    found = learned(SLOW[name], shared_data)
    assert found.pck_main == 1.0
    assert found.oks.average_precision(0.5) == 1.0
