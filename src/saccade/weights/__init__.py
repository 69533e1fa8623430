"""Weight files: read without running anything that is in them, fetched, and kept in one store."""

from saccade.weights.checkpoint import Checkpoint, Constructor
from saccade.weights.filling import fill
from saccade.weights.label import Label
from saccade.weights.preprocessing import Preprocessing
from saccade.weights.reading import read_checkpoint
from saccade.weights.recognition import KNOWN_NETWORKS, KnownNetwork, recognise
from saccade.weights.store import Store

__all__ = [
    "KNOWN_NETWORKS",
    "Checkpoint",
    "Constructor",
    "KnownNetwork",
    "Label",
    "Preprocessing",
    "Store",
    "fill",
    "read_checkpoint",
    "recognise",
]
