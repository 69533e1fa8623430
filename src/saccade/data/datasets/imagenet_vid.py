"""ImageNet VID: Russakovsky et al., IJCV 2015. Every tracklet of its training videos is a sequence.

A tracklet starts where an object is first annotated and ends at its first gap: what comes later is lost.
Reading a million annotation files takes minutes, so that what they say is kept.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from jaxtyping import Bool, Float32

from saccade.core import DatasetError
from saccade.core.errors import reason_of, warn
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.detection.records import number, size_of
from saccade.data.frames import NumberedFrames
from saccade.data.keeping import Kept, stamp_of
from saccade.data.sequence import Facts, Sequence
from saccade.data.truth import BoxAnnotation, GroundTruth

KEPT = "saccade-tracklets.npz"
_DATA, _ANNOTATIONS = Path("Data", "VID", "train"), Path("Annotations", "VID", "train")


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """An object in consecutive frames of a video; called, it gives the truth about it.

    Attributes:
        video: its folder, as seen from the folder of all videos.
        track: what the video calls it.
        start: its first frame.
        category: WordNet number of what it is.
        size_wh: of the frames in pixels.
        boxes: (x, y, w, h) in frame pixels.
        is_occluded: in which frames something hides a part of it.
    """

    video: str
    track: str
    start: int
    category: str
    size_wh: tuple[int, int]
    boxes: Float32[np.ndarray, "F 4"]
    is_occluded: Bool[np.ndarray, " F"]

    def __call__(self) -> BoxAnnotation:
        file = _ANNOTATIONS / self.video
        truth = GroundTruth.of_boxes(self.boxes.astype(np.float64), file)
        return BoxAnnotation({0: truth}, file, {"occluded": self.is_occluded})


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    videos = _videos(root / _ANNOTATIONS)
    kept, stamp = Kept(root, KEPT), stamp_of(videos)
    arrays = kept.read(stamp)
    if arrays is not None:
        tracklets = _unpacked(arrays)
    else:
        warn(f"{root}: reading the annotations of {len(videos)} videos once; this may take minutes")
        tracklets = [tracklet for video in videos for tracklet in read_tracklets(root / _ANNOTATIONS, video)]
        kept.write(stamp, _packed(tracklets))
    for tracklet in tracklets:
        width, height = tracklet.size_wh
        # the original leaves out what fills the whole frame at first
        if tracklet.boxes[0, 2:].prod() < width * height:
            yield _sequence(root, tracklet)


def _sequence(root: Path, tracklet: Tracklet) -> Sequence:
    return Sequence(
        f"{tracklet.video.rpartition('/')[2]}_{tracklet.track}",
        NumberedFrames(
            root / _DATA / tracklet.video, "%06d.JPEG", first=tracklet.start, count=len(tracklet.boxes)
        ),
        tracklet,
        Facts(category=tracklet.category, stated_wh=tracklet.size_wh),
    )


def _videos(folder: Path) -> list[str]:
    """The folders of all videos, each in that of its set."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; put the annotations of the training videos there")
    sets = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    return [
        f"{part}/{name}"
        for part in sets
        for name in sorted(entry.name for entry in os.scandir(folder / part) if entry.is_dir())
    ]


def read_tracklets(folder: Path, video: str) -> list[Tracklet]:
    """The tracklets of a video, from one XML file a frame.

    Raises:
        DatasetError: when a file is broken or none of VID's.
    """
    files = sorted((folder / video).glob("*.xml"))
    frames = [_Frame.of(file) for file in files]
    tracks = dict.fromkeys(track for frame in frames for track in frame.objects)
    found = []
    for track in tracks:
        start = next(i for i, frame in enumerate(frames) if track in frame.objects)
        row_of = (frame.objects.get(track) for frame in frames[start:])
        rows = [row for row in takewhile(bool, row_of) if row]
        found.append(
            Tracklet(
                video,
                track,
                int(files[start].stem),
                rows[0][0],
                frames[0].size_wh,
                np.array([row[1] for row in rows], np.float32),
                np.array([row[2] for row in rows], bool),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Frame:
    """Objects of a frame by track: category, box, and whether it is occluded."""

    size_wh: tuple[int, int]
    objects: dict[str, tuple[str, tuple[float, ...], bool]]

    @classmethod
    def of(cls, file: Path) -> "_Frame":
        try:
            root = ElementTree.fromstring(file.read_bytes())
            size = size_of(_text(root, "size/width"), _text(root, "size/height"))
            if size is None:
                raise ValueError("its size is none")
            rows = {_text(item, "trackid"): _object(item) for item in root.iter("object")}
        except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:
            raise DatasetError(
                f"{file}: cannot be read as a frame's annotation ({reason_of(error)}); take it anew"
            ) from None
        return cls(size, rows)


def _object(item: ElementTree.Element) -> tuple[str, tuple[float, ...], bool]:
    x1, y1, x2, y2 = (number(_text(item, f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax"))
    return _text(item, "name"), (x1, y1, x2 - x1, y2 - y1), _text(item, "occluded") != "0"


def _text(element: ElementTree.Element, path: str) -> str:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"it has no {path}")
    return text


def _packed(tracklets: list[Tracklet]) -> dict[str, np.ndarray]:
    return {
        "names": np.array([(t.video, t.track, t.category) for t in tracklets], str).reshape(-1, 3),
        "numbers": np.array([(t.start, len(t.boxes), *t.size_wh) for t in tracklets], np.int64).reshape(
            -1, 4
        ),
        "boxes": np.concatenate([np.zeros((0, 4), np.float32), *(t.boxes for t in tracklets)]),
        "occluded": np.concatenate([np.zeros(0, bool), *(t.is_occluded for t in tracklets)]),
    }


def _unpacked(arrays: Mapping[str, np.ndarray]) -> list[Tracklet]:
    numbers, boxes, occluded = arrays["numbers"], arrays["boxes"], arrays["occluded"]
    ends = np.cumsum(numbers[:, 1])[:-1]
    rows = zip(
        arrays["names"].tolist(),
        numbers.tolist(),
        np.split(boxes, ends),
        np.split(occluded, ends),
        strict=True,
    )
    return [
        Tracklet(video, track, start, category, (width, height), of_track, hidden)
        for (video, track, category), (start, _, width, height), of_track, hidden in rows
    ]


ENTRIES = (
    DatasetEntry(
        name="imagenet_vid",
        summary="ImageNet VID: every tracklet of 3,862 training videos",
        task="boxes",
        splits={"train": None},
        layout="ROOT/Data/VID/train/<set>/<video>/000000.JPEG and ROOT/Annotations/VID/train/…/000000.xml",
        find=_sequences,
        signs=("Annotations/VID/train/*",),
        tells_occlusion=True,
        obtain="https://image-net.org/challenges/LSVRC/2015",
    ),
)
