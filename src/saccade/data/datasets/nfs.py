"""NfS: Galoogahi et al., "Need for Speed: A Benchmark for Higher Frame Rate Object Tracking", ICCV 2017."""

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.boxes import read_vatic
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader, pad
from saccade.data.sequence import Sequence
from saccade.data.splits import attribute_names, read_table, words
from saccade.data.truth import BoxAnnotation, GroundTruth

_ROWS_PER_FRAME = 8
"""the frames at 30 fps come with the rows of 240 fps"""


@dataclass(frozen=True, slots=True)
class _VaticReader:
    """Reads the rows of the original distribution, of which there are eight a frame, or one more or less."""

    file: Path
    images: abc.Sequence[Path]

    def __call__(self) -> BoxAnnotation:
        boxes, tags = read_vatic(self.file)
        frames = len(self.images)
        is_dense = abs(-(-len(boxes) // _ROWS_PER_FRAME) - frames) <= 1 < abs(len(boxes) - frames)
        step = _ROWS_PER_FRAME if is_dense else 1
        rows = slice(None, None, step)
        boxes, tags = boxes[rows], {name: flags[rows] for name, flags in tags.items()}
        if abs(len(boxes) - frames) == 1:
            missing = max(frames - len(boxes), 0)
            boxes = boxes[:frames]
            tags = {name: np.pad(flags[:frames], (0, missing)) for name, flags in tags.items()}
        truth = GroundTruth.of_boxes(boxes, self.file)
        if len(boxes) == frames - 1:
            truth = GroundTruth(*pad(truth.boxes, truth.presence, frames))
        # `lost` is kept as a tag: published scores count these frames
        return BoxAnnotation({0: truth}, self.file, tags)


def _sequences(rate: int, root: Path, split: str) -> Iterator[Sequence]:
    is_packed = rate == 30 and (root / "sequences").is_dir()
    for row in read_table("nfs"):
        name = row["name"]
        folder = root / "sequences" / name if is_packed else root / name / str(rate) / name
        images = NumberedFrames(folder, "%05d.jpg", count=int(row["frames"]) if is_packed else None)
        yield Sequence(
            name,
            images,
            BoxReader(file=root / "anno" / f"nfs_{name}.txt", images=images)
            if is_packed
            else _VaticReader(folder.parent / f"{name}.txt", images),
            fps=float(rate),
            category=row["category"],
            attributes=words(row["attributes"]),
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
