"""Text files of boxes, in every shape in which benchmarks write them, and in those that are mistakes."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.formats import read_boxes, read_numbers
from saccade.data.formats.boxes import read_flags, read_vatic
from saccade.data.formats.text import read_table

NAN = [np.nan] * 4
ONE, TWO = [1.0, 2.0, 30.5, 40.0], [-3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize(
    ("content", "boxes"),
    [
        pytest.param(b"1,2,30.5,40\n-3,4,5,6\n", [ONE, TWO], id="commas"),
        pytest.param(b"1\t2\t30.5\t40\n-3\t4\t5\t6\n", [ONE, TWO], id="tabs"),
        pytest.param(b"1 2 30.5 40\n-3  4   5 6\n", [ONE, TWO], id="blanks"),
        pytest.param(b"1\t2 30.5  40\n -3, 4 ,5,6 \n", [ONE, TWO], id="lines differ"),
        pytest.param(b"1,\t2,\t30.5,\t40\n", [ONE], id="tabs behind commas"),
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
        pytest.param(b"1,2,3," + b"9" * 400, "line 1: .* infinite", id="a number beyond all bounds"),
        pytest.param(b"1,2,3,true\n", "line 1: '1,2,3,true' is not all numbers", id="a word of JSON"),
        pytest.param(b"[1,2],3,4\n", "line 1: .* is not all numbers", id="brackets"),
        pytest.param(b"1,2,3,4],[1,2,3,4\n", "line 1: .* is not all numbers", id="brackets that would fit"),
        pytest.param(
            b"20,5\t30,5\t30,0\t20,0\n",
            "line 1: .* commas and .* tabs .* a decimal point",
            id="decimal commas",
        ),
        pytest.param(b"1,2,3,4\n20,5 30,5\n", "line 2: .* commas and blanks", id="decimal commas, blanks"),
        pytest.param(b"1 2  3\n", "line 1: got 3 numbers", id="two blanks"),
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


@pytest.mark.parametrize(
    ("content", "is_regular"),
    [
        pytest.param(b"1,2,3,4\n5,6,7,8\n", True, id="commas"),
        pytest.param(b"1.5\t2\t-3e1\t4\r\n5\t6\t7\t8\r\n", True, id="tabs, Windows"),
        pytest.param(b"1 2 NaN 4\n5 6 7 nan", True, id="blanks, NaN"),
        pytest.param(b"\xef\xbb\xbf1, 2, 3, 4\n", True, id="byte order mark, blanks behind commas"),
        pytest.param(b"1,2\t3,4\n", False, id="mixed"),
        pytest.param(b"1,2,3,4\n1,2,3\n", False, id="ragged"),
        pytest.param(b"01,2,3,4\n", False, id="leading zero"),
    ],
)
def test_regular_files_take_the_fast_path_to_the_same_numbers(
    tmp_path: Path, content: bytes, is_regular: bool
) -> None:
    file = tmp_path / "groundtruth.txt"
    file.write_bytes(content)
    table = read_table(file)
    assert (table is not None) == is_regular
    if table is not None:
        lines = content.decode("utf-8-sig").split("\n")
        slow = [[float(word) for word in line.replace(",", " ").split()] for line in lines if line.strip()]
        np.testing.assert_array_equal(table, slow)


@pytest.mark.parametrize("content", ["0,1,1,0", "0\n1\n1\n0\n", "0 1\t1,0\r\n\n"])
def test_reads_flags_in_one_line_or_many(tmp_path: Path, content: str) -> None:
    file = tmp_path / "full_occlusion.txt"
    file.write_text(content)
    assert read_flags(file).tolist() == [False, True, True, False]


def test_a_flag_is_zero_or_one(tmp_path: Path) -> None:
    file = tmp_path / "full_occlusion.txt"
    file.write_text("0\n0,0.5\n")
    with pytest.raises(DatasetError, match=r"full_occlusion.txt, line 2: '0.5' is neither 0 nor 1"):
        read_flags(file)


@pytest.mark.parametrize("label", [' "car"', ' "a red car"', "", ' "5"'])
def test_reads_rows_of_vatic(tmp_path: Path, label: str) -> None:
    file = tmp_path / "car.txt"
    file.write_text(f"0 10 20 40 60 1 0 1 0{label}\n0 11 20 41 60 2 1 0 1{label}\n")
    boxes, flags = read_vatic(file)
    assert boxes.tolist() == [[10, 20, 30, 40], [11, 20, 30, 40]]
    assert {name: values.tolist() for name, values in flags.items()} == {
        "lost": [False, True],
        "occluded": [True, False],
    }


@pytest.mark.parametrize("row", ["0 10 20 40 60 1 0 1", '0 10 20 40 x 1 0 1 0 "car"', "1,2,3,4"])
def test_rows_that_are_not_of_vatic_are_named(tmp_path: Path, row: str) -> None:
    file = tmp_path / "car.txt"
    file.write_text(f'0 10 20 40 60 1 0 1 0 "car"\n{row}\n')
    with pytest.raises(DatasetError, match=r"car.txt, line 2: .* is not a VATIC row"):
        read_vatic(file)
