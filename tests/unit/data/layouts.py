"""Tiny data sets on the disk, laid out as their authors do, with the names and lengths of the lists."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from saccade.data.datasets.got10k import indices
from saccade.data.splits import read_json_list, read_table, words
from saccade.ops.masks import write_palette_png

SIZE_WH = (48, 32)
SHORT = 3
"""frames of a sequence whose length no list says"""


def box(index: int, line: int) -> tuple[int, int, int, int]:
    """The box of a sequence, by its place in the data set, in a line of its file."""
    return (1 + line % 7, 2 + index % 5, 10 + line % 3, 8)


@dataclass
class Layout:
    """A data set in the making.

    Attributes:
        expected: by sequence, the number of its frames, and its first and last box.
    """

    root: Path
    expected: dict[str, tuple[int, tuple, tuple]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self._picture = self.root.parent / "picture.jpg"
        image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 90, dtype=np.uint8)
        cv2.imwrite(str(self._picture), image)
        self._mask = self.root.parent / "mask.png"
        ids = np.zeros((SIZE_WH[1], SIZE_WH[0]), dtype=np.uint8)
        ids[4:10, 6:16], ids[20:24, 30:40] = 1, 2
        write_palette_png(self._mask, ids)

    def frames(self, folder: str, pattern: str, numbers: Iterable[int]) -> None:
        """Pictures, all of them one."""
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        for number in numbers:
            path = self.root / folder / (pattern % number)
            if not path.exists():
                os.link(self._picture, path)

    def masks(self, folder: str, names: Iterable[str]) -> None:
        """Label pictures with two objects, all of them one."""
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            os.link(self._mask, self.root / folder / f"{name}.png")

    def text(self, file: str, content: str) -> None:
        """A text file."""
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(content, encoding="utf-8", newline="")

    def expect(self, name: str, lines: int, *, omit: int = 0) -> list[tuple[int, int, int, int]]:
        """Writes down what a sequence should be, and gives the boxes for its file."""
        boxes = [box(len(self.expected), line) for line in range(lines)]
        self.expected[name] = (lines - omit, boxes[omit], boxes[-1])
        return boxes


def rows(boxes: Iterable[tuple], separator: str = ",", end: str = "\n") -> str:
    """Boxes as lines."""
    return "".join(separator.join(map(str, row)) + end for row in boxes)


def otb(layout: Layout, subset: str) -> None:
    separators = (",", "\t", " ")
    for index, row in enumerate(read_table("otb")):
        if subset not in words(row["subsets"]):
            continue
        first, last = int(row["first"]), int(row["last"])
        pattern = f"%0{row['digits']}d." + ("png" if row["name"] == "KiteSurf" else "jpg")
        layout.frames(f"{row['folder']}/img", pattern, (first, first + int(row["omit"]), last))
        boxes = layout.expect(row["name"], last - first + 1, omit=int(row["omit"]))
        layout.text(f"{row['folder']}/{row['truth']}", rows(boxes, separators[index % 3]))


def nfs_original(layout: Layout, rate: int) -> None:
    for row in read_table("nfs"):
        name = f"{row['name']}/{rate}"
        layout.frames(f"{name}/{row['name']}", "%05d.jpg", range(1, SHORT + 1))
        lines = []
        for number, (x, y, w, h) in enumerate(layout.expect(row["name"], SHORT)):
            # at 30 fps, seven rows more after each that counts
            lines += [f'0 {x} {y} {x + w} {y + h} {number} 0 0 0 "a b"'] * (8 if rate == 30 else 1)
        layout.text(f"{name}/{row['name']}.txt", "\n".join(lines) + "\n")


def nfs_packed(layout: Layout) -> None:
    for row in read_table("nfs"):
        layout.frames(f"sequences/{row['name']}", "%05d.jpg", (1, int(row["frames"])))
        boxes = layout.expect(row["name"], int(row["frames"]))
        layout.text(f"anno/nfs_{row['name']}.txt", rows(boxes, "\t"))


def uav(layout: Layout, name: str) -> None:
    for row in read_table(name):
        first, last = int(row["first"]), int(row["last"])
        layout.frames(f"data_seq/UAV123/{row['folder']}", "%06d.jpg", (first, last))
        boxes = layout.expect(row["name"], last - first + 1)
        text = rows(boxes).split("\n")
        text[1] = "NaN,NaN,NaN,NaN"
        layout.text(f"anno/{name.upper()}/{row['name']}.txt", "\n".join(text))


def tc128(layout: Layout, split: str, *, is_renamed: bool = False) -> None:
    for row in read_table("tc128"):
        if split == "no_otb" and row["overlaps_otb"] == "1":
            continue
        first, last, name = int(row["first"]), int(row["last"]), row["name"]
        folder = "tpl_" + name.replace("-", "_") if is_renamed else name
        layout.frames(f"{folder}/img", "%04d.jpg", (first, last))
        layout.text(f"{folder}/{name}_gt.txt", rows(layout.expect(name, last - first + 1)))


def trackingnet(layout: Layout, part: str, names: Iterable[str]) -> None:
    for name in names:
        layout.frames(f"{part}/frames/{name}", "%d.jpg", range(SHORT))
        boxes = layout.expect(name, SHORT)
        is_test = part == "TEST"
        layout.text(f"{part}/anno/{name}.txt", rows(boxes[:1] if is_test else boxes))
        if is_test:
            layout.expected[name] = (SHORT, boxes[0], (np.nan,) * 4)


META = "[METAINFO]\nurl: a%b\nobject_class: fox\nmotion_class: running\nresolution: (48, 32)\n"


def got10k(layout: Layout, split: str) -> None:
    for index in indices(split):
        name = f"GOT-10k_{split.capitalize()}_{index + 1:06d}"
        folder = f"{split}/{name}"
        layout.frames(folder, "%08d.jpg", range(1, SHORT + 1))
        boxes = layout.expect(name, SHORT)
        if split == "test":
            layout.text(f"{folder}/groundtruth.txt", rows(boxes[:1]))
            layout.expected[name] = (SHORT, boxes[0], (np.nan,) * 4)
            continue
        layout.text(f"{folder}/groundtruth.txt", rows(boxes))
        layout.text(f"{folder}/absence.label", "0\n1\n0\n")
        layout.text(f"{folder}/cover.label", "8\n0\n4\n")
        layout.text(f"{folder}/meta_info.ini", META)


def lasot(layout: Layout, names: Iterable[str]) -> None:
    for name in names:
        folder = f"{name.rpartition('-')[0]}/{name}"
        lines = 2260 if name == "monkey-17" else SHORT
        layout.frames(f"{folder}/img", "%08d.jpg", range(1, lines + 1))
        layout.text(f"{folder}/groundtruth.txt", rows(layout.expect(name, lines)))
        layout.text(f"{folder}/full_occlusion.txt", ",".join("1" if i == 1 else "0" for i in range(lines)))
        layout.text(f"{folder}/out_of_view.txt", ",".join("0" * lines) + "\n")
        layout.text(f"{folder}/nlp.txt", "the  thing\n")


def vot(layout: Layout, names: Iterable[str], *, is_polygon: bool = True) -> None:
    for name in names:
        layout.frames(f"{name}/color", "%08d.jpg", range(1, SHORT + 1))
        boxes = layout.expect(name, SHORT)
        polygons = [(x, y, x + w, y, x + w, y + h, x, y + h) for x, y, w, h in boxes]
        layout.text(f"{name}/groundtruth.txt", rows(polygons if is_polygon else boxes))
        layout.text(f"{name}/sequence", f"fps=25\nname={name}\nchannels.color=color/%08d.jpg\n")
        layout.text(f"{name}/occlusion.tag", "0\n1\n")
        layout.text(f"{name}/anchor.value", "1\n0\n-1\n")


def oxuva(layout: Layout, part: str) -> None:
    lines = []
    for row in read_table(f"oxuva_{part}"):
        first, last = int(row["first"]), int(row["last"])
        name = f"{row['video']}_{row['object']}"
        layout.frames(f"images/{part}/{row['video']}", "%06d.jpeg", (first, last))
        left, right, top, bottom = (float(row[key]) for key in ("xmin", "xmax", "ymin", "ymax"))
        width, height = SIZE_WH
        box_ = (left * width, top * height, (right - left) * width, (bottom - top) * height)
        layout.expected[name] = (last - first + 1, box_, (np.nan,) * 4)
        lines.append(f"{row['video']},{row['object']},19,dog,false,true,{first + 30},absent,-1,-1,-1,-1\n")
    if part == "dev":
        layout.text("annotations/dev.csv", "".join(lines))


def avist(layout: Layout) -> None:
    for row in read_table("avist"):
        name = row["name"]
        layout.frames(f"sequences/{name}", "img_%05d.jpg", range(1, SHORT + 1))
        layout.text(f"anno/{name}.txt", rows(layout.expect(name, SHORT), " "))
        for kind, flags in (("full_occlusion", "0,0,0"), ("out_of_view", "0,1,0")):
            layout.text(f"{kind}/{name}_{kind}.txt", flags)


def tnl2k(layout: Layout, names: Iterable[str], folder: str = "") -> None:
    for index, name in enumerate(names):
        pattern = ("%d.png", "frame_%04d.jpg")[index % 2]
        layout.frames(f"{folder}{name}/imgs", pattern, range(9, 9 + SHORT))
        layout.text(f"{folder}{name}/groundtruth.txt", rows(layout.expect(name, SHORT)))
        layout.text(f"{folder}{name}/language.txt", "the man in red")


def davis(layout: Layout, year: str, split: str, *, is_whole: bool = False) -> list[str]:
    """DAVIS with a mask in the first frame, and all frames where it is whole; the names of its sequences."""
    rows = [row for row in read_table("davis") if row[f"split{year}"] == split]
    for row in rows:
        frames = int(row["frames"]) if is_whole else SHORT
        layout.frames(f"JPEGImages/480p/{row['name']}", "%05d.jpg", range(frames))
        layout.masks(f"Annotations/480p/{row['name']}", ["00000"])
    return [row["name"] for row in rows]


def youtubevos(layout: Layout, year: str, part: str, names: list[str]) -> None:
    """YouTube-VOS, every fifth frame from 5 on; object 2 starts in the second."""
    videos = {}
    for name in names:
        layout.frames(f"{year}/{part}/JPEGImages/{name}", "%05d.jpg", range(5, 5 + 5 * SHORT, 5))
        layout.masks(f"{year}/{part}/Annotations/{name}", ["00005", "00010"])
        objects = {
            "1": {"category": "fox", "frames": ["00005", "00010", "00015"]},
            "2": {"category": "owl", "frames": ["00010", "00015"]},
        }
        videos[name] = {"objects": objects}
    layout.text(f"{year}/{part}/meta.json", json.dumps({"videos": videos}))


def mose(layout: Layout, part: str, names: list[str]) -> None:
    """MOSE with masks in all frames to train on, else in the first."""
    for name in names:
        layout.frames(f"{part}/JPEGImages/{name}", "%05d.jpg", range(SHORT))
        labelled = range(SHORT if part == "train" else 1)
        layout.masks(f"{part}/Annotations/{name}", [f"{number:05d}" for number in labelled])


TRACKS = "1,1,1,2,10,8,1,1,0.5\n2,1,2,2,10,8,1,1,1\n2,7,20,5,6,6,0,8,1\n4,7,21,5,6,6,1,1,1\n"
"""four frames: object 1 in the first two, object 7 in the last, and to be ignored in the second"""


def mot(layout: Layout, part: str, names: Iterable[str], digits: int = 6) -> None:
    """Sequences of four frames in the layout of the MOTChallenge."""
    for name in names:
        folder = f"{part}/{name}"
        layout.frames(f"{folder}/img1", f"%0{digits}d.jpg", range(1, 5))
        layout.text(
            f"{folder}/seqinfo.ini",
            f"[Sequence]\nname={name}\nimDir=img1\nframeRate=25\nseqLength=4\n"
            f"imWidth={SIZE_WH[0]}\nimHeight={SIZE_WH[1]}\nimExt=.jpg\n",
        )
        if part != "test":
            layout.text(f"{folder}/gt/gt.txt", TRACKS)


def dancetrack(layout: Layout) -> list[str]:
    """DanceTrack's validation set, whole, for no list says how long its sequences are; their names."""
    names = [f"dancetrack{number:04d}" for number in read_json_list("dancetrack")["val"]]
    mot(layout, "val", names, digits=8)
    return names


def lagot(layout: Layout) -> None:
    """LaGOT with one video of seven frames; its second object is absent in the fourth."""
    layout.frames("fox/fox-1/img", "%08d.jpg", range(1, 8))
    still = [[1, 2, 10, 8]] * 7
    gone = [[5, 5, 6, 6]] * 3 + [[-1, -1, -1, -1]] + [[5, 5, 6, 6]] * 3
    frames = [f"fox/fox-1/img/{number:08d}.jpg" for number in range(1, 8)]
    content = {"fox-1": {"xywh": {"1": still, "4": gone}, "frames": frames}}
    layout.text("LaGOT_multiple_object_per_sequence_annotations_final.json", json.dumps(content))
