"""Data: sequences and the truth about them, one reader for evaluation and training."""

from saccade.data.datasets import READERS, Dataset, open_dataset
from saccade.data.sequence import GroundTruth, Presence, Sequence

__all__ = ["READERS", "Dataset", "GroundTruth", "Presence", "Sequence", "open_dataset"]
