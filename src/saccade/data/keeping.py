"""What it took long to find out about a data set, kept on the disk: beside the data, or where that cannot be
written, with the user's caches."""

import hashlib
import secrets
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saccade.core.caches import cache_folder
from saccade.core.errors import warn

_STAMP = "stamp"


@dataclass(frozen=True, slots=True)
class Kept:
    """Arrays in a file, which may be read and written by several processes at once.

    Attributes:
        root: the folder that the data set lies in.
        name: of the file, as seen from there; ends with `.npz`.
    """

    root: Path
    name: str

    def read(self, stamp: str) -> Mapping[str, np.ndarray] | None:
        """The arrays; None where there are none, or they were made from something else.

        Args:
            stamp: names what they were made from.
        """
        for file in self._places():
            try:
                # the file is opened here, for numpy leaves one that is broken open
                with file.open("rb") as opened, np.load(opened) as arrays:
                    if str(arrays[_STAMP]) == stamp:
                        return {name: arrays[name] for name in arrays.files if name != _STAMP}
            except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
                # none yet, or not one of ours
                continue
        return None

    def write(self, stamp: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes arrays, whole or not at all; where there is no place for them, a warning says so."""
        reasons = []
        for file in self._places():
            part = file.with_name(f"{file.stem}.{secrets.token_hex(4)}.npz")
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                np.savez_compressed(part, **{_STAMP: np.array(stamp)}, **arrays)  # type: ignore[arg-type]
                part.replace(file)
            except OSError as error:
                with suppress(OSError):
                    part.unlink()
                reasons.append(error.strerror or str(error))
            else:
                return
        warn(
            f"{self.root}: what takes long to read could not be kept, neither there ({reasons[0]}) nor in "
            f"{cache_folder()} ({reasons[1]}); each process will read it anew"
        )

    def _places(self) -> Iterator[Path]:
        yield self.root / self.name
        place = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:16]
        yield cache_folder() / "data" / place / self.name


def stamp_of(parts: Iterable[object]) -> str:
    """A stamp that differs where any of the parts does, which are told apart by how they are written."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()
