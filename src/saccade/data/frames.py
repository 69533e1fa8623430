"""The picture files of a sequence, found without looking at each."""

import os
import re
from collections import abc
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol, overload, runtime_checkable

from saccade.core import DatasetError
from saccade.media.images import SUFFIXES, natural_order

_ZEROS = str.maketrans("123456789", "0" * 9)
_NUMBER = re.compile(r"%0?[0-9]{0,2}d")


@runtime_checkable
class Frames(Protocol):
    """The picture files of a sequence, in order: paths, or whatever finds them when somebody asks."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> Path: ...
    @overload
    def __getitem__(self, index: slice, /) -> "Frames": ...
    def __iter__(self) -> Iterator[Path]: ...


class NumberedFrames(abc.Sequence[Path]):
    """Pictures that are named by their number, e.g. `img/00000001.jpg`.

    How many there are is given, or found by asking for some of them, a few for a thousand frames. That ends
    at a gap or steps over it, and is for sequences whose truth speaks of every frame, so that a gap shows.
    Where it does not, the folder is listed, and a frame that is missing counts.

    Args:
        folder: where they lie.
        pattern: their names, with the number as in `%08d.jpg`.
        first: the number of the first frame.
        count: how many there are; found out when not given.
        is_listed: whether finding out goes by the highest number in the folder.
    """

    def __init__(
        self, folder: Path, pattern: str, *, first: int = 1, count: int | None = None, is_listed: bool = False
    ) -> None:
        self.folder = folder
        self.pattern = pattern
        self.first = first
        self._given = count
        self._is_listed = is_listed

    @cached_property
    def _count(self) -> int:
        if self._given is not None:
            return self._given
        return self._up_to_the_highest() if self._is_listed else self._up_to_a_gap()

    def with_gaps(self) -> "NumberedFrames":
        """The same frames, and where they were counted up to a gap, also those beyond it."""
        return NumberedFrames(self.folder, self.pattern, first=self.first, count=self._given, is_listed=True)

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

    def _up_to_the_highest(self) -> int:
        before, after = _NUMBER.split(self.pattern)
        names = set(picture_names(self.folder))
        middles = (name.removeprefix(before).removesuffix(after) for name in names)
        numbers = (int(middle) for middle in middles if middle.isdecimal())
        last = max((number for number in numbers if self.pattern % number in names), default=0)
        return max(last - self.first + 1, 0)

    def _up_to_a_gap(self) -> int:
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


def is_pattern(name: str) -> bool:
    """Whether a name stands for numbered pictures: it has the place of one number, as in `%08d.jpg`."""
    return name.count("%") == 1 and _NUMBER.search(name) is not None


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


class LateFrames(abc.Sequence[Path]):
    """Pictures of which it is known only later where they are and how many, as where a head file says it.

    Args:
        find: finds them, once, when somebody asks; may raise a `DatasetError`.
    """

    def __init__(self, find: Callable[[], "NumberedFrames | ListedFrames"]) -> None:
        self._find = find

    @cached_property
    def found(self) -> "NumberedFrames | ListedFrames":
        """The frames.

        Raises:
            DatasetError: when what says where they are cannot be used.
        """
        return self._find()

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> abc.Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | abc.Sequence[Path]:
        return self.found[index]

    def __repr__(self) -> str:
        return f"LateFrames({self._find!r})"


def found_frames(images: Frames) -> Frames:
    """The frames themselves, where these are found late.

    Raises:
        DatasetError: when what says where they are cannot be used.
    """
    return images.found if isinstance(images, LateFrames) else images


def picture_names(folder: Path) -> list[str]:
    """The names of the picture files in a folder, in natural order; none where there is no such folder.

    Raises:
        DatasetError: when it cannot be looked into, or no folder can have such a name.
    """
    try:
        # unlike `Path.iterdir`, this knows what is a file without asking for each
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder}: cannot be looked into ({error}); correct the name") from None
    # Of a million names, most differ in digits only: what they are is asked once for all that are alike. No
    # name has a slash, and no suffix of a picture a digit.
    shapes = "/".join(names).translate(_ZEROS).split("/")
    pictures = set(filter(_is_picture, set(shapes)))
    names = [name for name, shape in zip(names, shapes, strict=False) if shape in pictures]
    # where digits stand at the same places in all names, their order is that of the letters
    if len(pictures) <= 1:
        return sorted(names)
    return [path.name for path in natural_order(map(Path, names))]


def _is_picture(name: str) -> bool:
    # macOS leaves a hidden '._name.jpg' beside every file
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
