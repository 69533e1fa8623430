"""A few cases of every parser of foreign data, and those that once broke the law; `make fuzz` runs many."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.target import Case, Target
from tests.fuzz.targets import TARGETS

CASES = 50
BY_NAME = {target.name: target for target in TARGETS}


def patched(name: str, at: int, byte: int) -> bytes:
    """The first sample of a target with another byte somewhere."""
    data = bytearray(BY_NAME[name].samples[0])
    data[at] = byte
    return bytes(data)


def in_row(name: str, old: bytes, new: bytes) -> bytes:
    """The first sample of a target with another value."""
    (sample, *_) = BY_NAME[name].samples
    assert sample.count(old) >= 1
    return sample.replace(old, new, 1)


HUGE = b"1" + b"0" * 400
"""larger than any float"""
LONG = b"9" * 5000
"""of more digits than Python reads"""
DEEP = b"[" * 100_000
NUM_DISKS = BY_NAME["checkpoints"].samples[0].index(b"PK\6\7") + 19
"""the highest byte of how many disks the archive says that it lies on"""
LOCK = BY_NAME["LSP joints.npz"].samples[0].index(b"PK\1\2") + 8
"""of the first file in the archive, says whether it is encrypted"""
REFUSED: tuple[tuple[str, str, bytes], ...] = (
    ("boxes", "blanks are no separators of thousands", b"1_0,2,3,4\n"),
    ("boxes", "differences would be infinite", b"1,1e308,1,-1e308,9,9,1,9\n"),
    ("VATIC rows", "an infinite side", b'0 1 2 inf 12 0 0 1 0 "car"\n'),
    ("VOT regions", "a mask that would fill the memory", b"m0,0,4294967295,4294967295,1\n"),
    ("VOT regions", "runs whose sum wraps around", b"m0,0,2,2,9223372036854775807,9223372036854775807\n"),
    ("VOT regions", "a run of more than 64 bits", b"m0,0,2,2,1e30\n"),
    ("MOT tracks", "a box in no frame", b"1,1,1e308,1,1e308,1\n"),
    ("MOT seqinfo.ini", "more frames than can be counted", b"[Sequence]\nseqLength=1e30\n"),
    ("MOT seqinfo.ini", "half a pixel", b"[Sequence]\nimWidth=0.5\nimHeight=2\n"),
    ("MOT seqinfo.ini", "a suffix that asks for more", b"[Sequence]\nimExt=.%s\n"),
    ("MOT seqinfo.ini", "a name that no folder has", b"[Sequence]\nimDir=" + b"a" * 300),
    ("VOT sequence file", "a number of so many digits", b"channels.color=color/%099999999999d.jpg\n"),
    ("VOT sequence file", "digits of other scripts", "channels.color=color/%0١d.jpg\n".encode()),
    ("COCO instances", "a box at no place", in_row("COCO instances", b'"bbox": [1', b'"bbox": [NaN')),
    ("COCO instances", "letters for a box", in_row("COCO instances", b"[1, 1, 29, 39]", b'"1234"')),
    ("COCO instances", "brackets without an end", b'{"images": ' + DEEP),
    (
        "COCO boxes",
        "a number of too many digits",
        in_row("COCO boxes", b'"image_id": 7', b'"image_id": ' + LONG),
    ),
    ("COCO boxes", "a side larger than any float", in_row("COCO boxes", b'"bbox": [', b'"bbox": [' + HUGE)),
    ("ImageNet VID frames", "no number", in_row("ImageNet VID frames", b"<xmax>", b"<xmax>nan</xmax><xmax>")),
    (
        "ImageNet VID frames",
        "an infinite side",
        in_row("ImageNet VID frames", b"<xmax>", b"<xmax>1e39</xmax><a>"),
    ),
    ("LaGOT tracks", "a side larger than any float", in_row("LaGOT tracks", b"[[1", b"[[" + HUGE)),
    ("LaGOT tracks", "brackets without an end", DEEP),
    ("YouTube-VOS meta.json", "frames that are lists", in_row("YouTube-VOS meta.json", b'"00001"', b"[]")),
    ("SBD instances", "numbers of a type that there is not", patched("SBD instances", 264, 8)),
    ("MPII's own file", "complex numbers without their half", patched("MPII's own file", 1561, 11)),
    ("COCO instances", "a name of nothing", in_row("COCO instances", b'"1.jpg"', b'"\\u0000"')),
    ("LSP joints.mat", "numbers of a type that there is not", patched("LSP joints.mat", 192, 32)),
    ("pool of pictures", "no UTF-8", b"path,x,y,w,h\n\xff.jpg,1,2,3,4\n"),
    ("pool of pictures", "infinite in single precision", b"path,x,y,w,h\na.jpg,1,2,3,1e39\n"),
    ("YOLO list of pictures", "a folder", b"/\n"),
    (
        "COCO key points",
        "larger than any float",
        in_row("COCO key points", b'"bbox": [1', b'"bbox": [' + HUGE),
    ),
    (
        "key points of anything",
        "a name that is a list",
        in_row("key points of anything", b'"a.jpg"', b'["a.jpg"]'),
    ),
    ("MPII lists", "a number of too many digits", in_row("MPII lists", b'"scale": 0.2', b'"scale": ' + LONG)),
    (
        "MPII lists",
        "larger than any float",
        in_row("MPII lists", b'"joints": [[', b'"joints": [[' + HUGE + b", 1], ["),
    ),
    ("LSP joints.npz", "an encrypted archive", patched("LSP joints.npz", LOCK, 1)),
    (
        "LSP joints.npz",
        "an array that is none",
        BY_NAME["LSP joints.npz"].samples[0].replace(b"\x93NUMPY", b"\x93NUMPX"),
    ),
    ("result files: run.json", "brackets without an end", DEEP),
    ("boxes.csv", "no UTF-8", in_row("boxes.csv", b"tracked", b"\xff")),
    ("boxes.csv", "an infinite box", b"frame,target,x,y,w,h,score,status\n0,a,1,2,inf,4,1,tracked\n"),
    ("boxes of videos", "blanks are no separators of thousands", in_row("boxes of videos", b"1,2", b"1_0,2")),
    ("detections in a table", "edges beyond any float", b"frame,x,y,w,h,score\n0,1e308,1,1e308,1,1\n"),
    (
        "COCO results: boxes",
        "larger than any float",
        in_row("COCO results: boxes", b"[1,", b"[" + HUGE + b","),
    ),
    ("COCO results: boxes", "letters for a box", in_row("COCO results: boxes", b"[1, 2, 3, 4]", b'"1234"')),
    (
        "YOLO data.yaml of key points",
        "more points than memory has room for",
        b"train: images\nnames: [cat]\nkpt_shape: [2000000000, 3]\n",
    ),
    ("COCO results: poses", "larger than any float", in_row("COCO results: poses", b"[1.0", b"[" + HUGE)),
    ("detections, broken off", "no row", b"[]"),
    ("detections, broken off", "fewer scores than boxes", in_row("detections, broken off", b"[0.5]", b"[]")),
    ("detections: run.json", "settings that are none", b'{"settings": 5}'),
    ("detections: run.json", "notes that are none", b'{"notes": 5}'),
    ("detections: time.txt", "infinite seconds", b"inf\n"),
    ("key points: mean_pose.json", "no points", b'{"of": "coco"}'),
    ("key points: mean_pose.json", "points of several lengths", b'{"of": "a", "points": [[1, 2], [3]]}'),
    (
        "label pictures",
        "a tile beyond the picture, in a picture that ends early",
        b"GIF87a@\x000\x00\x81\x00\x00\x7f\xb2\xed\x80q{L\x9bE\x9a\x82\xf8,\x00\x00\x00\x00\xff\xff\x00\x00@\x08\xff"
        b"\x00\x03\x08\x1c)P\x80\xc1\x83\x06G(\\\xc8\xb0\x80\x00\x00\x00\x01H\x9c(\x11!",
    ),
    ("checkpoints", "an archive on many disks", patched("checkpoints", NUM_DISKS, 0xA9)),
    ("labels of weights", "settings that are none", in_row("labels of weights", b'{"memory.size": 5}', b"5")),
    ("labels of weights", "a colour that is none", in_row("labels of weights", b'"rgb"', b'"xyz"')),
    ("checksums of weights", "brackets without an end", DEEP),
    (
        "messages of the live page",
        "larger than any float",
        b'{"do": "point", "frame": 1, "targets": [{"id": 1, "box": [' + HUGE + b", 1, 2, 3]}]}",
    ),
    (
        "messages of the live page",
        "letters for a box",
        b'{"do": "point", "frame": 1, "targets": [{"id": 1, "box": "1234"}]}',
    ),
    ("--box", "blanks are no separators of thousands", b"1_0,2,3,4"),
    ("--line and --zone", "blanks are no separators of thousands", b"1_0,2,3,4"),
    ("--set", "larger than any float", b"memory.size=" + HUGE),
    ("--frames", "a number of too many digits", LONG),
)
"""each was a crash, filled the memory, or was read as something else; by parser, and what is wrong with it"""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_parser_keeps_the_law(target: Target, tmp_path: Path) -> None:
    target.furnish(tmp_path)
    outcomes = Counter(target.case(0, index).run(tmp_path) for index in range(CASES))
    assert set(outcomes) == {"accepted", "refused"}, f"{dict(outcomes)}: the cases are all alike"


@pytest.mark.parametrize(
    ("name", "data"), [pytest.param(name, data, id=f"{name}: {why}") for name, why, data in REFUSED]
)
def test_what_once_broke_the_law_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    target = BY_NAME[name]
    target.furnish(tmp_path)
    assert Case(target, data).run(tmp_path) == "refused"


def test_a_lone_carriage_return_ends_a_line(tmp_path: Path) -> None:
    """It was a blank to the fast reader, which made one polygon of two boxes."""
    data = b"1,2,3,4,\r5,6,7,8\n"
    assert Case(BY_NAME["boxes"], data, expected=([[1, 2, 3, 4], [5, 6, 7, 8]],)).run(tmp_path) == "accepted"


def test_the_title_of_a_matlab_file_means_nothing(tmp_path: Path) -> None:
    """A zero in it made SciPy take the file for one of version 4, and break."""
    target = BY_NAME["SBD instances"]
    target.furnish(tmp_path)
    zeroed = Case(target, patched("SBD instances", 1, 0), is_valid=True)
    assert zeroed.run(tmp_path) == "accepted"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(ZeroDivisionError(), "ZeroDivision", id="another error"),
        pytest.param(float("inf"), "inf among what was read", id="infinite"),
        pytest.param(4, "read 4, but written was 3", id="another value"),
    ],
)
def test_the_law_can_be_broken(value: Any, message: str, tmp_path: Path) -> None:
    def read(path: Path) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    broken = Target(name="broken", read=read, samples=(b"3",))
    with pytest.raises((AssertionError, ZeroDivisionError)) as found:
        Case(broken, b"3", expected=(3,)).run(tmp_path)
    assert message in repr(found.value)
