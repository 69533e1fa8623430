"""Text files of boxes, in every shape in which benchmarks write them, and in those that are mistakes."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.formats import read_boxes, read_numbers

NAN = [np.nan] * 4
ONE, TWO = [1.0, 2.0, 30.5, 40.0], [-3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("content", "boxes"),
    [
        pytest.param(b"1,2,30.5,40\n-3,4,5,6\n", [ONE, TWO], id="commas"),
        pytest.param(b"1\t2\t30.5\t40\n-3\t4\t5\t6\n", [ONE, TWO], id="tabs"),
        pytest.param(b"1 2 30.5 40\n-3  4   5 6\n", [ONE, TWO], id="blanks"),
        pytest.param(b"1,2\t30.5 40\n -3, 4, 5, 6 \n", [ONE, TWO], id="mixed"),
        pytest.param(b"1,2,30.5,40,\n-3,4,5,6,\n", [ONE, TWO], id="comma at the end"),
        pytest.param(b"1,2,30.5,40\r\n-3,4,5,6\r\n", [ONE, TWO], id="Windows line ends"),
        pytest.param(b"1,2,30.5,40\r-3,4,5,6\r", [ONE, TWO], id="old Macintosh line ends"),
        pytest.param(
            b"\xef\xbb\xbf1,2,30.5,40\n-3,4,5,6", [ONE, TWO], id="byte order mark, no last line end"
        ),
        pytest.param(b"1,2,30.5,40\n-3,4,5,6\n\n  \n\r\n", [ONE, TWO], id="blank last lines"),
        pytest.param(b"1e0,2.,3.05e1,+40\n", [ONE], id="every way to write a number"),
        pytest.param(b"NaN,NaN,NaN,NaN\n1,2,30.5,40\n", [NAN, ONE], id="NaN of UAV123"),
        pytest.param(b"nan nan nan nan\n1,2,NaN,4\n", [NAN, NAN], id="NaN in small letters, NaN in part"),
        pytest.param(b"0,0,0,0\n-1,-1,-1,-1\n", [[0.0] * 4, [-1.0] * 4], id="signs that benchmarks use stay"),
        pytest.param(b"5,1, 9,4, 6,8, 2,5\n", [[2.0, 1.0, 7.0, 7.0]], id="turned polygon of VOT"),
        pytest.param(b"5,1,9,4,NaN,8,2,5\n", [NAN], id="polygon with NaN"),
        pytest.param(b"", np.zeros((0, 4)), id="empty file"),
    ],
)
def test_reads_what_benchmarks_write(tmp_path: Path, content: bytes, boxes: object) -> None:
    file = tmp_path / "groundtruth.txt"
    file.write_bytes(content)
    np.testing.assert_array_equal(read_boxes(file), np.array(boxes, dtype=np.float64))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"1,2,3,4\n1,2,3\n", "line 2: got 3 numbers", id="a number too few"),
        pytest.param(b"1,2,3,4\n1,2,3,4,5\n", "line 2: got 5 numbers", id="a number too many"),
        pytest.param(b"1,2,3,4\n\n1,2,3,4\n", "line 2: blank line", id="blank line in the middle"),
        pytest.param(
            b"1;2;3;4\n", "line 1: '1;2;3;4' is not all numbers; expected 4 numbers", id="semicolons"
        ),
        pytest.param(b"x,y,w,h\n1,2,3,4\n", "line 1: 'x,y,w,h' is not all numbers", id="heading"),
        pytest.param(b"1,,2,3,4\n", "line 1: a value is missing", id="empty value"),
        pytest.param(b",1,2,3,4\n", "line 1: a value is missing", id="empty first value"),
        pytest.param(b"1,2,inf,4\n", "line 1: .* infinite", id="infinite size"),
        pytest.param(b"1,2,3,\xe9\n", "byte 6 is not UTF-8", id="Latin-1"),
        pytest.param("1,2,3,4\n".encode("utf-16"), "byte 0 is not UTF-8", id="UTF-16"),
    ],
)
def test_names_file_line_and_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "groundtruth.txt"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=f"groundtruth.txt.*{message}"):
        read_boxes(file)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere.txt: cannot be read"):
        read_boxes(tmp_path / "nowhere.txt")


def test_reads_one_number_a_line(tmp_path: Path) -> None:
    file = tmp_path / "times.txt"
    file.write_text("0.25\r\n1e-3\n\n")
    np.testing.assert_array_equal(read_numbers(file), [0.25, 0.001])
    file.write_text("0.25\n1,2\n")
    with pytest.raises(DatasetError, match=r"times.txt, line 2: expected one number, got 2"):
        read_numbers(file)
