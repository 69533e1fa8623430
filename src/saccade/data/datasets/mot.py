"""MOT16 and MOT17 (Milan et al., 2016), MOT20 (Dendorfer et al., 2020), DanceTrack (Sun et al., 2022).

Every video of MOT17 is there three times, once for each detector whose detections lie beside it. `train_half`
and `val_half` are the first and the second half of each training video, by which trackers are often compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import count_of, number_of, read_ini
from saccade.data.formats.tracks import TrackReader, Tracks
from saccade.data.frames import (
    LateFrames,
    ListedFrames,
    NumberedFrames,
    found_frames,
    is_pattern,
    picture_names,
)
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import read_json_list, read_table

DETECTORS = ("DPM", "FRCNN", "SDP")
HALVES = ("train_half", "val_half")


def _sequences(benchmark: str, root: Path, split: str) -> Iterator[Sequence]:
    part = "train" if split in HALVES else split
    for name, frames in _listed(benchmark, part):
        sequence = mot_sequence(root / part / name, has_truth=part != "test", expected_frames=frames)
        yield half_sequence(sequence, split) if split in HALVES else sequence


def _listed(benchmark: str, part: str) -> list[tuple[str, int | None]]:
    """The sequences of a part, with the number of their frames."""
    if benchmark == "dancetrack":
        return [(f"dancetrack{number:04d}", None) for number in read_json_list("dancetrack")[part]]
    # MOT16 and MOT17 share their videos
    table = "mot17" if benchmark == "mot16" else benchmark
    rows = [row for row in read_table("mot") if row["benchmark"] == table and row["split"] == part]
    suffixes = [f"-{detector}" for detector in DETECTORS] if benchmark == "mot17" else [""]
    return [
        (row["name"].replace(table.upper(), benchmark.upper()) + suffix, int(row["frames"]))
        for row in rows
        for suffix in suffixes
    ]


def mot_sequence(folder: Path, *, has_truth: bool = True, expected_frames: int | None = None) -> Sequence:
    """A sequence in the layout of the MOTChallenge, as its `seqinfo.ini` describes it.

    The file is read when it is needed; without it the frames are those in `img1`.
    """
    images = LateFrames(partial(_frames, folder))
    return Sequence(
        folder.name,
        images,
        TrackReader(folder / "gt" / "gt.txt" if has_truth else None, images),
        partial(_facts, folder),
        expected_frames=expected_frames,
    )


def _frames(folder: Path) -> NumberedFrames:
    file, info = _info(folder)
    place = folder / info.get("imdir", "img1")
    count = count_of(info, "seqlength", file)
    pictures = [path for path in map(Path, picture_names(place)) if path.stem.isdecimal()]
    if any(int(path.stem) == 0 for path in pictures):
        raise DatasetError(f"{place}: has a picture of number 0; frames count from 1, so rename them")
    # MOT's numbers have six digits, DanceTrack's eight; what other programs export is not always JPEG
    first = min(pictures, default=Path("000001.jpg"))
    suffix, digits = info.get("imext", first.suffix), len(first.stem)
    # the truth has no line for a frame that is empty, so that a gap would not show
    pattern = f"%0{digits}d{suffix}"
    if not is_pattern(pattern):
        raise DatasetError(f"{file}: imext={suffix} is not how the name of a picture ends; correct it")
    return NumberedFrames(place, pattern, count=count, is_listed=True)


def _facts(folder: Path) -> Facts:
    file, info = _info(folder)
    width, height = (count_of(info, key, file) for key in ("imwidth", "imheight"))
    return Facts(
        fps=number_of(info, "framerate", file),
        stated_wh=None if width is None or height is None else (width, height),
    )


def _info(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """The head file, and what it says; nothing where there is none."""
    file = folder / "seqinfo.ini"
    return file, read_ini(file, "Sequence") if file.is_file() else {}


@dataclass(frozen=True, slots=True)
class _Half:
    """The frames and the tracks of half a video."""

    whole: Sequence
    split: str

    def frames(self) -> ListedFrames:
        images = found_frames(self.whole.images)
        assert isinstance(images, NumberedFrames)
        return ListedFrames(images.folder, images.names[slice(*self._ends(len(images)))])

    def tracks(self) -> Tracks:
        tracks = self.whole.read()
        assert isinstance(tracks, Tracks)
        return tracks.cut(*self._ends(len(tracks)))

    def _ends(self, frames: int) -> tuple[int, int]:
        return (0, frames // 2) if self.split == "train_half" else (frames // 2, frames)


def half_sequence(whole: Sequence, split: str) -> Sequence:
    """The half of a video that a split of `HALVES` is; of an odd number of frames the second is longer."""
    half = _Half(whole, split)
    return Sequence(whole.name, LateFrames(half.frames), half.tracks, whole.description)


_LAYOUT = "ROOT/train/<sequence>/img1/000001.jpg, gt/gt.txt and seqinfo.ini"

ENTRIES = tuple(
    DatasetEntry(
        name=name,
        summary=summary,
        task="tracks",
        splits=splits,
        layout=_LAYOUT,
        find=partial(_sequences, name),
        obtain=obtain,
    )
    for name, summary, splits, obtain in (
        ("mot16", "MOT16: pedestrians in 14 videos", {"train": 7, "test": 7}, "https://motchallenge.net"),
        (
            "mot17",
            "MOT17: the videos of MOT16, each with three detectors",
            {"train": 21, "test": 21, "train_half": 21, "val_half": 21},
            "https://motchallenge.net",
        ),
        (
            "mot20",
            "MOT20: crowds in 8 videos",
            {"train": 4, "test": 4, "train_half": 4, "val_half": 4},
            "https://motchallenge.net",
        ),
        (
            "dancetrack",
            "DanceTrack: 100 videos of dancers who look alike",
            {"val": 25, "train": 40, "test": 35},
            "https://dancetrack.github.io",
        ),
    )
)
