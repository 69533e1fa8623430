"""The picture files of a sequence, found without looking at each."""

import os
from collections import abc
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import overload

from saccade.media.images import SUFFIXES, natural_order

_ZEROS = str.maketrans("123456789", "0" * 9)


class NumberedFrames(abc.Sequence[Path]):
    """Pictures that are named by their number, e.g. `img/00000001.jpg`.

    Nothing is listed: how many there are is found by asking for some of them, a few for a thousand frames.

    Args:
        folder: where they lie.
        pattern: their names, with the number as in `%08d.jpg`.
        first: the number of the first frame.
        count: how many there are; found out when not given, as far as the numbers go on without a gap.
    """

    def __init__(self, folder: Path, pattern: str, *, first: int = 1, count: int | None = None) -> None:
        self.folder = folder
        self.pattern = pattern
        self.first = first
        self._given = count

    @cached_property
    def _count(self) -> int:
        return self._found() if self._given is None else self._given

    @property
    def names(self) -> abc.Sequence[str]:
        """The names of the frames, as seen from the folder."""
        return [self.pattern % number for number in range(self.first, self.first + len(self))]

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> abc.Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | abc.Sequence[Path]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return ListedFrames(self.folder, [self.pattern % (self.first + place) for place in places])
        return self._path(places)

    def __iter__(self) -> Iterator[Path]:
        return map(self._path, range(len(self)))

    def __repr__(self) -> str:
        return f"NumberedFrames({str(self.folder / self.pattern)!r}, first={self.first}, count={self._given})"

    def _path(self, index: int) -> Path:
        return self.folder / (self.pattern % (self.first + index))

    def _found(self) -> int:
        """Doubles the step until a frame is not there, then halves the gap."""
        if not self._path(0).exists():
            return 0
        low, high = 0, 1
        while self._path(high).exists():
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._path(middle).exists() else (low, middle)
        return high


class ListedFrames(abc.Sequence[Path]):
    """Pictures by their names; by default all in a folder, in natural order.

    Args:
        folder: where they lie; without it there are none.
        names: as seen from the folder; found by listing it, when they are first asked for, if not given.
    """

    def __init__(self, folder: Path, names: abc.Sequence[str] | None = None) -> None:
        self.folder = folder
        self._given = names

    @cached_property
    def names(self) -> abc.Sequence[str]:
        """The names of the frames, as seen from the folder."""
        return picture_names(self.folder) if self._given is None else self._given

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> abc.Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | abc.Sequence[Path]:
        if isinstance(index, slice):
            return ListedFrames(self.folder, self.names[index])
        return self.folder / self.names[index]

    def __repr__(self) -> str:
        return f"ListedFrames({str(self.folder)!r})"


def picture_names(folder: Path) -> list[str]:
    """The names of the picture files in a folder, in natural order; none where there is no such folder."""
    try:
        # unlike `Path.iterdir`, this knows what is a file without asking for each
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                # macOS leaves a hidden '._name.jpg' beside every file
                if not entry.name.startswith(".")
                and os.path.splitext(entry.name)[1].lower() in SUFFIXES  # noqa: PTH122 - a hundred thousand times
                and entry.is_file()
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    # where digits stand at the same places in all names, their order is that of the letters
    if len({name.translate(_ZEROS) for name in names}) <= 1:
        return sorted(names)
    return [path.name for path in natural_order(map(Path, names))]
