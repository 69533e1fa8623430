"""Detections from files: two formats, one meaning; and lines that are none."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import Frame, SaccadeError
from saccade.deploy.given_detections import read_detections

MOT = "1,-1,11,21,30,40,0.9,-1,-1,-1\n3,-1,1,1,5.5,6,0.25,-1,-1,-1\n1,-1,101,21,30,40,0.8,-1,-1,-1\n"
TABLE = (
    "frame,label,name,score,x,y,w,h\n0,2,car,0.9,10,20,30,40\n0,0,person,0.8,100,20,30,40\n"
    "2,2,car,0.25,0,0,5.5,6\n"
)


def frames(*indices: int) -> list[Frame]:
    return [Frame(np.zeros((2, 2, 3), np.uint8), index, index / 10) for index in indices]


def written(folder: Path, text: str) -> Path:
    path = folder / "det.txt"
    path.write_text(text)
    return path


# in detections, ids say nothing, even where they stand twice
@pytest.mark.parametrize(
    "text",
    [
        MOT,
        MOT.replace(",-1,", ",7,", 1).replace("\n1,-1,", "\n1,7,"),
        TABLE,
        "﻿" + TABLE,
        TABLE.replace("\n", "\r\n"),
    ],
)
def test_both_formats_say_the_same(text: str, tmp_path: Path) -> None:
    given = read_detections(written(tmp_path, text))
    first, second, third, fourth = given(frames(0, 1, 2, 9))
    assert first.boxes.tolist() == [[10, 20, 40, 60], [100, 20, 130, 60]]
    assert first.scores.tolist() == [0.9, 0.8] and third.xywh.tolist() == [[0, 0, 5.5, 6]]
    assert len(second) == len(fourth) == 0 and given.num_frames == 3
    assert [each.frame for each in (second, third)] == [1, 2] and third.time == 0.2


def test_classes_are_named_where_the_file_names_them(tmp_path: Path) -> None:
    assert read_detections(written(tmp_path, MOT)).classes == ()
    (found,) = (given := read_detections(written(tmp_path, TABLE)))(frames(0))
    assert found.names.tolist() == ["car", "person"] and given.classes == ("car", "person")
    (found,) = read_detections(written(tmp_path, "1,-1,1,1,5,5,0.5,3,1\n"))(frames(0))
    assert found.names.tolist() == ["3"] and found.labels.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOT + "4,-1,10,20,thirty,40,0.9,-1,-1,-1\n", "det.txt, line 4: "),
        (MOT + "4,-1,10,20\n", "det.txt, line 4: got 4 numbers; expected at least 6"),
        (MOT + "0,-1,10,20,30,40,0.9,-1,-1,-1\n", "line 4: frame and id must be whole numbers"),
        (MOT + "1,-1,10,20,-30,40,0.9,-1,-1,-1\n", "line 4: the box has negative width"),
        (
            TABLE + "3,0,car,high,1,2,3,4\n",
            "line 5: expected numbers frame,x,y,w,h,score, got",
        ),
        (
            TABLE + "3,0,car,nan,1,2,3,4\n",
            "line 5: frame 3 with x,y,w,h,score 1,2,3,4,nan cannot be",
        ),
        (TABLE + "-1,0,car,0.5,1,2,3,4\n", "line 5: frame -1 with"),
        (TABLE + "3,0,car,0.5,1,2,-3,4\n", "line 5: frame 3 with x,y,w,h,score 1,2,-3,4,0.5"),
        (TABLE + "3,0\n", "line 5: expected numbers"),
        ("frame,x,y,w,h\n1,2,3,4,5\n", "line 1 has no column 'score'; give a det.txt"),
        ("frame,x,y,w,h,score\n", "holds no detection; give a det.txt"),
        ("", "holds no detection"),
    ],
)
def test_a_line_that_is_no_detection_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SaccadeError) as raised:
        read_detections(written(tmp_path, text))
    assert message in str(raised.value) and "det.txt" in str(raised.value)


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_file_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(SaccadeError, match=r"cannot be read .*; give a det\.txt"):
        read_detections(tmp_path / name)


def test_a_file_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_bytes(bytes(range(256)))
    with pytest.raises(SaccadeError, match=r"det\.txt"):
        read_detections(tmp_path / "det.txt")
