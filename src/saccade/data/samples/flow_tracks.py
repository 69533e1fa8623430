"""Targets in clips without annotation: what optical flow can follow there and back."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from saccade.core.errors import warn
from saccade.data.keeping import Kept, stamp_of
from saccade.data.samples.pool import Pool, Track, picture

KEPT = "saccade-flow-tracks.npz"
"""in the folder of a pool"""
_VERSION = 1
"""to be raised when other tracks come out, or they are kept in another way"""
STARTS = 40
"""boxes a clip that are tried"""
LONGEST = 20
"""frames of a track"""
FEWEST_FRAMES = 4
"""of a track"""
FLATTEST = 18.0
"""standard deviation of brightness in a box under which there is nothing to follow"""
STILL = 0.08
"""motion under which a track is one of a thing that stands, of which a quarter is kept"""
_GRID = np.linspace(0.1, 0.9, 9)
_BACK_WITHIN = 0.7
"""pixels that a point may be off when it has been followed there and back"""

Box = Float32[np.ndarray, "4"]
Gray = UInt8[np.ndarray, "H W"]


def pool_tracks(pool: Pool) -> list[Track]:
    """The flow tracks of a pool's clips: as they were kept, as long as no frame has changed since.

    To follow them takes half a minute, which each start of a training would wait for.

    Raises:
        SourceError: when a frame cannot be read.
    """
    kept, stamp = Kept(pool.root, KEPT), stamp_of((_VERSION, *_seen(pool)))
    found = kept.read(stamp)
    if found is None:
        warn(f"{pool.root}: following what moves in {len(pool.clips)} clips once; this may take a minute")
        tracks = flow_tracks(pool.clips)
        kept.write(stamp, _packed(tracks, pool))
        return tracks
    ends = np.cumsum(found["rows"][:, 2])[:-1]
    return [
        Track(pool.clips[clip][start : start + count], boxes, False)
        for (clip, start, count), boxes in zip(
            found["rows"].tolist(), np.split(found["boxes"], ends), strict=True
        )
    ]


def flow_tracks(clips: Sequence[tuple[Path, ...]], seed: int = 0) -> list[Track]:
    """Random boxes in each clip, as far as pyramidal Lucas-Kanade follows half of 81 points in them."""
    rng = np.random.default_rng(seed)
    return [track for frames in clips for track in _in_clip(frames, rng)]


def _seen(pool: Pool) -> Iterator[tuple[str, str, int, int]]:
    """What tells that a frame is another than it was: its name, size and time."""
    for path in itertools.chain.from_iterable(pool.clips):
        status = path.stat()
        yield path.parent.name, path.name, status.st_size, status.st_mtime_ns


def _packed(tracks: Sequence[Track], pool: Pool) -> dict[str, np.ndarray]:
    """Clip, first frame and length of each track, and the boxes of all, one after the other."""
    place = {path: (clip, i) for clip, frames in enumerate(pool.clips) for i, path in enumerate(frames)}
    rows = [(*place[track.frames[0]], len(track.frames)) for track in tracks]
    return {
        "rows": np.array(rows, np.int64).reshape(-1, 3),
        "boxes": np.concatenate([np.zeros((0, 4), np.float32), *(track.boxes for track in tracks)]),
    }


def _in_clip(frames: tuple[Path, ...], rng: np.random.Generator) -> list[Track]:
    grays = [cv2.cvtColor(picture(path), cv2.COLOR_RGB2GRAY) for path in frames]
    height, width = grays[0].shape
    tracks = []
    for _ in range(STARTS):
        w, h = np.exp(rng.uniform(np.log(20), np.log(0.45 * height), 2))
        w = np.clip(w, h / 2.5, h * 2.5)
        if w > 0.6 * width:
            continue
        x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
        start = int(rng.integers(0, max(len(grays) - 6, 1)))
        if grays[start][int(y) : int(y + h), int(x) : int(x + w)].std() < FLATTEST:
            continue
        box = np.array([x, y, w, h], np.float32)
        boxes = _follow(grays[start : start + LONGEST], box, rng)
        if len(boxes) < FEWEST_FRAMES:
            continue
        shift = np.abs(boxes[-1, :2] - boxes[0, :2]).max() / np.sqrt(w * h)
        if shift + abs(np.log(boxes[-1, 2] / boxes[0, 2])) < STILL and rng.random() < 0.75:
            continue
        tracks.append(Track(frames[start : start + len(boxes)], boxes, False))
    return tracks


def _follow(grays: Sequence[Gray], box: Box, rng: np.random.Generator) -> Float32[np.ndarray, "F 4"]:
    """The box in as many frames as it can be followed."""
    boxes = [box]
    for before, after in itertools.pairwise(grays):
        moved = _step(before, after, boxes[-1], rng)
        if moved is None:
            break
        boxes.append(moved)
    return np.array(boxes, np.float32)


def _step(before: Gray, after: Gray, box: Box, rng: np.random.Generator) -> Box | None:
    """The box in the next frame, by the median shift and growth of its points; None where they are lost."""
    x, y, w, h = (float(value) for value in box)
    across = np.meshgrid(x + _GRID * w, y + _GRID * h)
    points = np.stack(across, -1).reshape(-1, 1, 2).astype(np.float32)
    there, was_there, _ = _flow(before, after, points)
    back, was_back, _ = _flow(after, before, there)
    off = np.linalg.norm(back - points, axis=2)[:, 0]
    kept = (was_there[:, 0] == 1) & (was_back[:, 0] == 1) & (off < _BACK_WITHIN)
    if kept.sum() <= kept.size // 2:
        return None
    points, there = points[kept, 0], there[kept, 0]
    shift = np.median(there - points, axis=0)
    growth = _growth(points, there, rng)
    centre = np.array([x + w / 2, y + h / 2]) + shift
    w, h = w * growth, h * growth
    left, top = centre[0] - w / 2, centre[1] - h / 2
    height, width = before.shape
    if left < -0.1 * w or top < -0.1 * h or left + w > width + 0.1 * w or top + h > height + 0.1 * h:
        return None
    return np.array([left, top, w, h], np.float32)


def _flow(before: Gray, after: Gray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    moved, found, error = cv2.calcOpticalFlowPyrLK(before, after, points, points.copy(), winSize=(15, 15))
    return moved, found, error


def _growth(points: np.ndarray, there: np.ndarray, rng: np.random.Generator) -> float:
    """The median growth of the distances between pairs of points."""
    first, second = rng.integers(0, len(points), (2, 200))
    distance = np.linalg.norm(points[first] - points[second], axis=1)
    far = distance > 4
    if not far.any():
        return 1.0
    now = np.linalg.norm(there[first] - there[second], axis=1)
    return float(np.clip(np.median(now[far] / distance[far]), 0.9, 1.1))
