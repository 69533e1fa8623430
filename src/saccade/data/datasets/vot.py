"""VOT: the sequences of the visual object tracking challenges, short- and long-term, as its toolkit has them.

Which sequences a year has, the `list.txt` that the toolkit leaves beside them knows best.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import number_of, read_lines
from saccade.data.frames import LateFrames, NumberedFrames, is_pattern
from saccade.data.readers import RegionReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_json_list
from saccade.data.truth import ObjectId, Presence
from saccade.media.images import natural_order

_TRUTH = "groundtruth"


def _sequences(known: str | None, nan: Presence, root: Path, split: str) -> Iterator[Sequence]:
    return (vot_sequence(root / name, nan=nan) for name in _names(known, root))


def _names(known: str | None, root: Path) -> list[str]:
    if (root / "list.txt").is_file():
        return [name for line in read_lines(root / "list.txt") if (name := line.strip())]
    if known is not None:
        return str(read_json_list("vot")[known]).split()
    return [folder.name for folder in natural_order(root.iterdir()) if truth_files(folder)]


def vot_sequence(folder: Path, *, nan: Presence = Presence.UNKNOWN) -> Sequence:
    """A sequence in VOT's layout, with the frames in `color` or in the folder itself.

    Args:
        nan: what a line without a region means.
    """
    images = LateFrames(partial(_frames, folder))
    return Sequence(
        folder.name,
        images,
        RegionReader(
            files=truth_files(folder) or {0: folder / f"{_TRUTH}.txt"},
            images=images,
            nan=nan,
            tags=_by_stem(folder, "*.tag") | _by_stem(folder, "*.label"),
            values=_by_stem(folder, "*.value"),
        ),
        partial(_facts, folder),
    )


def truth_files(folder: Path) -> dict[ObjectId, Path]:
    """The region files of a sequence: `groundtruth.txt`, or one an object, `groundtruth_<id>.txt`."""
    if (folder / f"{_TRUTH}.txt").is_file():
        return {0: folder / f"{_TRUTH}.txt"}
    numbered = natural_order(folder.glob(f"{_TRUTH}_*.txt"))
    # groundtruth_rect.txt is OTB's, and so are groundtruth_rect.1.txt and .2.txt
    return {
        file.stem.removeprefix(f"{_TRUTH}_"): file
        for file in numbered
        if not file.stem.startswith(f"{_TRUTH}_rect")
    }


def _by_stem(folder: Path, pattern: str) -> dict[str, Path]:
    return {file.stem: file for file in sorted(folder.glob(pattern))}


def _frames(folder: Path) -> NumberedFrames:
    place = folder / "color" if (folder / "color").is_dir() else folder
    pattern = _says(folder).get("channels.color")
    path = place / "%08d.jpg" if pattern is None else folder / pattern
    if not is_pattern(path.name):
        raise DatasetError(
            f"{folder / 'sequence'}: channels.color={pattern} has not the place of one number, as in "
            f"color/%08d.jpg; correct it"
        )
    # the truth may end before the frames do, so that a gap would not show
    return NumberedFrames(path.parent, path.name, is_listed=True)


def _facts(folder: Path) -> Facts:
    return Facts(fps=number_of(_says(folder), "fps", folder / "sequence"))


def _says(folder: Path) -> Mapping[str, str]:
    """What the file `sequence` says, one key=value a line; nothing in older copies, which have none."""
    file = folder / "sequence"
    if not file.is_file():
        return {}
    pairs = [line.partition("=") for line in read_lines(file) if line.strip()]
    return {key.strip(): value.strip() for key, _, value in pairs}


# which list each challenge goes by; None where no list was published, and the folder decides
_SHORT_TERM = {
    2016: ("vot2016", 60),
    2017: ("vot2018", 60),
    2018: ("vot2018", 60),
    2019: ("vot2019", 60),
    2020: ("vot2020", 60),
    2021: ("vot2021", 60),
    2022: ("vot2022", 62),
}
_LONG_TERM = {
    2018: ("vot2018_lt", 35),
    2019: ("vot2019_lt", 50),
    2020: ("vot2019_lt", 50),
    2021: ("vot2019_lt", 50),
    2022: (None, None),
}
_LAYOUT = "ROOT/<sequence>/color/00000001.jpg and ROOT/<sequence>/groundtruth.txt"

ENTRIES = tuple(
    DatasetEntry(
        name=f"vot{year}{suffix}",
        summary=f"VOT{year} {term}: {count or 'its'} sequences",
        task="boxes",
        splits={"all": count},
        layout=_LAYOUT,
        find=partial(_sequences, known, nan),
        obtain="https://www.votchallenge.net",
    )
    for suffix, term, years, nan in (
        ("", "short-term", _SHORT_TERM, Presence.UNKNOWN),
        ("_lt", "long-term", _LONG_TERM, Presence.ABSENT),
    )
    for year, (known, count) in years.items()
)
