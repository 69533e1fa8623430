"""COCO results files: a JSON list with a row a thing."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from saccade.core import DatasetError
from saccade.core.errors import reason_of
from saccade.data.pictured import Pictured

Row = TypeVar("Row")


def places_of(images: Sequence[Pictured], image_ids: Iterable[int]) -> dict[Any, int]:
    """Places of pictures by their names, and by their ids, which come first."""
    places: dict[Any, int] = {}
    for place, image in enumerate(images):
        places |= {image.file.stem: place, image.file.name: place, image.name: place}
    return places | {image_id: place for place, image_id in enumerate(image_ids)}


def read_rows(file: Path, keys: Sequence[str], parse: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """The rows of a results file.

    Args:
        keys: that every row has.
        parse: makes something of a row; a ValueError says what is wrong with it.

    Raises:
        DatasetError: when it cannot be read, or a row is refused, naming the row.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise DatasetError(
            f"{file}: cannot be read as COCO results ({reason_of(error)}); expected a JSON list, such as "
            f"detections.json of saccade detect or poses.json of saccade pose"
        ) from None
    if isinstance(rows, Mapping):
        # some programs wrap them as they do truth
        rows = rows.get("annotations")
    if not isinstance(rows, list):
        raise DatasetError(f"{file}: no list of detections; expected [{{{', '.join(keys)}}}, …]")
    parsed = []
    for number, row in enumerate(rows, start=1):
        try:
            missing = [key for key in keys if not isinstance(row, dict) or key not in row]
            if missing:
                raise ValueError(f"has no {missing[0]}; expected {', '.join(keys)}")
            parsed.append(parse(row))
        except ValueError as error:
            raise DatasetError(f"{file}, detection {number}: {error}") from None
    return parsed


def picture_of(row: Mapping[str, Any], places: Mapping[Any, int]) -> int:
    """The place of the picture that a row is of.

    Raises:
        ValueError: when it is none of the data set's.
    """
    image = row["image_id"]
    if not isinstance(image, int | str) or image not in places:
        raise ValueError(
            f"image_id {image!r} is none of the data set's pictures; take the split that the file is of"
        )
    return places[image]


def parse_box(row: Mapping[str, Any]) -> tuple[list[float], float]:
    """Corners (x1, y1, x2, y2) and score of a row with `bbox` and `score`.

    Raises:
        ValueError: when it is no box, or not finite.
    """
    box = row["bbox"]
    try:
        if not isinstance(box, list | tuple):
            raise TypeError
        x, y, w, h = (float(value) for value in box)
        score = float(row["score"])
    except (OverflowError, TypeError, ValueError):
        raise ValueError(
            f"bbox {box!r} with score {row['score']!r}; expected x, y, w, h and a number"
        ) from None
    if not np.isfinite([x, y, x + w, y + h, score]).all() or min(w, h) < 0:
        raise ValueError(f"bbox {box} with score {score}: not finite, or of negative size")
    return [x, y, x + w, y + h], score
