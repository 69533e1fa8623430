"""MOT16 and MOT17 (Milan et al., 2016), MOT20 (Dendorfer et al., 2020), DanceTrack (Sun et al., 2022).

Every video of MOT17 is there three times, once for each detector whose detections lie beside it. `train_half`
and `val_half` are the first and the second half of each training video, by which trackers are often compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_ini
from saccade.data.formats.tracks import TrackReader, Tracks
from saccade.data.frames import NumberedFrames
from saccade.data.sequence import Sequence
from saccade.data.splits import read_json_list, read_table

DETECTORS = ("DPM", "FRCNN", "SDP")
_HALVES = ("train_half", "val_half")


@dataclass(frozen=True, slots=True)
class _Part:
    """Reads the tracks of a part of a video."""

    whole: TrackReader
    start: int
    stop: int

    def __call__(self) -> Tracks:
        return self.whole().cut(self.start, self.stop)


def _sequences(benchmark: str, root: Path, split: str) -> Iterator[Sequence]:
    part = "train" if split in _HALVES else split
    for name in _names(benchmark, part):
        sequence = mot_sequence(root / part / name, has_truth=part != "test")
        yield _half(sequence, split) if split in _HALVES else sequence


def _names(benchmark: str, part: str) -> list[str]:
    if benchmark == "dancetrack":
        return [f"dancetrack{number:04d}" for number in read_json_list("dancetrack")[part]]
    # MOT16 and MOT17 share their videos
    listed = "mot17" if benchmark == "mot16" else benchmark
    names = [
        str(row["name"]) for row in read_table("mot") if row["benchmark"] == listed and row["split"] == part
    ]
    if benchmark == "mot17":
        return [f"{name}-{detector}" for name in names for detector in DETECTORS]
    return [name.replace("MOT17", "MOT16") for name in names] if benchmark == "mot16" else names


def mot_sequence(folder: Path, *, has_truth: bool = True) -> Sequence:
    """A sequence in the layout of the MOTChallenge, as its `seqinfo.ini` describes it.

    Without that file the frames are those in `img1`.

    Raises:
        DatasetError: when the file cannot be used.
    """
    file, facts = folder / "seqinfo.ini", {}
    if file.is_file():
        facts = dict(read_ini(file, "Sequence"))
    count, fps, width, height = (
        _number(facts, key, file) for key in ("seqlength", "framerate", "imwidth", "imheight")
    )
    place, suffix = folder / facts.get("imdir", "img1"), facts.get("imext", ".jpg")
    digits = next((n for n in (6, 8) if (place / f"{1:0{n}d}{suffix}").is_file()), 6)
    images = NumberedFrames(place, f"%0{digits}d{suffix}", count=None if count is None else int(count))
    return Sequence(
        folder.name,
        images,
        TrackReader(folder / "gt" / "gt.txt" if has_truth else None, images),
        fps=fps,
        stated_wh=None if width is None or height is None else (int(width), int(height)),
    )


def _number(facts: dict[str, str], key: str, file: Path) -> float | None:
    try:
        return float(facts[key]) if key in facts else None
    except ValueError:
        raise DatasetError(f"{file}: {key}={facts[key]} is no number; correct it") from None


def _half(sequence: Sequence, split: str) -> Sequence:
    frames = len(sequence)
    start, stop = (0, frames // 2) if split == "train_half" else (frames // 2, frames)
    assert isinstance(sequence.source, TrackReader)
    return Sequence(
        sequence.name,
        sequence.images[start:stop],
        _Part(sequence.source, start, stop),
        fps=sequence.fps,
        stated_wh=sequence.stated_wh,
    )


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
