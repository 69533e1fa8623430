"""Detectors over annotated pictures: what they are run on, their scores, and the report."""

from saccade.evaluation.detection.labels import Correspondence
from saccade.evaluation.detection.scores import DetectionScores, judge
from saccade.evaluation.detection.summary import to_json

__all__ = ["Correspondence", "DetectionScores", "judge", "to_json"]
