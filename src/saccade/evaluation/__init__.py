"""Evaluation: models over data sets, metrics over their results, and the report."""

from saccade.evaluation.cluster import run_on_cluster
from saccade.evaluation.others import bring_results
from saccade.evaluation.protocols import PROTOCOLS, Protocol, choose_protocol
from saccade.evaluation.report import Board, board_of, scores_table, write_report
from saccade.evaluation.results import DatasetResults, ModelResults
from saccade.evaluation.runner import Contender, Outcome, Trial, plan, run_here
from saccade.evaluation.tracks import Track
from saccade.evaluation.workers import run_in_processes

__all__ = [
    "PROTOCOLS",
    "Board",
    "Contender",
    "DatasetResults",
    "ModelResults",
    "Outcome",
    "Protocol",
    "Track",
    "Trial",
    "board_of",
    "bring_results",
    "choose_protocol",
    "plan",
    "run_here",
    "run_in_processes",
    "run_on_cluster",
    "scores_table",
    "write_report",
]
