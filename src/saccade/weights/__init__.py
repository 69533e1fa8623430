"""Weight files: read without running anything that is in them, fetched, and kept in one store."""

from typing import TYPE_CHECKING

from saccade.core.lazy import lazy
from saccade.weights.checkpoint import Checkpoint, Constructor
from saccade.weights.label import Label
from saccade.weights.preprocessing import Preprocessing
from saccade.weights.recognition import KNOWN_NETWORKS, KnownNetwork, recognise
from saccade.weights.store import Store

if TYPE_CHECKING:
    from saccade.weights.filling import fill
    from saccade.weights.reading import read_checkpoint

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
# whether weights are in the store is known without waiting for PyTorch
__getattr__ = lazy(__name__, {"fill": "filling", "read_checkpoint": "reading"})
