"""Writing files so that they are whole: under a temporary name first, then renamed."""

import csv
import errno
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from saccade.core import OutputError
from saccade.core.errors import reason_of

_REMEDIES = {
    errno.ENOSPC: "free some space, or write to another disk",
    errno.EDQUOT: "free some space, or write to another disk",
    errno.EFBIG: "write to a disk that holds larger files",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENOTDIR: "choose another folder, a file is in the way",
    errno.EEXIST: "choose another folder, a file is in the way",
}


def output_error(path: Path, error: Exception) -> OutputError:
    """What went wrong with a file and what to do about it."""
    remedy = _REMEDIES.get(getattr(error, "errno", 0), "check the disk, or write elsewhere")
    said = f"cannot be written ({reason_of(error)}); {remedy}"
    return OutputError(f"{path}: {said}; what was written before is kept")


def part_of(path: Path) -> Path:
    """The temporary name of a file, in the same folder so that it can be renamed."""
    return path.with_name(path.name + ".part")


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it.

    Raises:
        OutputError: when that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary name to write to, and puts the file in its place when all went well.

    The name is nobody else's: where several write the same file, the last one stays, whole.

    Raises:
        OutputError: when writing fails; an older file of that name is left as it was.
    """
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        # of a folder that cannot be written, the first complaint is the one to hear
        with suppress(OSError):
            part.unlink(missing_ok=True)


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as lines of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


class LineFile:
    """A text file that grows in whole pieces, and appears under its name when it is closed.

    Raises:
        OutputError: when it cannot be written; it then ends with the last whole piece.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # unbuffered: a full disk is met at the piece that does not fit, and never again when closing
            self._file = part_of(path).open("wb", buffering=0)
        except OSError as error:
            raise output_error(path, error) from error

    def append(self, text: str) -> None:
        """Adds a piece, all of it or nothing."""
        data = text.encode()
        whole = self._file.tell()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._file.seek(whole)
            self._file.truncate()
            raise output_error(self._path, error) from error

    def close(self) -> None:
        """Puts the file in its place."""
        if self._file.closed:
            return
        self._file.close()
        try:
            part_of(self._path).replace(self._path)
        except OSError as error:
            raise output_error(self._path, error) from error

    def discard(self) -> None:
        """Drops the file, as if it had never been begun."""
        self._file.close()
        part_of(self._path).unlink(missing_ok=True)
