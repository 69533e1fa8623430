"""Text files of boxes, one line a frame, as the tracking benchmarks and trackers write them."""

import math
import re
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from saccade.core import DatasetError
from saccade.core.numerals import decimal
from saccade.data.formats.text import numbered_rows, read_lines, read_table

_BOX = "4 numbers x,y,w,h or 8 of a polygon x1,y1,…,x4,y4, separated by commas, tabs or blanks"
_NUMBER = "one number"
_VATIC_NUMBERS = 9
_LABEL = re.compile(rb' *"[^"\r\n]*"(?=\n|$)')
_VATIC = "a VATIC row: id xmin ymin xmax ymax frame lost occluded generated label"


def read_boxes(path: Path) -> Float64[np.ndarray, "F 4"]:
    """Reads boxes (x, y, w, h): one line a frame, with 4 numbers, or 8 that are the corners of a polygon.

    Numbers are separated by commas, or by tabs and blanks; lines may differ in that. A polygon becomes the
    upright box around it. A row with NaN in any place is NaN in all. Byte order marks, Windows line ends and
    blank last lines are tolerated.

    Returns:
        the numbers as they stand, in the file's own pixels.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    table = read_table(path)
    if table is None or table.shape[1] not in (0, 4, 8):
        rows = [_box(values, where) for values, where in numbered_rows(path, _BOX)]
        return np.array(rows, dtype=np.float64).reshape(-1, 4)
    if table.shape[1] == 8:
        return polygon_boxes(table.reshape(-1, 4, 2))
    boxes = table.reshape(-1, 4)
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    return boxes


def polygon_boxes(corners: Float64[np.ndarray, "F P 2"]) -> Float64[np.ndarray, "F 4"]:
    """The upright boxes (x, y, w, h) around polygons; NaN where a corner is NaN."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    boxes = np.concatenate([low, high - low], axis=1)
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    return boxes


def read_numbers(path: Path) -> Float64[np.ndarray, " F"]:
    """Reads one number a line, such as the seconds that each frame took.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    table = read_table(path)
    if table is not None and table.shape[1] in (0, 1):
        return table.reshape(-1)
    numbers = []
    for values, where in numbered_rows(path, _NUMBER):
        if len(values) != 1:
            raise DatasetError(f"{where}: expected {_NUMBER}, got {len(values)}")
        numbers.append(values[0])
    return np.array(numbers, dtype=np.float64)


def read_flags(path: Path) -> Bool[np.ndarray, " F"]:
    """Reads zeros and ones, one a frame, in one line or in many, separated by commas, tabs or blanks.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    flags: list[bool] = []
    for number, line in enumerate(read_lines(path), start=1):
        words = line.replace(",", " ").split()
        strange = set(words) - {"0", "1"}
        if strange:
            raise DatasetError(
                f"{path}, line {number}: {min(strange)!r} is neither 0 nor 1; write one a frame"
            )
        flags += [word == "1" for word in words]
    return np.array(flags, dtype=bool)


def read_vatic(path: Path) -> tuple[Float64[np.ndarray, "F 4"], dict[str, Bool[np.ndarray, " F"]]]:
    """Reads the rows that the annotation tool VATIC writes, as in Need for Speed.

    Returns:
        boxes (x, y, w, h), and the flags `lost` and `occluded` of each row.

    Raises:
        DatasetError: naming file and line, for anything else.
    """
    table = read_table(path, noise=_LABEL)
    if table is None or table.shape[1] != _VATIC_NUMBERS:
        table = _careful_vatic(path)
    boxes = np.concatenate([table[:, 1:3], table[:, 3:5] - table[:, 1:3]], axis=1)
    return boxes, {"lost": table[:, 6] == 1, "occluded": table[:, 7] == 1}


def _careful_vatic(path: Path) -> Float64[np.ndarray, "F 9"]:
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        try:
            rows.append([decimal(word) for word in line.split(maxsplit=_VATIC_NUMBERS)[:_VATIC_NUMBERS]])
        except ValueError:
            rows.append([])
        if len(rows[-1]) != _VATIC_NUMBERS or any(map(math.isinf, rows[-1])):
            raise DatasetError(f"{path}, line {number}: {line!r} is not {_VATIC}, separated by blanks")
    return np.array(rows, dtype=np.float64).reshape(-1, _VATIC_NUMBERS)


def _box(values: list[float], where: str) -> list[float]:
    if len(values) not in (4, 8):
        raise DatasetError(f"{where}: got {len(values)} numbers; expected {_BOX}")
    if any(map(math.isnan, values)):
        return [math.nan] * 4
    if len(values) == 8:
        xs, ys = values[0::2], values[1::2]
        return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    return values
