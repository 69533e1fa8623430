"""A detector over the pictures of a data set."""

from collections.abc import Callable, Generator, Sequence
from time import perf_counter
from typing import Any

from jaxtyping import UInt8
from numpy import ndarray

from saccade.core import Instances
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.detection.labels import Correspondence
from saccade.evaluation.detection.results import DetectionResults
from saccade.media.prefetch import END, ReadAhead

BATCH = 4
"""pictures that are looked at together"""

Picture = UInt8[ndarray, "H W 3"]
Detect = Callable[[list[Picture]], Sequence[Instances]]
"""what is found in each of several pictures"""
Read = Callable[[AnnotatedImage], Picture]


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
    found, seconds = results.begun(dataset)
    for _ in found:
        on_picture()
    waiting = ReadAhead(_batches(dataset.images[len(found) :], read, batch), capacity=2)
    try:
        with results.journal(len(found)) as journal:
            while (taken := waiting.take()) is not END:
                images, pictures = taken
                begun = perf_counter()
                answers = detect(pictures)
                each = (perf_counter() - begun) / len(images)
                for image, answer in zip(images, answers, strict=True):
                    found.append(classes.relabel(answer))
                    seconds.append(each)
                    journal.note(image.name, found[-1], each)
                    on_picture()
    finally:
        waiting.close()
    results.save(dataset, found, seconds)
    return found


def _batches(
    images: Sequence[AnnotatedImage], read: Read, batch: int
) -> Generator[tuple[Sequence[AnnotatedImage], list[Picture]], None, None]:
    for first in range(0, len(images), batch):
        chosen = images[first : first + batch]
        yield chosen, [read(image) for image in chosen]
