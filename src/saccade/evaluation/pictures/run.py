"""A model over the pictures of a data set."""

from collections.abc import Callable, Generator, Sequence
from time import perf_counter
from typing import Any, TypeVar

from jaxtyping import UInt8
from numpy import ndarray

from saccade.core import Instances
from saccade.evaluation.pictures.results import PictureResults
from saccade.media.prefetch import END, ReadAhead

BATCH = 4
"""pictures that are looked at together"""

Image = TypeVar("Image")
Pixels = UInt8[ndarray, "H W 3"]


def run_over_pictures(
    look: Callable[[Sequence[Image], list[Pixels]], Sequence[Instances]],
    dataset: Any,
    read: Callable[[Image], Pixels],
    results: PictureResults[Any],
    on_picture: Callable[[], Any] = lambda: None,
    *,
    batch: int = BATCH,
) -> list[Instances]:
    """Runs a model over all pictures, and writes down what it finds; goes on where it was broken off.

    Args:
        look: what is found in each of several pictures, in the terms of the data set.
        dataset: what `results` are of.
        read: a picture of the data set.
        on_picture: is called after each picture.

    Returns:
        what is found in each picture.

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
                answers = look(images, pictures)
                each = (perf_counter() - begun) / len(images)
                for image, answer in zip(images, answers, strict=True):
                    found.append(answer)
                    seconds.append(each)
                    journal.note(image.name, answer, each)
                    on_picture()
    finally:
        waiting.close()
    results.save(dataset, found, seconds)
    return found


def _batches(
    images: Sequence[Image], read: Callable[[Image], Pixels], batch: int
) -> Generator[tuple[Sequence[Image], list[Pixels]], None, None]:
    for first in range(0, len(images), batch):
        chosen = images[first : first + batch]
        yield chosen, [read(image) for image in chosen]
