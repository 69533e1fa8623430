"""OTB: Wu, Lim, Yang, "Object Tracking Benchmark", PAMI 2015; its halves TB-50 and OTB-2013.

Frame numbers, and which file annotates which of two targets, are the list's.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, words

# lists disagree about the pictures of this one
_SUFFIXES = {"KiteSurf": ("jpg", "png")}


def _sequences(subset: str, root: Path, split: str) -> Iterator[Sequence]:
    for row in read_table("otb"):
        if subset not in words(row["subsets"]):
            continue
        folder, omit = root / row["folder"], int(row["omit"])
        first = int(row["first"]) + omit
        images = NumberedFrames(
            folder / "img",
            f"%0{row['digits']}d.{_suffix(folder, row)}",
            first=first,
            count=int(row["last"]) - first + 1,
        )
        base, _, target = row["name"].partition("_")
        yield Sequence(
            row["name"],
            images,
            BoxReader(file=folder / row["truth"], images=images, omit=omit),
            Facts(category=row["category"], attributes=words(row["attributes"])),
            aliases=(f"{base}.{target}", f"{base}-{target}") if target else (),
        )


def _suffix(folder: Path, row: Mapping[str, str]) -> str:
    suffixes = _SUFFIXES.get(row["name"], ("jpg",))
    name = f"{int(row['first']):0{row['digits']}d}"
    return next((s for s in suffixes if (folder / "img" / f"{name}.{s}").is_file()), "jpg")


ENTRIES = tuple(
    DatasetEntry(
        name=name,
        summary=summary,
        task="boxes",
        splits={"all": count},
        layout="ROOT/<Sequence>/img/0001.jpg and ROOT/<Sequence>/groundtruth_rect.txt",
        find=partial(_sequences, name),
        attributes=attribute_names("otb"),
        obtain="http://cvlab.hanyang.ac.kr/tracker_benchmark",
    )
    for name, summary, count in (
        ("otb100", "OTB-2015: 100 targets in 98 videos", 100),
        ("otb50", "TB-50: the 50 harder targets of OTB-2015", 50),
        ("otb2013", "OTB-2013: 51 targets in 50 videos", 51),
    )
)
