"""ATOM: a filter learned online finds the target, and an IoU-Net fits the box."""

from saccade.trackers.atom.build import build, make_network
from saccade.trackers.atom.config import (
    ATOM,
    ATOM_GMM,
    ATOM_MULTISCALE,
    ATOM_PROB_ML,
    ATOM_VOT,
    ATOMConfig,
)
from saccade.trackers.atom.network import ATOMNet

__all__ = [
    "ATOM",
    "ATOM_GMM",
    "ATOM_MULTISCALE",
    "ATOM_PROB_ML",
    "ATOM_VOT",
    "ATOMConfig",
    "ATOMNet",
    "build",
    "make_network",
]
