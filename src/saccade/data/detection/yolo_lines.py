"""Lines of YOLO's labels: a class, and numbers of which most are shares of the picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from saccade.core import DatasetError
from saccade.data.detection.records import Corners, Fault, Kind, number
from saccade.data.formats.text import read_lines

ROUNDING = 0.01
"""by how much a share may be beyond 0 and 1 before it is taken for pixels"""

T = TypeVar("T")


class LineError(Exception):
    """A line that cannot be used."""

    def __init__(self, kind: Kind, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.kind, self.remedy = kind, remedy


def read_labels(
    labels: Path, picture: Path, read: Callable[[str], T], faults: list[Fault]
) -> list[tuple[int, T]]:
    """What a file of labels says, and in which lines, from 1; what cannot be used is noted.

    Args:
        read: raises LineError of a line that cannot be used.
    """
    found: list[tuple[int, T]] = []
    for line, text in enumerate(_lines(labels, picture, faults), start=1):
        if not text.strip():
            continue
        try:
            found.append((line, read(text)))
        except LineError as error:
            faults.append(
                Fault(
                    kind=error.kind,
                    file=labels,
                    reason=str(error),
                    remedy=error.remedy,
                    number=line,
                    place=f"line {line}",
                    picture=picture,
                )
            )
    return found


def read_numbers(words: Sequence[str], num_classes: int) -> tuple[int, list[float]]:
    """The class of a line, and the numbers that follow.

    Raises:
        LineError: when a word is no number, or the class has no name.
    """
    try:
        label, *values = (number(word) for word in words)
    except ValueError as error:
        raise LineError("coordinates", str(error), "write numbers with a decimal point") from None
    if label != int(label) or not 0 <= label < num_classes:
        reason = f"class {words[0]} has no name: there are {num_classes}, counted from 0"
        raise LineError("class", reason, "add its name to the list, or take the line out")
    return int(label), values


def refuse_pixels(values: Sequence[float]) -> None:
    """Refuses what are no shares of the picture.

    Raises:
        LineError: when one is not between 0 and 1.
    """
    if not all(-ROUNDING <= value <= 1 + ROUNDING for value in values):
        reason = "its values are not all between 0 and 1, as shares of the picture are"
        raise LineError("coordinates", reason, "divide x and w by the width, y and h by the height")


def corners_of(x: float, y: float, w: float, h: float, size_wh: tuple[int, int]) -> Corners:
    """Edges in pixels of a box that is given by its middle and size in shares of the picture."""
    width, height = size_wh
    return (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height


def _lines(labels: Path, picture: Path, faults: list[Fault]) -> list[str]:
    try:
        return read_lines(labels)
    except DatasetError as error:
        reason = str(error).removeprefix(f"{labels}: ")
        faults.append(
            Fault(kind="unreadable", file=labels, reason=reason, remedy="write it anew", picture=picture)
        )
        return []
