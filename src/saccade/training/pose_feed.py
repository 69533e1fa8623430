"""What pose estimators in training are fed with: the people of some data sets, each in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.utils.data import Dataset

from saccade.core import DatasetError, Skeleton
from saccade.data.pose import AnnotatedPerson, PoseDataset, PosedImage, read_image
from saccade.data.pose.converting import with_skeleton
from saccade.data.pose.samples import person_sample, scene_sample
from saccade.data.samples.dice import Dice
from saccade.training.detection import DetectionBatch
from saccade.training.detection import collate as collate_pictures
from saccade.training.pose import PoseBatch
from saccade.training.pose import collate as collate_maps
from saccade.training.pose_pictures import draw_pictures, draw_poses
from saccade.training.recipe import PersonRecipe, PictureRecipe, PoseRecipe, SceneRecipe
from saccade.training.rounds import Kept, RoundFeed, Rounds, RoundSamples

Pixels = UInt8[np.ndarray, "H W 3"]
B = TypeVar("B", PoseBatch, DetectionBatch)
R = TypeVar("R", bound=PoseRecipe)


class Place(NamedTuple):
    """Where a sample comes from."""

    dataset: str
    image: PosedImage
    person: AnnotatedPerson

    @property
    def origin(self) -> str:
        """Data set, picture and person, for messages."""
        return f"{self.dataset}/{self.image.name}#{self.person.id}"


class PoseSamples(RoundSamples[B], Generic[B, R]):
    """People of data sets, as a recipe shows them."""

    def __init__(
        self,
        recipe: R,
        places: Sequence[Sequence[Place]],
        rounds: Rounds,
        *,
        samples: int,
        seed: int,
        start: int,
    ) -> None:
        """Nothing is read yet.

        Args:
            places: of each data set.
        """
        super().__init__(rounds, samples=samples, seed=seed, start=start)
        self._recipe, self._places, self._kept = recipe, places, Kept[Pixels](_bytes)

    def make(self, number: int, place: tuple[int, int], dice: Dice) -> B:
        """See `RoundSamples`."""
        found = self._places[place[0]][place[1]]
        pixels = self._kept.get(found.image.file, lambda: read_image(found.image))
        return self.show(found, pixels, dice)

    def show(self, place: Place, pixels: Pixels, dice: Dice) -> B:
        """The sample of a person.

        Args:
            pixels: of the whole picture.
        """
        raise NotImplementedError


class PersonSamples(PoseSamples[PoseBatch, PersonRecipe]):
    """Crops of people with their heat maps."""

    def show(self, place: Place, pixels: Pixels, dice: Dice) -> PoseBatch:
        """See `PoseSamples`."""
        task = self._recipe.task
        sample = person_sample(
            pixels,
            place.image,
            place.person,
            task.skeleton,
            task.size,
            task.targets,
            self._recipe.augmentation,
            dice.random,
            enlargement=task.enlargement,
        )
        targets = {"heatmaps": sample.heats[None], "weights": sample.weights[None]}
        return PoseBatch(sample.image[None], targets, (place.origin,))


class SceneSamples(PoseSamples[PoseBatch, SceneRecipe]):
    """Squares around people with the heat maps and the fields of everybody in them."""

    def show(self, place: Place, pixels: Pixels, dice: Dice) -> PoseBatch:
        """See `PoseSamples`."""
        recipe = self._recipe
        sample = scene_sample(
            pixels,
            place.image,
            place.person,
            recipe.task.skeleton,
            recipe.side,
            recipe.targets,
            recipe.augmentation,
            dice.random,
        )
        heats, fields, mask = sample.maps
        targets = {"fields": fields[None], "heatmaps": heats[None], "masks": mask[None]}
        return PoseBatch(sample.image[None], targets, (place.origin,))


class PictureSamples(PoseSamples[DetectionBatch, PictureRecipe]):
    """Whole pictures with the boxes and the key points of everybody in them but crowds."""

    def show(self, place: Place, pixels: Pixels, dice: Dice) -> DetectionBatch:
        """See `PoseSamples`."""
        is_mirrored = dice.random.random() < self._recipe.flip
        shown = cv2.flip(pixels, 1) if is_mirrored else pixels
        image = torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1)))
        target = _target(place.image, pixels.shape[1], self._recipe.task.skeleton, is_mirrored=is_mirrored)
        return DetectionBatch((image,), (target,), False, (place.origin,))


def _target(image: PosedImage, width: int, skeleton: Skeleton, *, is_mirrored: bool) -> Any:
    """Boxes and key points of a picture, as a network takes them.

    Args:
        width: of the picture in pixels.
    """
    people = [person for person in image.people if not person.is_crowd and _has_area(person)]
    boxes = np.array([person.box for person in people], np.float32).reshape(-1, 4)
    points = np.zeros((len(people), len(skeleton), 3), np.float32)
    for row, person in zip(points, people, strict=True):
        row[:, :2], row[:, 2] = person.keypoints, person.visible
    if is_mirrored:
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
        points = points[:, list(skeleton.mirror)]
        points[..., 0] = width - 1 - points[..., 0]
    found: dict[str, Tensor] = {
        "boxes": torch.from_numpy(boxes),
        "labels": torch.zeros(len(people), dtype=torch.int64),
        "keypoints": torch.from_numpy(points),
    }
    return found


def _bytes(pixels: Pixels) -> int:
    return pixels.nbytes


def _has_area(person: AnnotatedPerson) -> bool:
    return bool((person.box[2:] > person.box[:2]).all())


SAMPLES: dict[type[PoseRecipe], Any] = {
    PersonRecipe: PersonSamples,
    SceneRecipe: SceneSamples,
    PictureRecipe: PictureSamples,
}
"""what each kind of recipe is fed with"""


@dataclass(frozen=True, slots=True, eq=False)
class PoseFeed(RoundFeed):
    """People of data sets, as a recipe shows them.

    Attributes:
        recipe: says how, and how many a step.
        sets: what is trained on; all have the skeleton of the recipe.
        weights: how often a person of each comes, relative to the others.
        seed: of all chance.
    """

    SMALLER: ClassVar[str] = "smaller pictures (--set task.size=…, or of OpenPose --set side=…)"

    recipe: PoseRecipe
    sets: tuple[PoseDataset, ...]
    weights: tuple[float, ...]
    seed: int

    @classmethod
    def of(
        cls, recipe: PoseRecipe, sets: Sequence[PoseDataset], weights: Sequence[float], seed: int
    ) -> "PoseFeed":
        """The feed on some data sets, brought to the skeleton of the recipe.

        Raises:
            DatasetError: when one has nobody to learn from, or none of the skeleton's points.
        """
        skeleton = recipe.task.skeleton
        feed = cls(recipe, tuple(with_skeleton(each, skeleton) for each in sets), tuple(weights), seed)
        for each, places in zip(feed.sets, feed.places, strict=True):
            if not places:
                raise DatasetError(
                    f"{each.root}: nobody to learn from: among {sum(len(image) for image in each.images):,} "
                    f"people in {len(each):,} pictures is none with a box and a labelled joint, but crowds"
                )
        return feed

    @property
    def places(self) -> tuple[tuple[Place, ...], ...]:
        """Where the samples of each data set come from: everybody, or of whole pictures the first in them.

        Who is a crowd, has no joint that is labelled, or no area, is not learned from.
        """
        found = []
        for each in self.sets:
            rows = [
                [Place(each.name, image, who) for who in image.people if who.is_learned and _has_area(who)]
                for image in each.images
            ]
            if isinstance(self.recipe, PictureRecipe):
                rows = [row[:1] for row in rows]
            found.append(tuple(place for row in rows for place in row))
        return tuple(found)

    @property
    def rounds(self) -> Rounds:
        """The order of the people."""
        return self._rounds(self.places)

    def _rounds(self, places: Sequence[Sequence[Place]]) -> Rounds:
        return Rounds([len(each) for each in places], self.weights, self.seed)

    def train(self, start: int, count: int) -> Dataset[Any]:
        """See `Feed`."""
        places = self.places
        made: Dataset[Any] = SAMPLES[type(self.recipe)](
            self.recipe, places, self._rounds(places), samples=count, seed=self.seed, start=start
        )
        return made

    def collate(self, samples: Sequence[Any]) -> Any:
        """See `Feed`."""
        return (collate_pictures if isinstance(self.recipe, PictureRecipe) else collate_maps)(samples)

    def draw(self, batch: Any) -> UInt8[np.ndarray, "H W 3"]:
        """See `Feed`."""
        drawing = draw_pictures if isinstance(batch, DetectionBatch) else draw_poses
        return drawing(batch, self.recipe.task.skeleton)
