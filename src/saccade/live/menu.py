"""What visitors may look at: the source that the server was started with, and clips in allowed folders."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from saccade.core import SourceError
from saccade.core.errors import InputError

VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png"})
GIVEN = "given"
"""the key of the source that the server was started with"""
_MOST, _DEEPEST = 500, 4
"""clips that are listed, and folders in folders that are looked into"""


class Menu:
    """Names of sources without their paths, and what they stand for.

    Args:
        given: what the server was started with: whatever `open_source` takes; None for nothing.
        given_name: how visitors see it.
        folders: whose clips may be looked at.

    Raises:
        SourceError: when a folder is none.
    """

    def __init__(self, given: str | None, given_name: str = "", folders: Sequence[Path] = ()) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise SourceError(f"--allow {folder}: no such folder; name one with clips in it")
        self._given, self._given_name = given, given_name
        self._folders = [folder.resolve() for folder in folders]

    def to_json(self) -> list[dict[str, str]]:
        """Keys and names."""
        given = [{"key": GIVEN, "name": self._given_name}] if self._given is not None else []
        clips = (
            {
                "key": f"{number}/{path.relative_to(folder).as_posix()}",
                "name": path.relative_to(folder).as_posix(),
            }
            for number, folder in enumerate(self._folders)
            for path in _clips(folder, _DEEPEST)
        )
        return given + [clip for clip, _ in zip(clips, range(_MOST), strict=False)]

    def find(self, key: str) -> tuple[str, str]:
        """What a key stands for, as `open_source` takes it, and its name.

        Raises:
            InputError: when it stands for nothing that is allowed.
        """
        if key == GIVEN and self._given is not None:
            return self._given, self._given_name
        number, _, name = key.partition("/")
        try:
            folder = self._folders[int(number)] if number.isdecimal() else None
            # links are followed first, so that none leads out
            path = None if folder is None or not name else (folder / name).resolve()
            is_clip = path is not None and folder is not None and path.is_relative_to(folder)
            if is_clip and path is not None and path != folder and path.exists():
                return str(path), name
        except (IndexError, OSError, ValueError):  # a name of a thousand letters, or with a zero in it
            pass
        raise InputError("there is no such clip; choose one of the list")


def _clips(folder: Path, depth: int) -> Iterator[Path]:
    """Videos, and folders of pictures."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    if any(entry.suffix.lower() in PICTURES for entry in entries):
        yield folder
    for entry in entries:
        if entry.is_dir() and depth and not entry.name.startswith("."):
            yield from _clips(entry, depth - 1)
        elif entry.suffix.lower() in VIDEOS and entry.is_file():
            yield entry
