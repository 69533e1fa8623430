"""TC-128: Liang, Blasch, Ling, "Encoding Color Information for Visual Tracking", TIP 2015."""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, words


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    for row in read_table("tc128"):
        if split == "no_otb" and row["overlaps_otb"] == "1":
            continue
        name, first = row["name"], int(row["first"])
        # a widespread copy has other folders, with the files in them named as they were
        other = "tpl_" + name.replace("-", "_")
        folder = root / (name if (root / name).is_dir() or not (root / other).is_dir() else other)
        images = NumberedFrames(folder / "img", "%04d.jpg", first=first, count=int(row["last"]) - first + 1)
        yield Sequence(
            name,
            images,
            BoxReader(file=folder / f"{name}_gt.txt", images=images),
            Facts(attributes=words(row["attributes"])),
            aliases=(other,),
        )


ENTRIES = (
    DatasetEntry(
        name="tc128",
        summary="Temple-Color: 129 targets in 128 videos in colour",
        task="boxes",
        splits={"all": 129, "no_otb": 85},
        layout="ROOT/<Sequence>/img/0001.jpg and ROOT/<Sequence>/<Sequence>_gt.txt",
        find=_sequences,
        attributes=attribute_names("tc128"),
        obtain="https://www.dabi.temple.edu/~hbling/data/TColor-128/TColor-128.html",
    ),
)
