"""The worst poses beside their truth, the people who were missed, and poses of nobody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Float64

from saccade.core import Instances
from saccade.data.pose.people import PosedImage
from saccade.draw.poses import draw_poses
from saccade.draw.sheet import CLOSEST, Box, Paint, Picture, Tile, ToTile, draw_sheet
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pictures.report import varied
from saccade.evaluation.pose.joints import FATES, Fate
from saccade.evaluation.pose.matching import Matching

if TYPE_CHECKING:
    from saccade.evaluation.pose.report import Judged

PAIRS, SINGLES = 16, 24
"""people on a sheet: beside their truth, and alone"""
TILE_WH = (186, 222)
"""of a cut-out, in pixels of the sheet: people are taller than wide"""
_COLUMNS = 8
_COLORS = "left orange, right blue"
_WIDTH = 2
_CONTEXT = 1.25
"""how many times as long as the person a cut-out is at least"""
_FAR = 10_000.0
"""pixels of a tile beyond which no line needs to go"""
_WRONG = (255, 64, 64)

Read = Callable[[PosedImage], np.ndarray]


def worst_sheet(judged: "Judged", read: Read) -> np.ndarray | None:
    """Poses that are farthest off, each behind its truth; None when all are right.

    Raises:
        DatasetError: when a picture cannot be read.
    """
    scores = judged.scores
    wrong = (scores.joints.fates > Fate.JITTER) & (scores.pose != NOBODY)[:, None]
    order = np.argsort(-np.nan_to_num(scores.losses), kind="stable")
    people = [int(person) for person in order if wrong[person].any()]
    chosen = [people[place] for place in varied(scores.people.images[people].tolist(), PAIRS)]
    tiles = [tile for person in chosen for tile in _pair(judged, person, read)]
    legend = f"as annotated, and as found · {_COLORS}; red leads to the truth"
    title = _title("Worst poses", chosen, people, legend)
    return draw_sheet(tiles, title, _COLUMNS, TILE_WH) if tiles else None


def missed_sheet(judged: "Judged", read: Read) -> np.ndarray | None:
    """People who were not found, the largest first; None when all were.

    Raises:
        DatasetError: when a picture cannot be read.
    """
    scores = judged.scores
    missed = np.flatnonzero(scores.people.is_counted & (scores.pose == NOBODY))
    people = missed[np.argsort(-scores.people.areas[missed], kind="stable")].tolist()
    chosen = [people[place] for place in varied(scores.people.images[people].tolist(), SINGLES)]
    tiles = [_annotated(judged, person, read, "not found") for person in chosen]
    title = _title("Largest people who were not found", chosen, people, f"as annotated · {_COLORS}")
    return draw_sheet(tiles, title, _COLUMNS, TILE_WH) if tiles else None


def stray_sheet(judged: "Judged", read: Read) -> np.ndarray | None:
    """The surest poses that are nobody who counts; None when there are none, or people were given.

    Raises:
        DatasetError: when a picture cannot be read.
    """
    scores = judged.scores
    poses = [] if scores.matching is Matching.GIVEN else scores.strays.tolist()
    chosen = [poses[place] for place in varied(scores.poses.images[poses].tolist(), SINGLES)]
    tiles = [_stray(judged, pose, read) for pose in chosen]
    title = _title("Surest poses of nobody who is annotated", chosen, poses, f"as found · {_COLORS}")
    return draw_sheet(tiles, title, _COLUMNS, TILE_WH) if tiles else None


def _title(what: str, chosen: list[int], all_of_them: list[int], legend: str) -> str:
    number = len(all_of_them)
    some = f"{len(chosen)} of {number}" if number > len(chosen) else f"{number}"
    return f"{what}: {some} · {legend}"


def _pair(judged: "Judged", person: int, read: Read) -> Iterator[Tile]:
    """The truth, and what was found of it."""
    scores, pose = judged.scores, int(judged.scores.pose[person])
    truth, found = scores.people.keypoints[person], scores.poses.keypoints[pose]
    is_placed = scores.poses.is_placed[pose]
    here = scores.joints.fates[person]
    counts = {fate: int((here == fate).sum()) for fate in FATES}
    near = counts[Fate.RIGHT] + counts[Fate.JITTER]
    annotated = _annotated(
        judged, person, read, f"OKS {scores.joints.oks[person]:.2f}, {near} of {sum(counts.values())} near"
    )
    yield annotated
    wrong = (here > Fate.JITTER) & is_placed
    faults = ", ".join(f"{counts[fate]} {fate.word}" for fate in FATES[2:] if counts[fate])
    yield replace(
        annotated,
        words=(f"found at {scores.poses.scores[pose]:.2f}", faults),
        paint=_painter(judged, found, is_placed.astype(np.float64), (found[wrong], truth[wrong])),
    )


def _annotated(judged: "Judged", person: int, read: Read, word: str) -> Tile:
    people = judged.scores.people
    image = judged.dataset.images[people.images[person]]
    points, is_known = people.keypoints[person], people.is_labelled[person]
    held = np.concatenate([people.boxes[person].reshape(2, 2), points[is_known]])
    return Tile(
        picture=read(image),
        region=_region(held),
        outlines=(),
        words=(word, image.name),
        paint=_painter(judged, points, is_known.astype(np.float64)),
    )


def _stray(judged: "Judged", pose: int, read: Read) -> Tile:
    poses = judged.scores.poses
    image, points = judged.dataset.images[poses.images[pose]], poses.keypoints[pose]
    return Tile(
        picture=read(image),
        region=_region(poses.boxes[pose].reshape(2, 2)),
        outlines=(),
        words=(f"found at {poses.scores[pose]:.2f}", image.name),
        paint=_painter(judged, points, poses.is_placed[pose].astype(np.float64)),
    )


def _region(held: Float64[np.ndarray, "N 2"]) -> Box:
    """What shows these points and a little around them."""
    low, high = held.min(axis=0), held.max(axis=0)
    half = np.maximum(_CONTEXT * (high - low), CLOSEST) / 2
    x1, y1, x2, y2 = (float(v) for v in np.concatenate([(low + high) / 2 - half, (low + high) / 2 + half]))
    return x1, y1, x2, y2


def _painter(
    judged: "Judged",
    keypoints: Float64[np.ndarray, "K 2"],
    known: Float64[np.ndarray, " K"],
    astray: tuple[np.ndarray, np.ndarray] | None = None,
) -> Paint:
    """Draws a pose.

    Args:
        known: 0 for joints that are not drawn.
        astray: joints, and where they should be.
    """

    def paint(tile: Picture, to_tile: ToTile) -> None:
        for start, end in zip(*map(to_tile, astray), strict=True) if astray else ():
            a, b = (np.rint(point.clip(-_FAR, _FAR)).astype(int).tolist() for point in (start, end))
            cv2.line(tile, a, b, _WRONG, 1, cv2.LINE_AA)
        height, width = tile.shape[:2]
        person = Instances(
            boxes=np.array([[0.0, 0.0, width, height]]),
            scores=np.ones(1),
            keypoints=to_tile(keypoints)[None],
            keypoint_scores=known[None],
            skeleton=judged.dataset.skeleton,
        )
        draw_poses(tile, person, _WIDTH)

    return paint
