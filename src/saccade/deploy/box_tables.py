"""Tables of boxes that a user hands in: CSV files whose first line names the columns."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from saccade.core import SourceError
from saccade.core.errors import reason_of
from saccade.core.numerals import decimal, whole

BOX = ("frame", "x", "y", "w", "h")
"""columns without which there is no box"""

Line = Mapping[str, str | None]
"""values by column"""


def read_lines(path: Path, columns: Sequence[str], remedy: str) -> list[tuple[str, Line]]:
    """The lines of a table, each with its name for messages.

    Args:
        columns: those that there have to be.
        remedy: what to do about a file that has none of this.

    Raises:
        SourceError: when it cannot be read, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            lacking = [column for column in columns if column not in (reader.fieldnames or ())]
            if lacking and (reader.fieldnames or [""])[0].lstrip().startswith(("[", "{")):
                raise SourceError(f"{path}: is JSON, and a CSV table is wanted; {remedy}")
            if lacking:
                raise SourceError(f"{path}: line 1 has no column '{lacking[0]}'; {remedy}")
            return [(f"{path}: line {reader.line_num}", line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read ({reason_of(error)}); {remedy}") from error


def numbers(line: Line, columns: Sequence[str], where: str) -> tuple[int, tuple[float, ...]]:
    """The frame of a line, and the numbers in its other columns.

    Args:
        columns: of which the first is the frame.
        where: how a message names the line.

    Raises:
        SourceError: when one of them is no number, or the frame is none.
    """
    try:
        frame = whole(line["frame"] or "")
        return frame, tuple(decimal(line[column] or "") for column in columns[1:])
    except ValueError:
        said = ",".join(line[column] or "" for column in columns)
        raise SourceError(f"{where}: expected numbers {','.join(columns)}, got '{said}'; mend it") from None
