"""Validation of a detector: it looks for things in pictures that it does not learn from."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.eval_detection import SCORE_FLOOR
from saccade.cli.train_pictures_judge import PicturesJudge

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy import ndarray

    from saccade.core import Instances
    from saccade.data.detection import AnnotatedImage, DetectionDataset


class DetectionJudge(PicturesJudge["DetectionDataset"]):
    """Looks for things with the weights in a file; data sets have the classes of the training."""

    def load(self, weights: Path) -> Any:
        """See `PicturesJudge`."""
        from saccade.zoo import load

        settings = {"threshold": SCORE_FLOOR}
        return load(self._name, weights=weights, device=self._device, settings=settings)

    def look(
        self, model: Any, images: "Sequence[AnnotatedImage]", pictures: "list[UInt8[ndarray, 'H W 3']]"
    ) -> "Sequence[Instances]":
        """See `PicturesJudge`."""
        found: Sequence[Instances] = model(pictures)
        return found

    def score(
        self, model: Any, court: "DetectionDataset", found: "Sequence[Instances]", label: str
    ) -> Mapping[str, float]:
        """See `PicturesJudge`."""
        from saccade.evaluation.detection import judge

        result = judge(court, found, score_floor=SCORE_FLOOR)
        if math.isnan(result.map):
            self.tell_once(f"there is no box in {label} that counts, so it says nothing of what is best")
        return {f"mAP/{label}": result.map, f"mAP50/{label}": result.map50}
