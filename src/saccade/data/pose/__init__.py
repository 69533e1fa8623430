"""Pictures of people with key points: what pose estimators are trained on and judged by."""

from saccade.data.detection.pictures import read_image
from saccade.data.pose.opening import POSE, find_form, open_pose, recognise
from saccade.data.pose.people import AnnotatedPerson, PoseDataset, PosedImage

__all__ = [
    "POSE",
    "AnnotatedPerson",
    "PoseDataset",
    "PosedImage",
    "find_form",
    "open_pose",
    "read_image",
    "recognise",
]
