"""Data sets of boxes without pictures, and what is found in them, in a line each."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import Instances
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset

Box = tuple[float, float, float, float]


def image(rows: Iterable[tuple[Any, ...]] = (), number: int = 0, **more: Any) -> AnnotatedImage:
    """A picture with boxes (label, corners), each followed by "crowd" or "difficult" where it is that."""
    rows = list(rows)
    return AnnotatedImage(
        **{
            "name": f"picture-{number}",
            "file": Path(f"picture-{number}.png"),
            "annotation": None,
            "size_wh": None,
            "boxes": np.array([row[1] for row in rows], np.float32).reshape(-1, 4),
            "labels": np.array([row[0] for row in rows], np.int64),
            "is_crowd": np.array(["crowd" in row[2:] for row in rows], bool),
            "is_difficult": np.array(["difficult" in row[2:] for row in rows], bool),
            "id": number,
            **more,
        }
    )


def dataset(
    pictures: Sequence[Iterable[tuple[Any, ...]]], classes: Sequence[str] = ("cat", "dog"), **more: Any
) -> DetectionDataset:
    """A data set of such pictures."""
    images = tuple(image(rows, number) for number, rows in enumerate(pictures))
    return DetectionDataset(
        **{"name": "voc", "root": Path(), "split": None, "classes": tuple(classes), "images": images, **more}
    )


def found(*rows: tuple[int, Box, float]) -> Instances:
    """Detections (label, corners, score)."""
    return Instances(
        boxes=np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        scores=np.array([row[2] for row in rows], np.float64),
        labels=np.array([row[0] for row in rows], np.int64),
    )
