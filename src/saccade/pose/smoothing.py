"""Poses smoothed over time by the one euro filter (Casiez, Roussel and Vogel, CHI 2012)."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from saccade.core import Instances
from saccade.core.instances import NOBODY, id_array
from saccade.core.ranges import above_to, at_least, check_ranges, within
from saccade.core.timing import VideoClock

_SMALLEST = 1.0
"""pixels that a person is taken to measure at least"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneEuro:
    """Settings of the filter: a low-pass whose cutoff frequency grows with speed, for lag would be seen."""

    min_cutoff: float = 1.0
    """Hz, for a joint at rest: lower ones take away more of its jitter"""
    beta: float = 16.0
    """what the cutoff frequency grows by, in Hz, with a speed of one person's size a second: higher ones lag
    less; the size is the square root of the box's area"""
    speed_cutoff: float = 1.0
    """Hz, of the low-pass for the speed itself"""
    min_score: float = 0.2
    """score under which a joint is left as it was found, and not remembered"""
    max_gap: float = 0.5
    """seconds for which a joint that is not seen is remembered; after that it begins anew"""

    def __post_init__(self) -> None:
        check_ranges(
            "smooth",
            self,
            min_cutoff=above_to(0, 1000),
            beta=at_least(0),
            speed_cutoff=above_to(0, 1000),
            min_score=within(0, 1),
            max_gap=at_least(0),
        )


class _Memory(NamedTuple):
    """What is known of people from before, a row each."""

    ids: Shaped[np.ndarray, " N"]
    points: Float64[np.ndarray, "N K 2"]
    speeds: Float64[np.ndarray, "N K 2"]
    seen: Float64[np.ndarray, "N K"]
    """when each joint was last seen, in seconds; minus infinity for never"""


class PoseSmoother:
    """Smooths the poses of one video, person by person and joint by joint; for another video, make another.

    People are told apart by their ids; who has none is left as found. Speeds are measured against the size
    of the person, so that the same settings do near and far, in small and large pictures. Only key points
    change: boxes and scores stay.

    Args:
        config: settings of the filter.
        fps: frames per second, where frames have no time.
    """

    def __init__(self, config: OneEuro | None = None, *, fps: float | int | None = None) -> None:
        self._config = config or OneEuro()
        self._clock, self._now = VideoClock(fps), 0.0
        self._memory: _Memory | None = None

    def update(self, found: Instances) -> Instances:
        """What was found in the next frame, with smoothed key points; the same where nobody has an id."""
        self._now += self._clock.tick(found.frame, found.time)
        if found.ids is None or found.keypoints is None or not len(found):
            return found
        ids = id_array(found.ids)
        rows = np.flatnonzero(ids != NOBODY)
        points = found.keypoints[rows].astype(np.float64)
        scores = found.keypoint_scores
        is_sure = np.asarray(np.isfinite(points).all(axis=2))
        if scores is not None:
            is_sure &= scores[rows] >= self._config.min_score
        sides = found.boxes[rows, 2:] - found.boxes[rows, :2]
        sizes = np.sqrt(np.prod(np.maximum(sides.astype(np.float64), _SMALLEST), axis=1))
        before = self._recall(ids[rows], points.shape[1])
        after = self._filtered(before, np.where(is_sure[..., None], points, 0.0), sizes, is_sure)
        self._remember(after)
        smoothed = found.keypoints.copy()
        smoothed[rows] = np.where(is_sure[..., None], after.points, points)
        return replace(found, keypoints=smoothed)

    def _filtered(
        self,
        before: _Memory,
        points: Float64[np.ndarray, "N K 2"],
        sizes: Float64[np.ndarray, " N"],
        is_sure: Bool[np.ndarray, "N K"],
    ) -> _Memory:
        """Algorithm 1 of the paper, with the length of the velocity in place of a single axis' speed."""
        config, elapsed = self._config, self._now - before.seen
        is_known = elapsed <= config.max_gap
        dt = np.where(is_known, elapsed, 1.0)[..., None]
        last = np.where(is_known[..., None], before.points, points)
        speeds = _mix(before.speeds, (points - last) / dt, _share(config.speed_cutoff, dt))
        speeds = np.where(is_known[..., None], speeds, 0.0)
        pace = np.linalg.norm(speeds, axis=2, keepdims=True) / sizes[:, None, None]
        moved = _mix(last, points, _share(config.min_cutoff + config.beta * pace, dt))
        return _Memory(
            before.ids,
            np.where(is_sure[..., None], moved, before.points),
            np.where(is_sure[..., None], speeds, before.speeds),
            np.where(is_sure, self._now, before.seen),
        )

    def _recall(self, ids: Shaped[np.ndarray, " N"], num_joints: int) -> _Memory:
        """What is known of these people; of new ones, that nothing is."""
        shape = (len(ids), num_joints)
        blank = _Memory(ids, np.zeros((*shape, 2)), np.zeros((*shape, 2)), np.full(shape, -math.inf))
        if self._memory is None:
            return blank
        places = {key: place for place, key in enumerate(self._memory.ids)}
        rows = [row for row, key in enumerate(ids) if key in places]
        known = [places[ids[row]] for row in rows]
        for mine, old in zip(blank[1:], self._memory[1:], strict=True):
            mine[rows] = old[known]
        return blank

    def _remember(self, after: _Memory) -> None:
        """Keeps who is here now, and who was a moment ago."""
        if self._memory is None:
            self._memory = after
            return
        here = set(after.ids)
        is_recent = (self._now - self._memory.seen <= self._config.max_gap).any(axis=1)
        rows = np.flatnonzero(is_recent & np.array([key not in here for key in self._memory.ids], dtype=bool))
        self._memory = _Memory(
            *(np.concatenate([new, old[rows]]) for new, old in zip(after, self._memory, strict=True))
        )


def _share(cutoff: Any, dt: Float64[np.ndarray, "N K 1"]) -> Any:
    """How much of a new value a low-pass takes: alpha of the paper."""
    turned = 2 * math.pi * cutoff * dt
    return turned / (1 + turned)


def _mix(old: Any, new: Any, share: Any) -> Any:
    return old + share * (new - old)
