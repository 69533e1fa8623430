"""TrackingNet: Mueller et al., "TrackingNet: A Large-Scale Dataset and Benchmark for Object Tracking", 2018.

The training set comes in 12 chunks, each a split of its own; trackers were trained on the
first 4 or 11, `train_0-3` and `train_0-10`. Of the test set only first boxes are published.
"""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_json_list, read_text_list

CHUNKS = 12


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    for part, name, category in listed(split):
        is_test = part == "TEST"
        images = NumberedFrames(root / part / "frames" / name, "%d.jpg", first=0, is_listed=is_test)
        yield Sequence(
            name,
            images,
            BoxReader(
                file=root / part / "anno" / f"{name}.txt",
                images=images,
                pads=is_test,
                may_be_negative=not is_test,
            ),
            Facts(category=category),
        )


def listed(split: str) -> Iterator[tuple[str, str, str | None]]:
    """Folder, name and category of the sequences of a split."""
    if split == "test":
        for name in read_text_list("trackingnet_test"):
            yield "TEST", name, None
        return
    for chunk in _chunks(split):
        for category, names in read_json_list("trackingnet_train")[chunk].items():
            for name in names.split():
                yield f"TRAIN_{chunk}", name, category


def _chunks(split: str) -> range:
    """The chunks of a training split, e.g. of `train_0-3`."""
    first, _, last = split.removeprefix("train").removeprefix("_").partition("-")
    return range(int(first), int(last or first) + 1) if first else range(CHUNKS)


ENTRIES = (
    DatasetEntry(
        name="trackingnet",
        summary="TrackingNet: 30,132 videos in 12 chunks to train on, 511 to test",
        task="boxes",
        splits={"test": 511, "train": 30132}
        | {f"train_{chunk}": 2511 for chunk in range(CHUNKS)}
        | {f"train_0-{last}": 2511 * (last + 1) for last in (3, 10)},
        layout="ROOT/TEST/frames/<sequence>/0.jpg and ROOT/TEST/anno/<sequence>.txt, ROOT/TRAIN_0/…",
        find=_sequences,
        obtain="https://tracking-net.org",
    ),
)
