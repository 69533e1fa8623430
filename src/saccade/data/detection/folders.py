"""Where things lie in a detection set: pictures by what annotations call them, splits by what users do."""

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.media.images import SUFFIXES, natural_order, picture_files

SPLIT_FOLDERS = ("train", "val", "valid", "validation", "test")
"""folders that are splits"""
_ALIASES = {"val": ("valid", "validation"), "valid": ("val", "validation"), "validation": ("val", "valid")}
CLASS_LISTS = ("classes.txt", "labels.txt", "obj.names", "classes.names")
"""files of class names, one a line"""


class Pictures:
    """The picture files in some folders, and below, each listed once.

    Args:
        folders: in order; what is in an earlier one comes first. Those that are not there are passed over.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))
        self._named: dict[str, Path] = {}
        self._short: dict[str, Path | None] = {}
        listed: dict[Path, None] = {}
        for folder in self.folders:
            for path in natural_order(picture_files(_below(folder))):
                if path in listed:
                    continue
                listed[path] = None
                name = path.relative_to(folder).as_posix()
                for key in (name, stem_of(name)):
                    self._named.setdefault(composed(key), path)
                for key in map(composed, (path.name, path.stem)):
                    # a name that several folders have tells nothing
                    self._short[key] = None if key in self._short else path
        self.files = tuple(listed)

    def find(self, name: str) -> Path | None:
        """The picture of that name, with its folder and suffix or without; None where there is none."""
        name = composed(name.replace("\\", "/"))
        names = [key for each in (name, name.strip()) for key in (each, stem_of(each))]
        for key in names:
            if key in self._named:
                return self._named[key]
        shorter = (self._short.get(key.rpartition("/")[2]) for key in names)
        return next((path for path in shorter if path is not None), None)

    def expected(self, name: str) -> Path:
        """Where a picture that is not there should be."""
        folder = self.folders[0] if self.folders else Path()
        return folder / (name or "?")


def _below(folder: Path) -> Iterator[Path]:
    """All files in a folder and below, behind links too; none twice where those go in circles."""
    seen: set[Path] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = Path(place).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(place, name) for name in files)


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; what has no possible name is not."""
    try:
        return path.exists()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is such a file; what has no possible name is none."""
    return is_there(path) and path.is_file()


def is_possible(path: Path) -> bool:
    """Whether a file could be called so, be it there or not."""
    try:
        path.exists()
    except OSError:
        return False
    return True


def composed(name: str) -> str:
    """A name with letters and their accents as one: macOS writes them apart, most others do not."""
    return unicodedata.normalize("NFC", name)


def stem_of(name: str) -> str:
    """A name without the suffix of a picture; other dots stay."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in SUFFIXES else name


def unique_names(names: Sequence[str]) -> list[str]:
    """What pictures are called: their name without suffix, where that tells them apart."""
    stems = [stem_of(name) for name in names]
    seen: set[str] = set()
    twice = {stem for stem in stems if stem in seen or seen.add(stem)}  # type: ignore[func-returns-value]
    return [name if stem in twice else stem for name, stem in zip(names, stems, strict=True)]


def choose_split(split: str | None, known: Sequence[str], root: Path) -> str | None:
    """The split that is meant: by its name, a name that means the same, or its beginning, as train is of
    train2017.

    Returns:
        None where the set has no splits and none is asked for.

    Raises:
        DatasetError: when there is none of that name, or several and none is named.
    """
    if split is None:
        if len(known) > 1:
            raise DatasetError(f"{root} has the splits {', '.join(known)}; name one by --split")
        return known[0] if known else None
    names = (split, *_ALIASES.get(split, ()))
    for name in names:
        if name in known:
            return name
    begun = [name for name in known if name.startswith(names)]
    if len(begun) == 1:
        return begun[0]
    there = did_you_mean(split, known) if known else "it has none; leave the split out"
    raise DatasetError(f"{root} has no split '{split}'; {there}")


def split_folders(root: Path, fits: Callable[[Path], bool]) -> dict[str, Path]:
    """Folders of the root that are splits, by name, as Roboflow exports them."""
    places = {name: root / name for name in SPLIT_FOLDERS}
    return {name: place for name, place in places.items() if place.is_dir() and fits(place)}


def class_list(root: Path) -> tuple[str, ...] | None:
    """The class names in a list beside the data, one a line; None where there is no list.

    Raises:
        DatasetError: when a name stands there twice, or it cannot be read.
    """
    from saccade.data.formats.text import read_lines

    for name in CLASS_LISTS:
        file = root / name
        if file.is_file():
            return checked_classes([line.strip() for line in read_lines(file) if line.strip()], str(file))
    return None


def checked_classes(names: Iterable[str], where: str) -> tuple[str, ...]:
    """Class names, each once.

    Raises:
        DatasetError: when there are none, or one is there twice.
    """
    classes = tuple(names)
    if not classes:
        raise DatasetError(f"{where}: no class in it; write one name a line")
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if twice is not None:
        raise DatasetError(f"{where}: class '{twice}' stands there twice; give every class one place")
    return classes
