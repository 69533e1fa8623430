"""What detectors in training are fed with: the pictures of some data sets, each in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import UInt8

from saccade.core import ConfigError, DatasetError
from saccade.data.detection import AnnotatedImage, DetectionDataset, read_image
from saccade.data.detection.augmenting import Augmenter
from saccade.data.detection.labelled import LabelledPicture
from saccade.data.samples.dice import Dice
from saccade.training.detection import DetectionBatch, collate
from saccade.training.detection_pictures import draw_detections
from saccade.training.recipe import DetectionRecipe
from saccade.training.rounds import OF_SCALES, Kept, RoundFeed, Rounds, RoundSamples

SCALE_STEPS, SCALE_STRIDE = 10, 32
"""steps that see pictures of one size, and pixels between sizes"""


class DetectionSamples(RoundSamples[DetectionBatch]):
    """Pictures of data sets as a recipe changes them; see `RoundSamples`."""

    def __init__(
        self,
        recipe: DetectionRecipe,
        sets: Sequence[DetectionDataset],
        rounds: Rounds,
        *,
        samples: int,
        seed: int,
        start: int,
    ) -> None:
        """Nothing is read yet."""
        super().__init__(rounds, samples=samples, seed=seed, start=start)
        self._recipe, self._sets = recipe, tuple(sets)
        self._augmenter = Augmenter(recipe.augmentation, recipe.fit)
        self._kept = Kept[LabelledPicture](_bytes)

    def make(self, number: int, place: tuple[int, int], dice: Dice) -> DetectionBatch:
        """See `RoundSamples`."""
        step = number // self._recipe.batch
        is_plain = self._is_plain(step)
        picture = self._augmenter(
            self._picture(*place),
            self._side(step),
            lambda: self._picture(*self._rounds.any(dice)),
            dice,
            is_plain=is_plain,
        )
        chosen = self._sets[place[0]]
        image = torch.from_numpy(picture.pixels).permute(2, 0, 1).contiguous()
        target = {
            "boxes": torch.from_numpy(picture.boxes),
            "labels": torch.from_numpy(picture.labels),
            "is_crowd": torch.from_numpy(picture.is_crowd),
        }
        origin = f"{chosen.name}/{chosen.images[place[1]].name}"
        return DetectionBatch((image,), (target,), is_plain, (origin,))  # type: ignore[arg-type]

    def _is_plain(self, step: int) -> bool:
        recipe = self._recipe
        epoch = step // max(recipe.samples // recipe.batch, 1)
        return epoch >= recipe.epochs - recipe.augmentation.plain_epochs

    def _side(self, step: int) -> int:
        """Of the pictures of a step: the network's, or by chance a smaller or larger one."""
        side, most = self._recipe.task.size, self._recipe.augmentation.scales
        if not most or self._recipe.fit != "letterbox":
            return side
        dice = Dice.at(self._seed, OF_SCALES, step // SCALE_STEPS)
        return max(side + SCALE_STRIDE * dice.random.randint(-most, most), SCALE_STRIDE)

    def _picture(self, number: int, index: int) -> LabelledPicture:
        return self._kept.get((number, index), lambda: self._read(number, index))

    def _read(self, number: int, index: int) -> LabelledPicture:
        """A picture as it is in the data, but not much larger than it has to be."""
        picture = labelled(self._sets[number].images[index])
        # of what is scaled up, half of it may be seen
        most = 2 * self._recipe.task.size
        if self._recipe.fit != "none" and max(picture.size_wh) > most:
            return picture.fitted(most)
        return picture


def _bytes(picture: LabelledPicture) -> int:
    return picture.pixels.nbytes


def labelled(annotated: AnnotatedImage) -> LabelledPicture:
    """A picture of a data set with its boxes.

    Raises:
        DatasetError: when it cannot be read.
    """
    pixels = read_image(annotated)
    # PyTorch warns of arrays that cannot be written to
    pixels = pixels if pixels.flags.writeable else pixels.copy()
    return LabelledPicture(pixels, annotated.boxes, annotated.labels, annotated.is_crowd)


@dataclass(frozen=True, slots=True, eq=False)
class DetectionFeed(RoundFeed):
    """Pictures of data sets, as a recipe changes them.

    Attributes:
        recipe: says how many a step, and what happens to them.
        sets: what is trained on; all have the same classes.
        weights: how often a picture of each comes, relative to the others.
        seed: of all chance.
    """

    SMALLER: ClassVar[str] = "smaller pictures (--set task.size=…)"

    recipe: DetectionRecipe
    sets: tuple[DetectionDataset, ...]
    weights: tuple[float, ...]
    seed: int

    def __post_init__(self) -> None:
        """Refuses data that nothing can be learned from.

        Raises:
            ConfigError: when data sets have different classes.
            DatasetError: when one has no pictures, or none has a box.
        """
        first = self.sets[0]
        for other in self.sets[1:]:
            if other.classes != first.classes:
                raise ConfigError(
                    f"{first.root} has the classes {', '.join(first.classes)}, and {other.root} "
                    f"{', '.join(other.classes)}; name those to be learned, in their order, with "
                    f"--classes NAME,NAME,…"
                )
        for each in self.sets:
            if not len(each):
                raise DatasetError(f"{each.root}: no pictures to learn from")
        if not any(len(image) for each in self.sets for image in each.images):
            raise DatasetError(f"{first.root}: no picture has a box, so there is nothing to learn")

    @property
    def rounds(self) -> Rounds:
        """The order of the pictures."""
        return Rounds([len(each) for each in self.sets], self.weights, self.seed)

    def train(self, start: int, count: int) -> DetectionSamples:
        """See `Feed`."""
        return DetectionSamples(
            self.recipe, self.sets, self.rounds, samples=count, seed=self.seed, start=start
        )

    def collate(self, samples: Sequence[DetectionBatch]) -> DetectionBatch:
        """See `Feed`."""
        return collate(samples)

    def draw(self, batch: DetectionBatch) -> UInt8[np.ndarray, "H W 3"]:
        """See `Feed`."""
        return draw_detections(batch, self.sets[0].classes)
