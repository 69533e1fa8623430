"""DAVIS: Perazzi et al., CVPR 2016 (one object a video), and Pont-Tuset et al., 2017 (several)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_lines
from saccade.data.frames import ListedFrames
from saccade.data.readers import LabelReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_table, words

IMAGES, LABELS, RESOLUTION = "JPEGImages", "Annotations", "480p"

_LETTERS = {
    "AC": "Appearance Change",
    "BC": "Background Clutter",
    "CS": "Camera Shake",
    "DB": "Dynamic Background",
    "DEF": "Deformation",
    "EA": "Edge Ambiguity",
    "FM": "Fast Motion",
    "HO": "Heterogeneous Object",
    "IO": "Interacting Objects",
    "LR": "Low Resolution",
    "MB": "Motion Blur",
    "OCC": "Occlusion",
    "OV": "Out-of-View",
    "ROT": "Rotation",
    "SC": "Shape Complexity",
    "SV": "Scale Variation",
}


def _sequences(year: str, root: Path, split: str) -> Iterator[Sequence]:
    rows = {row["name"]: row for row in read_table("davis")}
    if split == "test-challenge":
        # its list is only in the download
        names = read_lines(root / "ImageSets" / year / f"{split}.txt")
    else:
        names = [name for name, row in rows.items() if row[f"split{year}"] == split]
    for name in names:
        row = rows.get(name, {})
        images = ListedFrames(resolved(root / IMAGES) / name)
        yield Sequence(
            name,
            images,
            LabelReader(
                folder=resolved(root / LABELS) / name,
                images=images,
                starts_at_once=True,
                is_binary=year == "2016",
            ),
            Facts(attributes=words(row.get("attributes", ""))),
            expected_frames=int(row["frames"]) if row else None,
        )


def resolved(folder: Path) -> Path:
    """Where the videos lie in one of DAVIS's folders: in that of a resolution, where there is one."""
    return folder / RESOLUTION if (folder / RESOLUTION).is_dir() else folder


_LAYOUT = "ROOT/JPEGImages/480p/<sequence>/00000.jpg and ROOT/Annotations/480p/<sequence>/00000.png"

ENTRIES = tuple(
    DatasetEntry(
        name=f"davis{year}",
        summary=summary,
        task="masks",
        splits=splits,
        layout=_LAYOUT,
        find=partial(_sequences, year),
        attributes=_LETTERS,
        obtain="https://davischallenge.org",
    )
    for year, summary, splits in (
        ("2016", "DAVIS 2016: one object in each of 50 videos", {"val": 20, "train": 30}),
        (
            "2017",
            "DAVIS 2017: several objects in each of 120 videos",
            {"val": 30, "train": 60, "test-dev": 30, "test-challenge": None},
        ),
    )
)
