"""Who is who from frame to frame: what a detector or a pose estimator finds gets identities."""

from saccade.association.associator import ASSOCIATORS, Associator

__all__ = ["ASSOCIATORS", "Associator"]
