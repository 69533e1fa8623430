"""Text files: read whole, with errors that name file and line."""

import configparser
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError
from saccade.core.numerals import decimal

NAN_WHERE_UNKNOWN = "write NaN where nothing is known"
"""the remedy for a line of a truth that holds no numbers"""

_LARGEST = 1e300
"""beyond it differences of numbers are infinite"""
_MOST = 1e9
"""of anything that a head file counts"""
_EMPTY_VALUE = re.compile(r"(^|,)[ \t]*,")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NUMERIC = b"0123456789+-.eE,Nan \t\r\n"


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without blank ones at the end.

    Raises:
        DatasetError: when it is missing, or not UTF-8.
    """
    return _decoded(_bytes(path), path).rstrip().splitlines()


def read_json(path: Path) -> Any:
    """What stands in a JSON file.

    Raises:
        DatasetError: when it is missing, or no JSON, naming the line.
    """
    try:
        return json.loads(_decoded(_bytes(path), path))
    except json.JSONDecodeError as error:
        raise DatasetError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}); take the original file anew"
        ) from None
    except (RecursionError, ValueError) as error:
        # too many brackets, or too many digits
        raise DatasetError(f"{path}: cannot be read as JSON ({error}); take the original file anew") from None


def read_ini(path: Path, section: str) -> Mapping[str, str]:
    """One section of an INI file, `key = value` or `key: value`; keys in small letters.

    Raises:
        DatasetError: when it is missing, is no such file, or has no such section.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read_string("\n".join(read_lines(path)))
        return dict(parser[section])
    except (configparser.Error, KeyError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"{path}: expected a section [{section}] of lines key=value ({reason}); take the file anew"
        ) from None


def number_of(values: Mapping[str, str], key: str, file: Path) -> float | None:
    """The number that a head file gives for a key; None where it gives none.

    Args:
        file: where the values stand, for messages.

    Raises:
        DatasetError: when it is no number, or none above 0.
    """
    if key not in values:
        return None
    try:
        number = decimal(values[key])
    except ValueError:
        number = math.nan
    if not 0 < number < _MOST:
        raise DatasetError(
            f"{file}: {key}={values[key]} is no number above 0 and below {_MOST:g}; correct it"
        )
    return number


def count_of(values: Mapping[str, str], key: str, file: Path) -> int | None:
    """The whole number that a head file gives for a key; None where it gives none.

    Raises:
        DatasetError: when it is no whole number, or none above 0.
    """
    number = number_of(values, key, file)
    if number is not None and not number.is_integer():
        raise DatasetError(f"{file}: {key}={values[key]} is no whole number; correct it")
    return None if number is None else int(number)


def read_table(path: Path, noise: re.Pattern[bytes] | None = None) -> Float64[np.ndarray, "F K"] | None:
    """Reads lines of numbers, as many in each, quickly.

    Args:
        noise: what is passed over.

    Returns:
        None where the file is not that regular, and whoever wants to know why reads `numbered_rows`; 0 x 0
        for an empty file.

    Raises:
        DatasetError: when the file cannot be read.
    """
    data = _bytes(path).removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").rstrip()
    if noise is not None:
        data = noise.sub(b"", data)
    if not data:
        return np.zeros((0, 0))
    # The JSON scanner is the fastest strict parser of numbers at hand: the file becomes one list, and what is
    # not numbers between single separators is an error. Only letters of NaN and exponents may get there.
    if data.translate(None, _NUMERIC) or b"\r" in data:
        return None
    if b"," not in data:
        data = data.replace(b"\t", b" ").replace(b" ", b",")
    try:
        values = np.array(
            json.loads(b"[" + data.replace(b"nan", b"NaN").replace(b"\n", b",") + b"]"), np.float64
        )
    except (ValueError, OverflowError):
        return None
    if (np.abs(values) > _LARGEST).any() or not _is_regular(data, len(values)):
        return None
    return values.reshape(data.count(b"\n") + 1, -1)


def _is_regular(data: bytes, values: int) -> bool:
    """Whether as many of so many values stand in each line."""
    rows = data.count(b"\n") + 1
    if values % rows:
        return False
    signs = np.frombuffer(data + b"\n", dtype=np.uint8)
    ends = (signs[(signs == ord(",")) | (signs == ord("\n"))] == ord("\n")).reshape(rows, -1)
    return bool(ends[:, -1].all() and not ends[:, :-1].any())


def numbered_rows(
    path: Path, expected: str, remedy: str = NAN_WHERE_UNKNOWN
) -> Iterator[tuple[list[float], str]]:
    """The numbers of each line, and how to name the line in a message.

    Numbers are separated by commas, with blanks around them or not, or by tabs and blanks alone; a comma may
    end a line. Commas and tabs in one line may be decimal commas, of which nobody can be sure.

    Args:
        expected: what a line should be, for messages.
        remedy: what to do about a line that holds nothing, or something infinite.

    Raises:
        DatasetError: naming file and line, when a line is anything else, or infinite.
    """
    for number, line in enumerate(read_lines(path), start=1):
        where = f"{path}, line {number}"
        yield numbers_of(line, where, expected, remedy), where


def numbers_of(line: str, where: str, expected: str, remedy: str = NAN_WHERE_UNKNOWN) -> list[float]:
    """The numbers of a line; see `numbered_rows`."""
    if not line.strip():
        raise DatasetError(f"{where}: blank line among others; {remedy}")
    if _EMPTY_VALUE.search(line):
        raise DatasetError(f"{where}: a value is missing between two commas in {line!r}")
    words = line.strip().removesuffix(",").split(",") if "," in line else line.split()
    if any(len(word.split()) > 1 for word in words):
        raise DatasetError(
            f"{where}: {line!r} has commas and blanks or tabs between numbers; write a decimal point, not a "
            f"comma, and one kind of separator"
        )
    try:
        values = [decimal(word) for word in words]
    except ValueError:
        raise DatasetError(f"{where}: {line!r} is not all numbers; expected {expected}") from None
    if any(abs(value) > _LARGEST for value in values):
        raise DatasetError(f"{where}: {line!r} has an infinite value; {remedy}")
    return values


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None


def _decoded(data: bytes, path: Path) -> str:
    try:
        # utf-8-sig drops the byte order mark that Windows editors put first
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: byte {error.start} is not UTF-8; save it as plain UTF-8 text") from None
