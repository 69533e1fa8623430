"""Who is who from frame to frame: what a detector or a pose estimator finds gets identities."""

from saccade.association.associator import ASSOCIATORS, Associator
from saccade.association.by_detection import TrackingByDetection
from saccade.association.counting import Counting, Crossing

__all__ = ["ASSOCIATORS", "Associator", "Counting", "Crossing", "TrackingByDetection"]
