"""Metrics: functions of arrays, each of which states its unit and its dialect.

Success and precision in every dialect are here; the scores of single benchmarks are in the files that bear
their names.
"""

from saccade.evaluation.metrics.boxes import centre_error, normalised_centre_error, overlap
from saccade.evaluation.metrics.curves import precision_curve, success_curve
from saccade.evaluation.metrics.dialects import DIALECTS, Dialect, dialect
from saccade.evaluation.metrics.groups import by_attribute
from saccade.evaluation.metrics.one_pass import ONE_PASS_SCORES, OnePassScores, score_one_pass
from saccade.evaluation.metrics.statistics import (
    Comparison,
    Interval,
    bootstrap_intervals,
    compare_paired,
    resampled_intervals,
)

__all__ = [
    "DIALECTS",
    "ONE_PASS_SCORES",
    "Comparison",
    "Dialect",
    "Interval",
    "OnePassScores",
    "bootstrap_intervals",
    "by_attribute",
    "centre_error",
    "compare_paired",
    "dialect",
    "normalised_centre_error",
    "overlap",
    "precision_curve",
    "resampled_intervals",
    "score_one_pass",
    "success_curve",
]
