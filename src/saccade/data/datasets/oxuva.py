"""OxUvA: Valmadre et al., "Long-term Tracking in the Wild: A Benchmark", ECCV 2018.

Boxes are parts of the frame, and there is one every 30 frames, or the word that the target is absent. Of the
test set only first boxes are published.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saccade.core import DatasetError
from saccade.core.numerals import decimal, whole
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_lines
from saccade.data.frames import Frames, NumberedFrames
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_table
from saccade.data.truth import BoxAnnotation, GroundTruth, Presence
from saccade.media.images import picture_size

_COLUMNS = 12
Label = tuple[int, bool, tuple[float, float, float, float]]
"""frame, whether the target is present, and xmin, xmax, ymin, ymax as parts of the frame"""


@dataclass(frozen=True, slots=True)
class _LabelledFrames:
    """Makes the truth of a track from the few frames that are labelled."""

    file: Path
    images: Frames
    first: int
    labels: tuple[Label, ...]

    def __call__(self) -> BoxAnnotation:
        size = picture_size(self.images[0])
        if size is None:
            raise DatasetError(f"{self.images[0]}: cannot be read, and boxes are parts of it; take it anew")
        boxes = np.full((len(self.images), 4), np.nan)
        presence = np.full(len(self.images), Presence.UNKNOWN, dtype=np.int8)
        for frame, is_present, (left, right, top, bottom) in self.labels:
            if not 0 <= frame - self.first < len(self.images):
                raise DatasetError(f"{self.file}: frame {frame} is outside of its track; take the file anew")
            presence[frame - self.first] = Presence.PRESENT if is_present else Presence.ABSENT
            if is_present:
                parts = np.array([left, top, right - left, bottom - top])
                boxes[frame - self.first] = parts * np.array([*size, *size])
        return BoxAnnotation({0: GroundTruth(boxes, presence)}, self.file)


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    file = root / "annotations" / "dev.csv" if split == "dev" else root / "tasks" / "test.csv"
    labels = _labels(file) if split == "dev" else {}
    for row in read_table(f"oxuva_{split}"):
        first, last = int(row["first"]), int(row["last"])
        name = f"{row['video']}_{row['object']}"
        images = NumberedFrames(
            root / "images" / split / row["video"], "%06d.jpeg", first=first, count=last - first + 1
        )
        start = (
            first,
            True,
            (float(row["xmin"]), float(row["xmax"]), float(row["ymin"]), float(row["ymax"])),
        )
        yield Sequence(
            name,
            images,
            _LabelledFrames(file, images, first, (start, *labels.get(name, ()))),
            Facts(
                fps=30.0,
                category=row["category"] or None,
                attributes=tuple(key for key in ("cuts", "always_visible") if row[key] == "true"),
            ),
            aliases=(f"{name}_frames[{first:06d}:{last + 1:06d}]",),
        )


def _labels(file: Path) -> Mapping[str, list[Label]]:
    labels: dict[str, list[Label]] = defaultdict(list)
    for number, line in enumerate(read_lines(file), start=1):
        cells = line.split(",")
        try:
            frame, is_present = whole(cells[6]), {"present": True, "absent": False}[cells[7]]
            left, right, top, bottom = (decimal(cell) if is_present else 0.0 for cell in cells[8:_COLUMNS])
        except (IndexError, KeyError, ValueError):
            raise DatasetError(
                f"{file}, line {number}: expected {_COLUMNS} values video,object,…,frame,present,"
                f"xmin,xmax,ymin,ymax; take the original file anew"
            ) from None
        # an infinite part makes a side that is infinite, or NaN
        if not (0 <= right - left < math.inf and 0 <= bottom - top < math.inf):
            raise DatasetError(
                f"{file}, line {number}: the target is present, but {','.join(cells[8:_COLUMNS])} is no box "
                f"xmin,xmax,ymin,ymax; take the original file anew"
            )
        labels[f"{cells[0]}_{cells[1]}"].append((frame, is_present, (left, right, top, bottom)))
    return labels


ENTRIES = (
    DatasetEntry(
        name="oxuva",
        summary="OxUvA: long-term tracking, 200 tracks to develop with, 166 to test",
        task="boxes",
        splits={"dev": 200, "test": 166},
        layout="ROOT/images/dev/<video>/000000.jpeg and ROOT/annotations/dev.csv",
        find=_sequences,
        attributes={"cuts": "the video contains cuts", "always_visible": "the target is always visible"},
        obtain="https://oxuva.github.io/long-term-tracking-benchmark",
    ),
)
