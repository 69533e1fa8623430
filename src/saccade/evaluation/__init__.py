"""Evaluation: models over data sets, metrics over their results, and the report."""

from saccade.evaluation.report import failures, one_pass_report, summary_table, to_markdown, write_report
from saccade.evaluation.results import DatasetResults, ModelResults, Track
from saccade.evaluation.runner import Contender, Outcome, run_one_pass, track_sequence

__all__ = [
    "Contender",
    "DatasetResults",
    "ModelResults",
    "Outcome",
    "Track",
    "failures",
    "one_pass_report",
    "run_one_pass",
    "summary_table",
    "to_markdown",
    "track_sequence",
    "write_report",
]
