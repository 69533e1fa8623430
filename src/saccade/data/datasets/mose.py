"""MOSE: Ding et al., "MOSE: A New Dataset for Video Object Segmentation in Complex Scenes", ICCV 2023.

Of the validation and test sets only the first masks are published.
"""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import ListedFrames
from saccade.data.readers import LabelReader
from saccade.data.sequence import Sequence
from saccade.media.images import natural_order


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    folder = root / split
    if not (folder / "JPEGImages").is_dir():
        return
    for video in natural_order(path for path in (folder / "JPEGImages").iterdir() if path.is_dir()):
        images = ListedFrames(video)
        yield Sequence(
            video.name,
            images,
            LabelReader(
                folder=folder / "Annotations" / video.name, images=images, starts_at_once=split != "train"
            ),
        )


ENTRIES = (
    DatasetEntry(
        name="mose",
        summary="MOSE: objects that hide and crowd, 1,507 videos to train on, 311 to validate",
        task="masks",
        splits={"valid": 311, "train": 1507, "test": 331},
        layout="ROOT/valid/JPEGImages/<video>/00000.jpg and ROOT/valid/Annotations/<video>/00000.png",
        find=_sequences,
        obtain="https://henghuiding.github.io/MOSE",
    ),
)
