"""Counting what crosses lines, through supervision's `LineZone`, and what enters and leaves zones."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol, SupportsFloat, get_args

import cv2
import numpy as np
import supervision as sv
from jaxtyping import Bool, Int

from saccade.core import ConfigError, Instances
from saccade.core.errors import did_you_mean
from saccade.core.instances import NOBODY

Point = Sequence[SupportsFloat]
"""(x, y) in frame pixels"""
Anchor = Literal["middle", "bottom", "corners"]
"""what of a box has to cross: its middle, the middle of its lower edge, or all of it"""

OBJECT = "object"
"""what is counted where nobody says what it is"""
STEADY = 2
"""frames running in which something has to be on the other side, so that a box that shakes is not counted"""
_REMEMBERED = 250
"""frames for which somebody who is not seen is kept in mind; longer than associations look for them"""
_LARGEST = 32767
"""pixels; no frame is larger, and nothing is drawn beyond"""
_CORNERS = (
    sv.Position.TOP_LEFT,
    sv.Position.TOP_RIGHT,
    sv.Position.BOTTOM_LEFT,
    sv.Position.BOTTOM_RIGHT,
)
_ANCHORS: Mapping[str, tuple[sv.Position, ...]] = {
    "middle": (sv.Position.CENTER,),
    "bottom": (sv.Position.BOTTOM_CENTER,),
    "corners": _CORNERS,
}


class Crossing(NamedTuple):
    """Somebody has crossed a line, or the border of a zone.

    Attributes:
        where: "line 1", "zone 2": counted from 1 in the order in which they were given.
        target: who.
        name: what that is.
        direction: "in" or "out".
    """

    where: str
    target: int
    name: str
    direction: str


@dataclass(slots=True)
class Tally:
    """What a line or a zone has counted.

    Attributes:
        where: "line 1", "zone 2".
        points: (x, y) in frame pixels: two ends, or corners in order around.
        entered: how many went in, by class; over a line, to the left of the direction from its first end to
            its second.
        left: how many went out, by class.
        inside: how many are in it now; None of a line.
    """

    where: str
    points: tuple[tuple[float, float], ...]
    entered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    inside: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        counts = {"in": dict(self.entered.most_common()), "out": dict(self.left.most_common())}
        now = {} if self.inside is None else {"inside": self.inside}
        return {"where": self.where, "points": [list(point) for point in self.points], **counts, **now}


class _Gate(Protocol):
    """A line, or a zone."""

    tally: Tally

    def cross(self, here: sv.Detections, absent: Sequence[int]) -> Iterator[tuple[int, str]]:
        """Rows that have just crossed, and "in" or "out".

        Args:
            here: who is in the frame.
            absent: ids of those who are not, and are kept in mind.
        """
        ...


class Counting:
    """Counts, frame by frame, what crosses lines and what enters and leaves zones.

    Somebody counts who has an id and is seen on the other side `STEADY` times running. Frames in which they
    are not found say nothing of where they are: a crossing behind a lamp post counts as long as the id stays,
    and who is seen on the other side once and never again has not crossed. Who appears within a zone has not
    entered it.

    Args:
        lines: two ends (x, y) in frame pixels each.
        zones: three or more corners (x, y) each, in order around.
        anchor: what of a box has to cross.

    Attributes:
        tallies: what has been counted, lines first.

    Raises:
        ConfigError: for a line without length, a zone without area, points that no frame has, or an unknown
            anchor.
    """

    def __init__(
        self,
        lines: Sequence[Sequence[Point]] = (),
        zones: Sequence[Sequence[Point]] = (),
        *,
        anchor: Anchor = "middle",
    ) -> None:
        if anchor not in get_args(Anchor):
            raise ConfigError(f"no anchor '{anchor}'; {did_you_mean(anchor, get_args(Anchor))}")
        self._gates: list[_Gate] = [
            *(_Line(_tally("line", number, line), anchor) for number, line in enumerate(lines, 1)),
            *(_Zone(_tally("zone", number, zone), anchor) for number, zone in enumerate(zones, 1)),
        ]
        self.tallies = [gate.tally for gate in self._gates]
        self._mind = _Mind()

    def check(self, size_wh: tuple[int, int]) -> None:
        """Refuses what lies wholly outside of a frame of that size, where nothing will ever be counted.

        Raises:
            ConfigError: naming the line or the zone.
        """
        for tally in self.tallies:
            low, high = np.min(tally.points, axis=0), np.max(tally.points, axis=0)
            if (high < 0).any() or (low >= size_wh).any():
                raise ConfigError(
                    f"{tally.where} lies outside the frame of {size_wh[0]}x{size_wh[1]} pixels; give points "
                    f"x,y of the frame"
                )

    def update(self, found: Instances) -> list[Crossing]:
        """Counts what is in the next frame; those who have crossed just now.

        Raises:
            ConfigError: when nothing has an id.
        """
        if found.ids is None:
            raise ConfigError("only what has ids can be counted; let an association say who is who")
        here = found[found.ids != NOBODY]
        assert here.ids is not None
        ids = here.ids.astype(int)
        names = [OBJECT] * len(here) if here.names is None else [str(name) for name in here.names]
        rows = sv.Detections(xyxy=here.boxes.astype(np.float64), tracker_id=ids)
        absent = self._mind.absent(ids.tolist())
        crossings = []
        for gate in self._gates:
            for row, direction in gate.cross(rows, absent):
                (gate.tally.entered if direction == "in" else gate.tally.left)[names[row]] += 1
                crossings.append(Crossing(gate.tally.where, int(ids[row]), names[row], direction))
        return crossings


class _Mind:
    """When everybody was seen last."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._now = 0

    def absent(self, here: Sequence[int]) -> list[int]:
        """Those who were seen lately and are not here."""
        self._now += 1
        self._last |= dict.fromkeys(here, self._now)
        self._last = {who: seen for who, seen in self._last.items() if self._now - seen <= _REMEMBERED}
        return [who for who, seen in self._last.items() if seen < self._now]


class _Line:
    """Counts who crosses a line."""

    def __init__(self, tally: Tally, anchor: Anchor) -> None:
        start, end = tally.points
        if start == end:
            raise ConfigError(f"{tally.where} has no length; give two ends x1,y1,x2,y2 that differ")
        self.tally = tally
        # `LineZone` forgets who is missing, but neither forgets nor counts who passes beside the line
        self._beside = np.tile(2 * np.array(end) - np.array(start), 2)
        self._zone = sv.LineZone(
            sv.Point(*start),
            sv.Point(*end),
            triggering_anchors=_ANCHORS[anchor],
            minimum_crossing_threshold=STEADY,
        )

    def cross(self, here: sv.Detections, absent: Sequence[int]) -> Iterator[tuple[int, str]]:
        boxes = np.concatenate([here.xyxy, np.tile(self._beside, (len(absent), 1))])
        ids = np.concatenate([_ids(here), np.array(absent, dtype=int)])
        went_in, went_out = self._zone.trigger(sv.Detections(xyxy=boxes, tracker_id=ids))
        yield from ((int(row), "in") for row in np.flatnonzero(went_in))
        yield from ((int(row), "out") for row in np.flatnonzero(went_out))


class _Zone:
    """Counts who enters and who leaves a zone.

    Points are held against the polygon itself: supervision's `PolygonZone` paints a mask that reaches to the
    farthest corner, a gigabyte where somebody draws generously around the frame.
    """

    def __init__(self, tally: Tally, anchor: Anchor) -> None:
        self._corners = np.array(tally.points, np.float32).reshape(-1, 2)
        if len(self._corners) < 3 or cv2.contourArea(self._corners) < 1:
            raise ConfigError(
                f"{tally.where} has no area; give three corners or more, x,y,x,y,x,y, in order around"
            )
        self.tally = replace(tally, inside=0)
        self._anchors = _ANCHORS[anchor]
        self._is_in: dict[int, bool] = {}
        self._streak: Counter[int] = Counter()

    def cross(self, here: sv.Detections, absent: Sequence[int]) -> Iterator[tuple[int, str]]:
        now, ids = self._holds(here).tolist(), _ids(here).tolist()
        self.tally.inside = sum(now)
        for row, (who, is_in) in enumerate(zip(ids, now, strict=True)):
            self._streak[who] = 0 if is_in == self._is_in.setdefault(who, is_in) else self._streak[who] + 1
            if self._streak[who] == STEADY:
                self._is_in[who], self._streak[who] = is_in, 0
                yield row, "in" if is_in else "out"
        for who in self._is_in.keys() - {*ids, *absent}:
            del self._is_in[who], self._streak[who]

    def _holds(self, here: sv.Detections) -> Bool[np.ndarray, " N"]:
        """Whether all that has to cross of a box is inside, or on the border."""
        points = np.stack([here.get_anchors_coordinates(anchor) for anchor in self._anchors], axis=1)
        rows = ((self._is_inside(point) for point in row) for row in points.tolist())
        return np.fromiter(map(all, rows), bool, len(points))

    def _is_inside(self, point: Sequence[float]) -> bool:
        x, y = point
        return cv2.pointPolygonTest(self._corners, (x, y), measureDist=False) >= 0


def _ids(rows: sv.Detections) -> Int[np.ndarray, " N"]:
    assert rows.tracker_id is not None
    return rows.tracker_id


def _tally(kind: str, number: int, points: Sequence[Point]) -> Tally:
    where = f"{kind} {number}"
    pairs = tuple((float(x), float(y)) for x, y in points)
    if not np.isfinite(pairs).all() or np.abs(pairs).max(initial=0) > _LARGEST:
        raise ConfigError(
            f"{where} has a point that no frame has; give x,y in pixels, none beyond {_LARGEST}"
        )
    if kind == "line" and len(pairs) != 2:
        raise ConfigError(f"{where} has {len(pairs)} points; give its two ends x1,y1,x2,y2")
    return Tally(where, pairs)
