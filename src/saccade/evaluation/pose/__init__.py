"""Pose models over annotated pictures: what they are run on, their scores, and the report."""

from saccade.evaluation.pose.matching import Matching
from saccade.evaluation.pose.mean_pose import MeanPose
from saccade.evaluation.pose.scores import PoseScores, judge
from saccade.evaluation.pose.summary import to_json

__all__ = ["Matching", "MeanPose", "PoseScores", "judge", "to_json"]
