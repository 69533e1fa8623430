"""People of three joints, in colours that tell them apart; and recipes at a reduced size."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from saccade.core import Skeleton
from saccade.core.config import override
from saccade.data.pose import AnnotatedPerson, PoseDataset, PosedImage, open_pose
from saccade.training.pose_feed import PoseFeed
from saccade.training.recipe import PoseRecipe
from saccade.training.task import Task
from saccade.zoo.recipes import find_recipe

STICK = Skeleton(
    name="stick",
    points=("top", "left_end", "right_end"),
    edges=(("top", "left_end"), ("top", "right_end")),
    pairs=(("left_end", "right_end"),),
    lower=("left_end", "right_end"),
)
COLORS = ((255, 255, 255), (40, 90, 250), (250, 120, 30))
SIZE_WH = (80, 64)
JOINTS = np.array([[20, 16], [12, 40], [30, 44]])

TINY: dict[str, dict[str, Any]] = {
    "hourglass": {
        "task.network.features": 16,
        "task.network.stem": (8, 16),
        "task.network.order": 3,
        "task.size": (64, 64),
        "samples": 4,
    },
    "simplebaseline": {
        "task.network.backbone": "resnet18",
        "task.network.channels": 16,
        "task.size": (32, 64),
    },
    "openpose": {"task.network.width": 0.125, "task.network.stages": 2, "side": 64, "task.size": 64},
    "keypointrcnn": {"task.size": 64, "task.max_size": 80},
}
"""settings by the beginnings of recipes' names, under which networks and pictures are small"""


def stick(
    points: Iterable[Iterable[float]], visible: Iterable[int] = (2, 2, 2), **said: Any
) -> AnnotatedPerson:
    """A person with these joints, in a box around all that are labelled."""
    keypoints, flags = np.array(list(points), np.float32), np.array(list(visible), np.int8)
    known = keypoints[flags > 0] if (flags > 0).any() else keypoints
    box = np.concatenate([known.min(axis=0) - 4, known.max(axis=0) + 5]).astype(np.float32)
    area = float(np.prod(box[2:] - box[:2]))
    return AnnotatedPerson(**{"keypoints": keypoints, "visible": flags, "box": box, "area": area, **said})


def posed(folder: Path, number: int, people: Iterable[AnnotatedPerson]) -> PosedImage:
    """A picture of some people, whose joints are disks on grey."""
    pixels = np.full((SIZE_WH[1], SIZE_WH[0], 3), 90, np.uint8)
    people = tuple(people)
    for person in people:
        for point, color in zip(person.keypoints, COLORS, strict=True):
            cv2.circle(pixels, tuple(int(v) for v in point), 4, color, -1)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"p{number:02d}.png"
    cv2.imwrite(str(file), pixels[..., ::-1])
    return PosedImage(
        name=file.stem, file=file, annotation=folder / "all.json", size_wh=SIZE_WH, people=people, id=number
    )


def sticks(folder: Path, count: int = 6, **changes: Any) -> PoseDataset:
    """Pictures with a person each, the first with two; nobody is in the last."""
    rng = np.random.default_rng(0)
    images = []
    for number in range(count):
        here = 0 if number == count - 1 else 2 if number == 0 else 1
        people = [
            stick(JOINTS + rng.integers(0, 8, (3, 2)) + (38 * place, 0), id=place) for place in range(here)
        ]
        images.append(posed(folder, number, people))
    made = PoseDataset(
        name="pose-folder", root=folder, split="train", skeleton=STICK, images=tuple(images), notes=()
    )
    return replace(made, **changes)


def reduced(name: str, skeleton: Skeleton = STICK, **changes: Any) -> PoseRecipe:
    """A recipe at a reduced size, for a skeleton."""
    (tiny,) = (each for beginning, each in TINY.items() if name.startswith(beginning))
    sizes = {"samples": 6, "batch": 2, "epochs": 2, **tiny, **changes}
    recipe = override(find_recipe(name), sizes)
    assert isinstance(recipe, PoseRecipe)
    return replace(recipe, task=recipe.task.of_skeleton(skeleton).from_scratch())


def feed_for(recipe: PoseRecipe, *sets: PoseDataset, weights: Iterable[float] = ()) -> PoseFeed:
    """A feed on some data sets."""
    return PoseFeed.of(recipe, sets, tuple(weights) or (1.0,) * len(sets), 0)


def batch_of(feed: PoseFeed, count: int) -> Any:
    """The first samples of a feed as a batch."""
    samples = feed.train(0, count)
    return feed.collate([samples[index] for index in range(count)])


def open_people(shared_data: Path, pictures: Iterable[int] = ()) -> PoseDataset:
    """The shared sample of COCO's key points, or some of its pictures."""
    found = open_pose("coco-keypoints", shared_data / "pose/mmpose_tests/coco/test_coco.json")
    places = list(pictures) or range(len(found))
    return replace(found, images=tuple(found.images[place] for place in places))


def few_proposals(task: Task) -> None:
    """Lets a Keypoint R-CNN look into 8 boxes of a picture, of which a CPU learns in seconds."""
    heads: Any = task.network.get_submodule("roi_heads")
    heads.fg_bg_sampler.batch_size_per_image = 8
