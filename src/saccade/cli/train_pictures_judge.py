"""Validation on annotated pictures: what is learned looks at some that it does not learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from saccade.cli.console import notify, progress
from saccade.core import DatasetError, MissingExtraError

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy import ndarray

    from saccade.core import Instances
    from saccade.data.pictured import Pictured

BATCH = 4
"""pictures that are looked at together"""

D = TypeVar("D", bound=Any)


class PicturesJudge(Generic[D]):
    """Looks at pictures with the weights in a file; whoever makes one says how, and what that is worth."""

    def __init__(self, model: str, courts: Sequence[D], device: str) -> None:
        """Nothing is read yet.

        Args:
            courts: annotated pictures, frozen data sets.

        Raises:
            MissingExtraError: without what counts.
        """
        try:
            import faster_coco_eval  # noqa: F401 - better missed now than after the first epoch
        except ModuleNotFoundError:
            raise MissingExtraError.of("faster-coco-eval", "coco") from None
        self._name, self._courts, self._device = model, list(courts), device
        self._told: set[str] = set()

    def load(self, weights: Path) -> Any:
        """The model with the weights so far."""
        raise NotImplementedError

    def look(
        self, model: Any, images: "Sequence[Any]", pictures: "list[UInt8[ndarray, 'H W 3']]"
    ) -> "Sequence[Instances]":
        """What is found in each of some pictures."""
        raise NotImplementedError

    def score(self, model: Any, court: D, found: "Sequence[Instances]", label: str) -> Mapping[str, float]:
        """What it is worth, in [0, 1], by name as it is logged; the score that decides comes first.

        Args:
            court: as much of a data set as could be read.
            label: of the data set.
        """
        raise NotImplementedError

    def __call__(self, weights: Path, epoch: int) -> Mapping[str, float]:
        """The scores of the weights after an epoch."""
        model = self.load(weights)
        scores: dict[str, float] = {}
        for place, court in enumerate(self._courts):
            found = self._find(model, court)
            readable = tuple(image for image in court.images if image.name in found)
            # what cannot be read is said once
            court = self._courts[place] = replace(court, images=readable)
            label = court.name if court.split is None else f"{court.name}:{court.split}"
            scores |= self.score(model, court, [found[image.name] for image in readable], label)
        return scores

    def tell_once(self, message: str) -> None:
        """Says something that is the same after each epoch."""
        if message not in self._told:
            self._told.add(message)
            notify(message)

    def _find(self, model: Any, court: D) -> dict[str, "Instances"]:
        """What is in each picture that can be read, by its name."""
        found: dict[str, Instances] = {}
        with progress(f"judging by {court.name}", len(court.images), unit="pictures") as advance:
            for first in range(0, len(court.images), BATCH):
                chosen = court.images[first : first + BATCH]
                read = [(image, pixels) for image in chosen if (pixels := _read(image)) is not None]
                images, pictures = [image for image, _ in read], [pixels for _, pixels in read]
                answers = self.look(model, images, pictures) if read else []
                found |= {image.name: answer for image, answer in zip(images, answers, strict=True)}
                for _ in chosen:
                    advance()
        return found


def _read(image: "Pictured") -> "UInt8[ndarray, 'H W 3'] | None":
    from saccade.data.detection import read_image

    try:
        return read_image(image)
    except DatasetError as error:
        notify(f"{error}; it is not judged by")
        return None
