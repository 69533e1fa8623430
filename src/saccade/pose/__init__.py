"""Pose estimators, a folder each, and what their key points say of a body."""

from saccade.pose.body import body_model
from saccade.pose.geometry import Orientation, angles, body_orientation, head_orientation
from saccade.pose.placement import Placement, solve_pnp

__all__ = [
    "Orientation",
    "Placement",
    "angles",
    "body_model",
    "body_orientation",
    "head_orientation",
    "solve_pnp",
]
