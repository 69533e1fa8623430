"""A detector over the pictures of a data set."""

from collections.abc import Callable, Sequence
from typing import Any

from saccade.core import Instances
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.detection.labels import Correspondence
from saccade.evaluation.detection.results import DetectionResults
from saccade.evaluation.pictures.run import BATCH, Pixels, run_over_pictures

Detect = Callable[[list[Pixels]], Sequence[Instances]]
"""what is found in each of several pictures"""
Read = Callable[[AnnotatedImage], Pixels]


def run_detector(
    detect: Detect,
    dataset: DetectionDataset,
    read: Read,
    results: DetectionResults,
    classes: Correspondence,
    on_picture: Callable[[], Any] = lambda: None,
    *,
    batch: int = BATCH,
) -> list[Instances]:
    """Runs a detector over all pictures, and writes down what it finds; goes on where it was broken off.

    Args:
        read: a picture of the data set.
        classes: which of its classes is which of the data set's.
        on_picture: is called after each picture.

    Returns:
        what is found in each picture, labels being the data set's.

    Raises:
        DatasetError: when a picture cannot be read.
        OutputError: when results cannot be written.
    """

    def look(_: Sequence[AnnotatedImage], pictures: list[Pixels]) -> list[Instances]:
        return [classes.relabel(answer) for answer in detect(pictures)]

    return run_over_pictures(look, dataset, read, results, on_picture, batch=batch)
