"""Average precision and recall as COCO defines them, read off the package faster-coco-eval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from saccade.core import MissingExtraError

if TYPE_CHECKING:
    from faster_coco_eval import COCOeval_faster


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CocoScores:
    """Average precision and recall over thresholds of overlap, by class and by size.

    Attributes:
        engine: what computed them, with its version.
        sizes: of truths, the first being all of them.
        max_detections: how many detections of a class count in a picture, the surest; the last is what
            precision is of.
        ious: thresholds of overlap.
        recalls: at which precision is read off.
        precision: highest at a recall of at least so much; NaN for classes without truths of that size.
        recall: highest, by how many detections count.
    """

    engine: str
    sizes: tuple[str, ...]
    max_detections: tuple[int, ...]
    ious: Float64[np.ndarray, " I"]
    recalls: Float64[np.ndarray, " R"]
    precision: Float64[np.ndarray, "I R C A"]
    recall: Float64[np.ndarray, "I C A M"]

    @classmethod
    def of(
        cls, run: "COCOeval_faster", sizes: tuple[str, ...], max_detections: tuple[int, ...]
    ) -> "CocoScores":
        """What an evaluation comes to that is all set up."""
        run.params.maxDets = list(max_detections)
        run.evaluate()
        run.accumulate()
        precision, recall = (np.asarray(run.eval[key], np.float64) for key in ("precision", "recall"))
        return cls(
            engine=f"faster-coco-eval {load_engine().__version__}",
            sizes=sizes,
            max_detections=max_detections,
            ious=np.asarray(run.params.iouThrs, np.float64),
            recalls=np.asarray(run.params.recThrs, np.float64),
            # it says -1 where there is nothing to be found
            precision=np.where(precision < 0, np.nan, precision)[..., -1],
            recall=np.where(recall < 0, np.nan, recall),
        )

    def average_precision(
        self, iou: float | None = None, *, size: str = "all", label: int | None = None
    ) -> float:
        """Mean over recalls, classes and overlaps, in [0, 1]; NaN when there are no truths.

        Args:
            iou: at one threshold of overlap; over all, 0.5 to 0.95, when not given.
            label: of one class; over all that have truths when not given.
        """
        return mean_known(self.precision[self._at(iou), :, _one(label), self.sizes.index(size)])

    def average_recall(
        self,
        max_detections: int | None = None,
        *,
        iou: float | None = None,
        size: str = "all",
        label: int | None = None,
    ) -> float:
        """Mean over classes and overlaps, in [0, 1]; NaN when there are no truths.

        Args:
            max_detections: how many count in a picture; as many as for precision when not given.
        """
        place = -1 if max_detections is None else self.max_detections.index(max_detections)
        return mean_known(self.recall[self._at(iou), _one(label), self.sizes.index(size), place])

    def precision_at(self, iou: float, label: int | None = None) -> Float64[np.ndarray, " R"]:
        """Precision by recall, of one class, or the mean of all; NaN where there are no truths."""
        curves = self.precision[self._at(iou), :, _one(label), 0]
        return np.array([mean_known(curves[:, recall]) for recall in range(len(self.recalls))])

    def _at(self, iou: float | None) -> slice:
        return _one(None if iou is None else int(np.abs(self.ious - iou).argmin()))


def load_engine() -> Any:
    """The package that computes.

    Raises:
        MissingExtraError: when it is not installed.
    """
    try:
        import faster_coco_eval
    except ImportError:
        raise MissingExtraError.of("faster-coco-eval", "coco") from None
    return faster_coco_eval


def mean_known(values: np.ndarray) -> float:
    """The mean of what is not NaN; NaN when there is nothing."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float("nan")


def _one(place: int | None) -> slice:
    return slice(None) if place is None else slice(place, place + 1)
