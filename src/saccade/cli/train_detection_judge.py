"""Validation of a detector: it looks for things in pictures that it does not learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.console import notify, progress
from saccade.cli.eval_detection import SCORE_FLOOR
from saccade.core import DatasetError, MissingExtraError

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy import ndarray

    from saccade.core import Instances
    from saccade.data.detection import AnnotatedImage, DetectionDataset

BATCH = 4
"""pictures that are looked at together"""


class DetectionJudge:
    """Looks for things in pictures with the weights in a file."""

    def __init__(self, model: str, courts: Sequence["DetectionDataset"], device: str) -> None:
        """Nothing is read yet.

        Args:
            courts: annotated pictures, with the classes of the training.

        Raises:
            MissingExtraError: without what counts.
        """
        try:
            import faster_coco_eval  # noqa: F401 - better missed now than after the first epoch
        except ModuleNotFoundError:
            raise MissingExtraError.of("faster-coco-eval", "coco") from None
        self._model, self._courts, self._device = model, list(courts), device

    def __call__(self, weights: Path, epoch: int) -> Mapping[str, float]:
        """The scores of the weights after an epoch, by name as it is logged, in [0, 1]."""
        from saccade.evaluation.detection import judge
        from saccade.zoo import load

        settings = {"threshold": SCORE_FLOOR}
        detector = load(self._model, weights=weights, device=self._device, settings=settings)
        scores: dict[str, float] = {}
        for place, court in enumerate(self._courts):
            found = self._find(detector, court)
            readable = tuple(image for image in court.images if image.name in found)
            # what cannot be read is said once
            court = self._courts[place] = replace(court, images=readable)
            result = judge(court, [found[image.name] for image in readable], score_floor=SCORE_FLOOR)
            label = court.name if court.split is None else f"{court.name}:{court.split}"
            scores |= {f"mAP/{label}": result.map, f"mAP50/{label}": result.map50}
        return scores

    def _find(self, detector: Any, court: "DetectionDataset") -> dict[str, "Instances"]:
        """What is in each picture that can be read, by its name."""
        found: dict[str, Instances] = {}
        with progress(f"judging by {court.name}", len(court), unit="pictures") as advance:
            for first in range(0, len(court), BATCH):
                chosen = court.images[first : first + BATCH]
                pictures = {image.name: pixels for image in chosen if (pixels := _read(image)) is not None}
                found |= zip(pictures, detector(list(pictures.values())), strict=True)
                for _ in chosen:
                    advance()
        return found


def _read(image: "AnnotatedImage") -> "UInt8[ndarray, 'H W 3'] | None":
    from saccade.data.detection import read_image

    try:
        return read_image(image)
    except DatasetError as error:
        notify(f"{error}; it is not judged by")
        return None
