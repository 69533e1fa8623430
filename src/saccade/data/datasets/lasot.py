"""LaSOT: Fan et al., CVPR 2019, and its extension, IJCV 2021.

A target that is fully occluded or out of view is absent, though its frame often still carries a box.
"""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, read_text_list, words

# its folder may hold more frames than are annotated
_ANNOTATED = {"monkey-17": 2260}
_SPLITS = {
    "test": ("test",),
    "train": ("train_train", "train_val"),
    "train_train": ("train_train",),
    "train_val": ("train_val",),
    "all": ("train_train", "train_val", "test"),
}


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    for row in read_table("lasot"):
        if row["split"] in _SPLITS[split]:
            yield _sequence(root, row["name"], words(row["attributes"]), int(row["frames"]))


def _extension(root: Path, split: str) -> Iterator[Sequence]:
    return (_sequence(root, name) for name in read_text_list("lasot_ext"))


def _sequence(root: Path, name: str, attributes: tuple[str, ...] = (), frames: int | None = None) -> Sequence:
    category = name.rpartition("-")[0]
    folder = root / category / name
    if not folder.is_dir() and (root / name).is_dir():
        folder = root / name
    limit = _ANNOTATED.get(name)
    images = NumberedFrames(folder / "img", "%08d.jpg", count=limit)
    return Sequence(
        name,
        images,
        BoxReader(
            file=folder / "groundtruth.txt",
            images=images,
            limit=limit,
            may_be_negative=True,
            absent={
                "full_occlusion": folder / "full_occlusion.txt",
                "out_of_view": folder / "out_of_view.txt",
            },
        ),
        Facts(category=category, attributes=attributes),
        language_file=folder / "nlp.txt",
        expected_frames=frames,
    )


_LAYOUT = "ROOT/<class>/<class>-<n>/img/00000001.jpg, groundtruth.txt, full_occlusion.txt and out_of_view.txt"

ENTRIES = (
    DatasetEntry(
        name="lasot",
        summary="LaSOT: 1,400 long videos of 70 classes",
        task="boxes",
        splits={"test": 280, "train": 1120, "train_train": 1000, "train_val": 120, "all": 1400},
        layout=_LAYOUT,
        find=_sequences,
        attributes=attribute_names("lasot"),
        tells_occlusion=True,
        obtain="http://vision.cs.stonybrook.edu/~lasot",
    ),
    DatasetEntry(
        name="lasot_ext",
        summary="LaSOT extension: 150 videos of 15 classes that LaSOT has not",
        task="boxes",
        splits={"all": 150},
        layout=_LAYOUT,
        find=_extension,
        tells_occlusion=True,
        obtain="http://vision.cs.stonybrook.edu/~lasot",
    ),
)
