"""Scores as JSON and tables have them."""

import numpy as np

from saccade.evaluation.report.tables import NOTHING


def number(value: float) -> float | None:
    """A score for JSON, which knows no NaN."""
    return None if np.isnan(value) else float(value)


def rounded(value: float) -> float | None:
    """A point of a curve for JSON."""
    known = number(value)
    return None if known is None else round(known, 4)


def shown(value: float) -> str:
    """A score as it is shown."""
    return NOTHING if np.isnan(value) else f"{value:.3f}"


def mean_milliseconds(seconds: np.ndarray | None) -> float | None:
    """That a picture takes, on average; None where nobody measured."""
    return None if seconds is None or not len(seconds) else 1000 * float(seconds.mean())
