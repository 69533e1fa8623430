"""TNL2K: Wang et al., "Towards More Flexible and Accurate Object Tracking with Natural Language", CVPR 2021.

One sequence that the authors list under both splits, monitor_manypeople, is left out of training.
"""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import ListedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Sequence
from saccade.data.splits import read_table, read_text_list


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    frames: dict[str, int | None] = (
        {row["name"]: int(row["frames"]) for row in read_table("tnl2k_test")}
        if split == "test"
        else dict.fromkeys(read_text_list("tnl2k_train"))
    )
    # the splits come as archives of their own
    places = (root, root / split, root / f"TNL2K_{split}_subset")
    base = next((place for place in places if (place / next(iter(frames))).is_dir()), root)
    for name, count in frames.items():
        # pictures are numbered in many ways
        images = ListedFrames(base / name / "imgs")
        yield Sequence(
            name,
            images,
            BoxReader(file=base / name / "groundtruth.txt", images=images),
            language_file=base / name / "language.txt",
            expected_frames=count,
        )


ENTRIES = (
    DatasetEntry(
        name="tnl2k",
        summary="TNL2K: boxes and a sentence, 1,299 videos to train on, 700 to test",
        task="boxes",
        splits={"test": 700, "train": 1299},
        layout="ROOT/<sequence>/imgs/*.jpg or *.png, groundtruth.txt and language.txt",
        find=_sequences,
        obtain="https://sites.google.com/view/langtrackbenchmark",
    ),
)
