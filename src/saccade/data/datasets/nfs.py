"""NfS: Galoogahi et al., "Need for Speed: A Benchmark for Higher Frame Rate Object Tracking", ICCV 2017."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.boxes import read_vatic
from saccade.data.formats.text import read_lines
from saccade.data.frames import LateFrames, NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, words
from saccade.data.truth import BoxAnnotation, GroundTruth

_ROWS_PER_FRAME = 8
"""the frames at 30 fps come with the rows of 240 fps"""


@dataclass(frozen=True, slots=True)
class _VaticReader:
    """Reads the original distribution, where there are eight rows a frame, or one, and a frame more or less.

    Where frames and rows differ by one, both are cut to the shorter.
    """

    file: Path
    images: NumberedFrames

    def __call__(self) -> BoxAnnotation:
        boxes, tags = read_vatic(self.file)
        # all lines are looked at, so that a message counts them as the file does
        truth = GroundTruth.of_boxes(boxes, self.file)
        rows = self._rows(len(boxes))
        # `lost` is kept as a tag: published scores count these frames
        return BoxAnnotation(
            {0: GroundTruth(truth.boxes[rows], truth.presence[rows])},
            self.file,
            {name: flags[rows] for name, flags in tags.items()},
        )

    def frames(self) -> NumberedFrames:
        """The frames, without one at the end that has no row."""
        if not self.file.is_file():
            return self.images
        frames, rows = len(self.images), len(self._rows(len(read_lines(self.file))))
        count = rows if rows == frames - 1 else frames
        return NumberedFrames(self.images.folder, self.images.pattern, count=count)

    def _rows(self, lines: int) -> Int64[np.ndarray, " F"]:
        """Which lines of so many belong to a frame each, without one at the end that has no frame."""
        frames = len(self.images)
        is_dense = abs(-(-lines // _ROWS_PER_FRAME) - frames) <= 1 < abs(lines - frames)
        rows = np.arange(lines)[:: _ROWS_PER_FRAME if is_dense else 1]
        return rows[:frames] if len(rows) == frames + 1 else rows


def _sequences(rate: int, root: Path, split: str) -> Iterator[Sequence]:
    is_packed = rate == 30 and (root / "sequences").is_dir()
    for row in read_table("nfs"):
        name = row["name"]
        folder = root / "sequences" / name if is_packed else root / name / str(rate) / name
        images: NumberedFrames | LateFrames
        source: BoxReader | _VaticReader
        if is_packed:
            images = NumberedFrames(folder, "%05d.jpg", count=int(row["frames"]))
            source = BoxReader(file=root / "anno" / f"nfs_{name}.txt", images=images)
        else:
            found = NumberedFrames(folder, "%05d.jpg", is_listed=True)
            source = _VaticReader(folder.parent / f"{name}.txt", found)
            images = LateFrames(source.frames)
        yield Sequence(
            name,
            images,
            source,
            Facts(fps=float(rate), category=row["category"], attributes=words(row["attributes"])),
            aliases=(f"nfs_{name}",),
        )


_LAYOUT = "ROOT/<Sequence>/{0}/<Sequence>/00001.jpg and ROOT/<Sequence>/{0}/<Sequence>.txt"

ENTRIES = tuple(
    DatasetEntry(
        name=f"nfs{rate}",
        summary=f"Need for Speed: 100 videos at {rate} frames a second",
        task="boxes",
        splits={"all": 100},
        layout=_LAYOUT.format(rate) + packed,
        find=partial(_sequences, rate),
        attributes=attribute_names("nfs"),
        obtain="http://ci2cv.net/nfs",
    )
    for rate, packed in (
        (30, "; or ROOT/sequences/<Sequence>/00001.jpg and ROOT/anno/nfs_<Sequence>.txt"),
        (240, ""),
    )
)
