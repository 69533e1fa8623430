"""Data: sequences and the truth about them, one reader for evaluation and training."""

from saccade.data.datasets import DATASETS, Dataset, open_dataset
from saccade.data.formats.tracks import Tracks
from saccade.data.sequence import Facts, Sequence
from saccade.data.truth import Annotation, BoxAnnotation, GroundTruth, LabelAnnotation, Presence

__all__ = [
    "DATASETS",
    "Annotation",
    "BoxAnnotation",
    "Dataset",
    "Facts",
    "GroundTruth",
    "LabelAnnotation",
    "Presence",
    "Sequence",
    "Tracks",
    "open_dataset",
]
