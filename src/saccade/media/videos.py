"""Several videos from one name: a folder of them, a pattern, or a list file."""

import glob
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from saccade.core import SourceError
from saccade.media.images import SEQUENCE_FOLDERS, natural_order, picture_files, read_list

SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)
"""by which videos are told from what else lies beside them; a file that is named by itself may have any"""
_SCHEME = re.compile(r"[A-Za-z][\w+.-]*://")


def find_videos(source: str) -> list[Path] | None:
    """The videos that a source names where it may name several.

    Args:
        source: a folder that holds videos, a pattern that matches some, e.g. "videos/**/*.mp4", or a text
            file (.txt) with the path of one video a line, relative to the file.

    Returns:
        the videos, each once: those of a list in its order, all others in natural order (cam2 before cam10);
        None for all that is no such source: pictures, one video, a camera, a stream.

    Raises:
        SourceError: when pictures are among them, too, or lines of a list that are no videos.
    """
    path = Path(source).expanduser()
    if _SCHEME.match(source):
        return None
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return _of_list(path) if path.suffix.lower() == ".txt" else None
    if any(sign in source for sign in "*?["):
        return _of_pattern(str(path))
    return None


def _of_folder(folder: Path) -> list[Path] | None:
    videos = _video_files(folder.iterdir())
    places = (folder, *(folder / name for name in SEQUENCE_FOLDERS))
    pictures = [path for place in places if place.is_dir() for path in picture_files(place.iterdir())]
    return _sorted(
        videos, pictures, str(folder), f"'{folder}/*{videos[0].suffix}' for the videos" if videos else ""
    )


def _of_pattern(pattern: str) -> list[Path] | None:
    matches = [Path(match) for match in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - see ImageReader
    videos = _video_files(matches)
    remedy = f"a pattern that ends with {videos[0].suffix}" if videos else ""
    return _sorted(videos, picture_files(matches), pattern, remedy)


def _of_list(path: Path) -> list[Path] | None:
    named = read_list(path)
    if not any(_is_video(Path(line)) for line in named.values()):
        return None
    for number, line in named.items():
        if not _is_video(Path(line)):
            raise SourceError(
                f"{path}, line {number}: {line} is no video, and other lines are; keep videos and pictures "
                f"in lists of their own (videos end with {', '.join(sorted(SUFFIXES))})"
            )
    return list(dict.fromkeys(path.parent / Path(line).expanduser() for line in named.values()))


def _sorted(videos: list[Path], pictures: list[Path], name: str, remedy: str) -> list[Path] | None:
    if videos and pictures:
        raise SourceError(
            f"{name}: holds videos ({videos[0].name}) and pictures ({pictures[0].name}); say which are "
            f"meant: {remedy}, or the same with {pictures[0].suffix} for the pictures"
        )
    return natural_order(videos) or None


def _video_files(paths: Iterable[Path]) -> list[Path]:
    # macOS leaves a hidden '._name.mp4' beside every file
    return [path for path in paths if _is_video(path) and not path.name.startswith(".") and path.is_file()]


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def folder_names(videos: Sequence[Path]) -> list[str]:
    """A name for each video, of which no two are alike: its stem where that will do, else more of its path.

    They are unlike on disks that take `A` for `a`, too. A video that joins changes the names of no others but
    those that it would share one with.
    """
    shapes = [[path.stem, path.name, *_with_parents(path)] for path in videos]
    depths = [0] * len(videos)
    while True:
        names = [shape[min(depth, len(shape) - 1)] for shape, depth in zip(shapes, depths, strict=True)]
        counts = Counter(name.casefold() for name in names)
        clashing = [
            place
            for place, name in enumerate(names)
            if counts[name.casefold()] > 1 and depths[place] < len(shapes[place]) - 1
        ]
        if not clashing:
            return _numbered(names)
        for place in clashing:
            depths[place] += 1


def _with_parents(path: Path) -> list[str]:
    """`b-clip.mp4`, `a-b-clip.mp4` and so on."""
    parts = [part for part in path.parts if part != path.anchor]
    return ["-".join(parts[-depth:]) for depth in range(2, len(parts) + 1)]


def _numbered(names: list[str]) -> list[str]:
    """What is left of clashes, as between a/b-c and a-b/c, is told apart by numbers."""
    unlike: dict[str, str] = {}
    for name in names:
        free = (f"{name}-{number}" if number else name for number in count())
        chosen = next(one for one in free if one.casefold() not in unlike)
        unlike[chosen.casefold()] = chosen
    return list(unlike.values())
