"""Metrics: functions of arrays, each of which states its unit and its dialect."""

from saccade.evaluation.metrics.boxes import centre_error, normalised_centre_error, overlap
from saccade.evaluation.metrics.dialects import DIALECTS, Dialect, dialect
from saccade.evaluation.metrics.one_pass import (
    ONE_PASS_SCORES,
    OnePassScores,
    precision_curve,
    score_one_pass,
    success_curve,
)

__all__ = [
    "DIALECTS",
    "ONE_PASS_SCORES",
    "Dialect",
    "OnePassScores",
    "centre_error",
    "dialect",
    "normalised_centre_error",
    "overlap",
    "precision_curve",
    "score_one_pass",
    "success_curve",
]
