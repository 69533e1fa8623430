"""GOT-10k: Huang, Zhao, Huang, "GOT-10k: A Large High-Diversity Benchmark for Generic Object Tracking", 2019.

Beside the authors' splits there are those that published trackers were trained with: `ltr_train` and
`ltr_val` part the training set, `vot_train` and `vot_val` are the same without what overlaps with VOT.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_ini
from saccade.data.frames import Frames, NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_json_list

SIZES = {"train": 9335, "val": 180, "test": 180}


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    part = split if split in SIZES else "train"
    # a root may hold all parts, or be one of them
    base = root / part if (root / part).is_dir() or not (root / _name(part, 0)).is_dir() else root
    for index in indices(split):
        name = _name(part, index)
        folder = base / name
        is_test = part == "test"
        images = NumberedFrames(folder, "%08d.jpg", is_listed=is_test)
        yield Sequence(
            name,
            images,
            got10k_reader(folder, images, is_test=is_test),
            # there are thousands of these files, none of which opening reads
            partial(_facts, folder / "meta_info.ini"),
        )


def got10k_reader(folder: Path, images: Frames, *, is_test: bool = False) -> BoxReader:
    """The reader of a sequence in GOT-10k's layout; a test sequence has only its first box, and no flags."""
    return BoxReader(
        file=folder / "groundtruth.txt",
        images=images,
        pads=is_test,
        absent={} if is_test else {"absence": folder / "absence.label"},
        cover=None if is_test else folder / "cover.label",
    )


def indices(split: str) -> list[int]:
    """Which sequences of a part belong to a split, counted from 0."""
    if split in SIZES:
        return list(range(SIZES[split]))
    lists = read_json_list("got10k")
    is_val, overlap = set(lists["val"]), set(lists["vot_overlap"])
    wanted = [index for index in range(SIZES["train"]) if (index in is_val) == split.endswith("val")]
    # The overlap names sequences, which count from 1, but published trackers left out the indices of the same
    # number, each the sequence after the one that was meant. Kept as it was, to train what they trained.
    return [index for index in wanted if index not in overlap] if split.startswith("vot") else wanted


def _name(part: str, index: int) -> str:
    return f"GOT-10k_{part.capitalize()}_{index + 1:06d}"


def _facts(file: Path) -> Facts:
    # absent in the test split
    meta = read_ini(file, "METAINFO") if file.is_file() else {}
    return Facts(
        category=meta.get("object_class"),
        attributes=tuple(meta[key] for key in ("motion_class", "motion_adverb") if key in meta),
        stated_wh=_resolution(meta["resolution"], file) if "resolution" in meta else None,
    )


def _resolution(text: str, file: Path) -> tuple[int, int]:
    try:
        width, height = (int(word) for word in text.strip("()").split(","))
    except ValueError:
        raise DatasetError(f"{file}: resolution: {text} is not (width, height); take it anew") from None
    return width, height


ENTRIES = (
    DatasetEntry(
        name="got10k",
        summary="GOT-10k: 9,335 videos to train on, 180 to validate, 180 to test",
        task="boxes",
        splits={
            "val": 180,
            "test": 180,
            "train": 9335,
            "ltr_train": 7934,
            "ltr_val": 1401,
            "vot_train": 7086,
            "vot_val": 1249,
        },
        layout="ROOT/val/GOT-10k_Val_000001/00000001.jpg, groundtruth.txt, absence.label, cover.label …",
        find=_sequences,
        tells_occlusion=True,
        obtain="http://got-10k.aitestunion.com",
    ),
)
