"""The worst mistakes, cut out of their pictures."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from saccade.data.detection.annotations import AnnotatedImage
from saccade.draw.sheet import Box, Outline, Tile, around, draw_sheet
from saccade.evaluation.detection.confusion import FalseAlarm, Fault, Miss
from saccade.evaluation.pictures.report import varied

if TYPE_CHECKING:
    from saccade.evaluation.detection.report import Judged

SHOWN = 24
"""mistakes on a sheet"""
RIGHT, WRONG, OTHER = "#5BD75B", "#FF5A4D", "#FFC61A"

Read = Callable[[AnnotatedImage], np.ndarray]


def false_alarm_sheet(judged: "Judged", read: Read) -> np.ndarray | None:
    """The surest wrong detections; None when there are none.

    Raises:
        DatasetError: when a picture cannot be read.
    """
    alarms = judged.scores.mistakes.false_alarms
    title = _title("Surest wrong detections", alarms, "red: wrong · green: annotated")
    pictures = [int(judged.scores.detections.images[alarm.detection]) for alarm in alarms]
    return _sheet((_alarm(judged, alarms[place], read) for place in varied(pictures, SHOWN)), title)


def miss_sheet(judged: "Judged", read: Read) -> np.ndarray | None:
    """What was not found, the largest first; None when all was.

    Raises:
        DatasetError: when a picture cannot be read.
    """
    misses = judged.scores.mistakes.misses
    title = _title("Largest misses", misses, "yellow: not found · green: annotated")
    pictures = [int(judged.scores.truths.images[miss.truth]) for miss in misses]
    return _sheet((_miss(judged, misses[place], read) for place in varied(pictures, SHOWN)), title)


def _sheet(tiles: Iterator[Tile], title: str) -> np.ndarray | None:
    shown = list(tiles)
    return draw_sheet(shown, title) if shown else None


def _title(what: str, mistakes: tuple[object, ...], colors: str) -> str:
    some = f"{SHOWN} of {len(mistakes)}" if len(mistakes) > SHOWN else f"{len(mistakes)}"
    return f"{what}: {some} · {colors}"


def _alarm(judged: "Judged", alarm: FalseAlarm, read: Read) -> Tile:
    scores, row = judged.scores, alarm.detection
    image = judged.dataset.images[scores.detections.images[row]]
    box = _box(scores.detections.boxes[row])
    why = alarm.fault.value
    if alarm.fault is Fault.CONFUSED and alarm.truth is not None:
        why = f"is {scores.classes[scores.truths.labels[alarm.truth]]}"
    picture = read(image)
    return Tile(
        picture=picture,
        region=around(box, picture),
        outlines=(
            *_truths(judged, int(scores.detections.images[row])),
            Outline(box=box, color=WRONG, has_rim=True),
        ),
        words=(
            f"{scores.classes[scores.detections.labels[row]]} {scores.detections.scores[row]:.2f}: {why}",
            image.name,
        ),
    )


def _miss(judged: "Judged", miss: Miss, read: Read) -> Tile:
    scores, row = judged.scores, miss.truth
    image = judged.dataset.images[scores.truths.images[row]]
    box = _box(scores.truths.boxes[row])
    why = "nothing found" if miss.score is None else f"found at {miss.score:.2f}"
    if miss.taken_for is not None:
        why = f"taken for {scores.classes[miss.taken_for]}"
    picture = read(image)
    return Tile(
        picture=picture,
        region=around(box, picture),
        outlines=(
            *_truths(judged, int(scores.truths.images[row])),
            Outline(box=box, color=OTHER, has_rim=True),
        ),
        words=(f"{scores.classes[scores.truths.labels[row]]}: {why}", image.name),
    )


def _truths(judged: "Judged", picture: int) -> Iterable[Outline]:
    truths = judged.scores.truths
    first, end = np.searchsorted(truths.images, (picture, picture + 1))
    return (Outline(box=_box(truths.boxes[row]), color=RIGHT) for row in range(first, end))


def _box(corners: np.ndarray) -> Box:
    x1, y1, x2, y2 = (float(value) for value in corners)
    return x1, y1, x2, y2
