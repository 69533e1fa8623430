"""Validation of a pose estimator: it looks at people that it does not learn from."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.train_pictures_judge import PicturesJudge

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from numpy import ndarray

    from saccade.core import Instances
    from saccade.data.pose import PoseDataset, PosedImage


class PoseJudge(PicturesJudge["PoseDataset"]):
    """Looks at people with the weights in a file; what looks at one at a time is shown where each is."""

    def load(self, weights: Path) -> Any:
        """See `PicturesJudge`."""
        from saccade.zoo import load

        return load(self._name, weights=weights, device=self._device, detector=None)

    def look(
        self, model: Any, images: "Sequence[PosedImage]", pictures: "list[UInt8[ndarray, 'H W 3']]"
    ) -> "Sequence[Instances]":
        """See `PicturesJudge`."""
        from saccade.evaluation.pose.run import true_boxes

        boxes = [true_boxes(image) for image in images] if _is_shown(model) else None
        found: Sequence[Instances] = model(pictures, boxes=boxes)
        return found

    def score(
        self, model: Any, court: "PoseDataset", found: "Sequence[Instances]", label: str
    ) -> Mapping[str, float]:
        """See `PicturesJudge`; what the data set's people quote decides."""
        from saccade.evaluation.pose import Matching, judge
        from saccade.evaluation.pose.pck import BOX
        from saccade.evaluation.pose.run import Translation

        translation = Translation.of(model.config.network.skeleton, court, self._name)
        matching = Matching.GIVEN if _is_shown(model) else None
        result = judge(court, [translation(each) for each in found], matching=matching)
        rule = result.pck.rule
        if math.isnan(result.oks_ap):
            self.tell_once(f"there is nobody in {label} who counts, so it says nothing of what is best")
        near = {f"{rule.name}{100 * rule.threshold:.0f}/{label}": result.pck_main}
        similar = {f"OKS_AP/{label}": result.oks_ap}
        return similar | near if rule is BOX else near | similar


def _is_shown(model: Any) -> bool:
    """Whether a model has to be shown where people are."""
    from saccade.pose.model import TopDown

    return isinstance(model, TopDown)
