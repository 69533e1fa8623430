"""Average precision as PASCAL VOC defines it, until 2009 and since 2010."""

import numpy as np
from jaxtyping import Bool, Float64

POINTS = 11


def average_precision(
    scores: Float64[np.ndarray, " D"], hits: Bool[np.ndarray, " D"], num_truths: int
) -> float:
    """The area under the precision-recall curve made monotone, as in VOC 2010 and later.

    Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective (2015), section 3.

    Args:
        hits: which detections are true; those that are ignored are left out before.
        num_truths: how many there are to be found.

    Returns:
        in [0, 1]; NaN when there is nothing to be found.
    """
    precision, found = _curve(scores, hits)
    if not num_truths:
        return float("nan")
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float((highest * np.diff(found, prepend=0)).sum() / num_truths)


def average_precision_2007(
    scores: Float64[np.ndarray, " D"], hits: Bool[np.ndarray, " D"], num_truths: int
) -> float:
    """The mean of the best precisions at recalls of at least 0, 0.1 … 1, as in VOC 2007 to 2009.

    Everingham et al., The PASCAL Visual Object Classes (VOC) Challenge (2010), section 4.2. See
    `average_precision`.
    """
    precision, found = _curve(scores, hits)
    if not num_truths:
        return float("nan")
    # 6 * 0.1 rounds to more than 9 / 15, as in everybody's programs, with which this is to be compared
    reached = [precision[found / num_truths >= point * 0.1] for point in range(POINTS)]
    return float(np.mean([part.max(initial=0.0) for part in reached]))


def _curve(scores: Float64[np.ndarray, " D"], hits: Bool[np.ndarray, " D"]) -> tuple[np.ndarray, np.ndarray]:
    """Precision, and how many truths are found, after each detection, the surest first."""
    right = hits[np.argsort(-scores, kind="stable")].cumsum()
    return right / np.arange(1, len(hits) + 1), right
