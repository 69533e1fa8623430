"""Frames from picture files: a folder, a glob, or a list of paths, in natural order."""

import glob
import re
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from saccade.core import Frame, FrameError, SourceError
from saccade.core.errors import reason_of
from saccade.media.reader import Item, Reader

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})

SEQUENCE_FOLDERS = ("img", "color", "img1")
"""where OTB, VOT and MOTChallenge keep the pictures of a sequence"""

_NAMED = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
# modes whose array says what the picture shows; palettes, CMYK and the like are converted
_PLAIN_MODES = frozenset({"L", "RGB", "RGBA", "I", "F"})
_EXIF_ORIENTATION = 0x0112


class ImageReader(Reader):
    """Reads picture files one by one.

    Args:
        name: how messages call the source.
        paths: the files, in order.
        places: how messages call each file; its path by default.
    """

    def __init__(self, name: str, paths: Sequence[Path], places: Sequence[str] | None = None) -> None:
        self.name = name
        self.num_frames = len(paths)
        self.files = paths
        self._places = places or [str(path) for path in paths]
        self.size_wh = picture_size(paths[0])

    @classmethod
    def of_folder(cls, folder: Path) -> "ImageReader":
        """The pictures in a folder, or in its `img`, `color` or `img1` when it holds none itself.

        Raises:
            SourceError: when there are none.
        """
        for place in (folder, *(folder / name for name in SEQUENCE_FOLDERS)):
            paths = natural_order(picture_files(place.iterdir())) if place.is_dir() else []
            if paths:
                return cls(str(folder), paths)
        raise SourceError(
            f"{folder}: no picture in this folder, nor in an {', '.join(SEQUENCE_FOLDERS)} inside of it; "
            f"give the folder that holds the frames themselves ({_NAMED})"
        )

    @classmethod
    def of_glob(cls, pattern: str) -> "ImageReader":
        """The pictures whose path matches a pattern.

        Raises:
            SourceError: when there are none.
        """
        matches = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        paths = natural_order(picture_files(Path(match) for match in matches))
        if not paths:
            raise SourceError(f"{pattern}: no picture matches this pattern; check it ({_NAMED} are read)")
        return cls(pattern, paths)

    @classmethod
    def of_list(cls, path: Path) -> "ImageReader":
        """The pictures named in a text file, one path a line, relative to the file; empty lines mean nothing.

        Raises:
            SourceError: when the file is no text, or names none.
        """
        named = read_list(path)
        places = [f"{path}, line {number}: {line}" for number, line in named.items()]
        return cls(str(path), [path.parent / line for line in named.values()], places)

    def frames(self, start: int, end: int | None) -> Generator[Item, None, None]:
        """Yields the pictures; a file that cannot be read whole is a `SourceError`."""
        for index in range(start, len(self.files) if end is None else min(end, len(self.files))):
            try:
                item: Item = read_frame(self.files[index], index, self._places[index])
            except SourceError as error:
                item = error
            yield item


# what Pillow raises for a file that is no picture, ends early, or would fill the memory
DECODING_ERRORS = (MemoryError, OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def decoding_reason(error: Exception) -> str:
    """Why a picture could not be read."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, UnidentifiedImageError):
        return "no picture"
    return "it does not fit into memory" if isinstance(error, MemoryError) else " ".join(str(error).split())


def read_frame(path: Path, index: int, place: str | None = None) -> Frame:
    """A picture file as the frame of that index.

    Args:
        place: how a message calls the file; its path by default.

    Raises:
        SourceError: when it cannot be read whole.
    """
    try:
        return Frame.of(read_image(path), index=index)
    except (FrameError, *DECODING_ERRORS) as error:
        raise SourceError(
            f"{place or path}: frame {index} cannot be read ({decoding_reason(error)}); "
            "replace the file, or leave it out: `--on-bad-frame skip` of saccade track and detect",
            frame=index,
        ) from error


def read_image(path: Path) -> np.ndarray:
    """A picture file as an array that `Frame.of` takes, RGB where it has colours.

    The orientation that a camera noted (EXIF) is applied: what is tracked is what every viewer shows. Pillow
    is used because it refuses a file that ends early, where other decoders fill the rest with grey.

    Raises:
        OSError, SyntaxError, ValueError: when the file is missing, no picture, or ends early.
    """
    with Image.open(path) as picture:
        picture.load()
        if picture.mode.startswith("I;16"):
            # big-endian files come as '>u2'
            return np.asarray(ImageOps.exif_transpose(picture)).astype(np.uint16)
        if picture.mode not in _PLAIN_MODES:
            return np.array(
                ImageOps.exif_transpose(picture.convert("L" if picture.mode in ("1", "LA") else "RGB"))
            )
        return np.array(ImageOps.exif_transpose(picture))


def read_list(path: Path) -> dict[int, str]:
    """The lines of a text file that names files, by their numbers from 1; empty lines mean nothing.

    Raises:
        SourceError: when the file is no text, or names none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as a list of files ({reason_of(error)})") from error
    named = {number: line.strip() for number, line in enumerate(lines, 1) if line.strip()}
    if not named:
        raise SourceError(f"{path}: the list is empty; write the path of one picture a line, or of one video")
    return named


def natural_order(paths: Iterable[Path]) -> list[Path]:
    """Paths as a person would order them: img2 before img10."""
    return sorted(paths, key=lambda path: (_natural_key(str(path)), str(path)))


def _natural_key(text: str) -> list[tuple[int, str]]:
    # digits stand at the odd places of the split, so that numbers meet numbers and text meets text
    return [(int(part), "") if part.isdecimal() else (0, part.lower()) for part in re.split(r"(\d+)", text)]


def picture_files(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that are picture files."""
    # macOS leaves a hidden '._name.jpg' beside every file
    return [p for p in paths if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()]


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels of a picture as it is shown, from its head; None when that is broken."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            lies_on_its_side = picture.getexif().get(_EXIF_ORIENTATION, 1) >= 5
    except DECODING_ERRORS:
        return None
    return (height, width) if lies_on_its_side else (width, height)
