"""From pictures of a data set to what a network is shown."""

from collections.abc import Callable
from dataclasses import dataclass

from saccade.data.detection.augment import Augmentation, Fit
from saccade.data.detection.augment_mosaic import mixed, mosaic
from saccade.data.detection.augment_single import change_one, turn_over
from saccade.data.detection.labelled import LabelledPicture
from saccade.data.samples.dice import Dice

Another = Callable[[], LabelledPicture]
"""draws another picture of the data"""


@dataclass(frozen=True, slots=True)
class Augmenter:
    """Changes pictures at random, and brings them to a size.

    Attributes:
        settings: what may happen.
        fit: how they come to their size.
    """

    settings: Augmentation
    fit: Fit

    def __call__(
        self, picture: LabelledPicture, side: int, another: Another, dice: Dice, *, is_plain: bool
    ) -> LabelledPicture:
        """A changed picture, whose boxes are all inside.

        Args:
            side: of the square that the network wants, in pixels.
            another: draws from the same dice.
            is_plain: whether pictures stay alone now.
        """
        settings, rng = self.settings, dice.random
        of_many = 0.0 if is_plain else settings.mosaic.probability
        if of_many and rng.random() < of_many:
            four = [picture, *(another() for _ in range(3))]
            picture = mosaic(four, side, settings.mosaic, settings.visible, rng)
            if settings.mixup.probability and rng.random() < settings.mixup.probability:
                picture = mixed(picture, another(), settings.mixup, settings.visible, rng)
        else:
            picture = change_one(picture.inside(), settings, dice)
        return turn_over(self._brought(picture, side), settings, rng)

    def _brought(self, picture: LabelledPicture, side: int) -> LabelledPicture:
        if self.fit == "none":
            return picture
        if self.fit == "stretch":
            return picture.resized(side, side).inside()
        return picture.fitted(side).on_canvas(side, side).inside()
