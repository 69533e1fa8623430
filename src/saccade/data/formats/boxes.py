"""Text files of boxes, one line a frame, as the tracking benchmarks and trackers write them."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError

_EMPTY_VALUE = re.compile(r"(^|,)[ \t]*,")
_EXPECTED = "expected 4 numbers x,y,w,h or 8 of a polygon x1,y1,…,x4,y4, separated by commas, tabs or blanks"


def read_boxes(path: Path) -> Float64[np.ndarray, "F 4"]:
    """Reads boxes (x, y, w, h): one line a frame, with 4 numbers, or 8 that are the corners of a polygon.

    Numbers are separated by commas, tabs or blanks, mixed as they may be. A polygon becomes the upright box
    around it. A row with NaN in any place is NaN in all. Byte order marks, Windows line ends and blank last
    lines are tolerated.

    Returns:
        the numbers as they stand, in the file's own pixels.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    return np.array([_box(values, where) for values, where in _rows(path)], dtype=np.float64).reshape(-1, 4)


def read_numbers(path: Path) -> Float64[np.ndarray, " F"]:
    """Reads one number a line, such as the seconds that each frame took.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    numbers = []
    for values, where in _rows(path):
        if len(values) != 1:
            raise DatasetError(f"{where}: expected one number, got {len(values)}")
        numbers.append(values[0])
    return np.array(numbers, dtype=np.float64)


def _rows(path: Path) -> Iterator[tuple[list[float], str]]:
    """The numbers of each line, and how to name the line in a message."""
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            raise DatasetError(
                f"{where}: blank line among others; write NaN,NaN,NaN,NaN where nothing is known"
            )
        if _EMPTY_VALUE.search(line):
            raise DatasetError(f"{where}: a value is missing between two commas in {line!r}")
        try:
            values = [float(word) for word in line.replace(",", " ").split()]
        except ValueError:
            raise DatasetError(f"{where}: {line!r} is not all numbers; {_EXPECTED}") from None
        if any(map(math.isinf, values)):
            raise DatasetError(f"{where}: {line!r} has an infinite value; write NaN where nothing is known")
        yield values, where


def _lines(path: Path) -> list[str]:
    try:
        # utf-8-sig drops the byte order mark that Windows editors put first
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: byte {error.start} is not UTF-8; save it as plain UTF-8 text") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None
    return text.rstrip().splitlines()


def _box(values: list[float], where: str) -> list[float]:
    if len(values) not in (4, 8):
        raise DatasetError(f"{where}: got {len(values)} numbers; {_EXPECTED}")
    if any(map(math.isnan, values)):
        return [math.nan] * 4
    if len(values) == 8:
        xs, ys = values[0::2], values[1::2]
        return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    return values
