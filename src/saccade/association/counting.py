"""Counting what crosses lines and enters zones, through supervision's `LineZone` and `PolygonZone`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol, SupportsFloat, get_args

import cv2
import numpy as np
import supervision as sv
from jaxtyping import Bool

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
"""pixels; no frame is larger"""
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

    def cross(self, rows: sv.Detections, seen: int) -> Iterator[tuple[int, str]]:
        """Rows that have just crossed, and "in" or "out"; the first `seen` rows are in this frame."""
        ...


class Counting:
    """Counts, frame by frame, what crosses lines and what enters and leaves zones.

    Somebody counts who has an id and is on the other side `STEADY` frames running. Who is not found for a
    while stays where they were, so that a crossing behind a lamp post counts as long as the id stays. Who
    appears within a zone has not entered it.

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
        rows, names = self._mind.with_absent(here)
        ids = np.zeros(0, int) if rows.tracker_id is None else rows.tracker_id
        crossings = []
        for gate in self._gates:
            for row, direction in gate.cross(rows, len(here)):
                (gate.tally.entered if direction == "in" else gate.tally.left)[names[row]] += 1
                who = int(ids[row])
                crossings.append(Crossing(gate.tally.where, who, names[row], direction))
        return crossings


class _Mind:
    """Where everybody was seen last."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, Any, str]] = {}
        self._now = 0

    def with_absent(self, here: Instances) -> tuple[sv.Detections, list[str]]:
        """Those who are here, then those who are not, where they were last; and what all of them are."""
        self._now += 1
        names = [OBJECT] * len(here) if here.names is None else [str(name) for name in here.names]
        assert here.ids is not None
        for who, box, name in zip(here.ids.tolist(), here.boxes, names, strict=True):
            # those who were seen later stand behind
            self._last.pop(who, None)
            self._last[who] = (self._now, box, name)
        for who in [who for who, (seen, *_) in self._last.items() if self._now - seen > _REMEMBERED]:
            del self._last[who]
        absent = {who: last for who, last in self._last.items() if last[0] < self._now}
        boxes = np.array([*here.boxes, *(box for _, box, _ in absent.values())], np.float64).reshape(-1, 4)
        ids = np.array([*here.ids.tolist(), *absent], dtype=int)
        rows = sv.Detections(xyxy=boxes, tracker_id=ids)
        return rows, [*names, *(name for *_, name in absent.values())]


class _Line:
    """Counts who crosses a line."""

    def __init__(self, tally: Tally, anchor: Anchor) -> None:
        start, end = tally.points
        if start == end:
            raise ConfigError(f"{tally.where} has no length; give two ends x1,y1,x2,y2 that differ")
        self.tally = tally
        self._zone = sv.LineZone(
            sv.Point(*start),
            sv.Point(*end),
            triggering_anchors=_ANCHORS[anchor],
            minimum_crossing_threshold=STEADY,
        )

    def cross(self, rows: sv.Detections, seen: int) -> Iterator[tuple[int, str]]:
        went_in, went_out = self._zone.trigger(rows)
        yield from ((int(row), "in") for row in np.flatnonzero(went_in))
        yield from ((int(row), "out") for row in np.flatnonzero(went_out))


class _Zone:
    """Counts who enters and who leaves a zone."""

    def __init__(self, tally: Tally, anchor: Anchor) -> None:
        corners = np.array(tally.points)
        if len(corners) < 3 or cv2.contourArea(corners.astype(np.float32)) < 1:
            raise ConfigError(
                f"{tally.where} has no area; give three corners or more, x,y,x,y,x,y, in order around"
            )
        self.tally = replace(tally, inside=0)
        self._zone = sv.PolygonZone(np.rint(corners).astype(int), triggering_anchors=_ANCHORS[anchor])
        self._is_in: dict[int, bool] = {}
        self._streak: Counter[int] = Counter()

    def cross(self, rows: sv.Detections, seen: int) -> Iterator[tuple[int, str]]:
        now: Bool[np.ndarray, " N"] = self._zone.trigger(rows)
        self.tally.inside = int(now[:seen].sum())
        ids = [] if rows.tracker_id is None else rows.tracker_id.tolist()
        for row, (who, is_in) in enumerate(zip(ids, now.tolist(), strict=True)):
            self._streak[who] = 0 if is_in == self._is_in.setdefault(who, is_in) else self._streak[who] + 1
            if self._streak[who] == STEADY:
                self._is_in[who], self._streak[who] = is_in, 0
                yield row, "in" if is_in else "out"
        for who in self._is_in.keys() - set(ids):
            del self._is_in[who], self._streak[who]


def _tally(kind: str, number: int, points: Sequence[Point]) -> Tally:
    where = f"{kind} {number}"
    pairs = tuple((float(x), float(y)) for x, y in points)
    if not np.isfinite(pairs).all() or np.abs(pairs).max(initial=0) > _LARGEST:
        raise ConfigError(f"{where} has a point that no frame has; give x,y in pixels")
    if kind == "line" and len(pairs) != 2:
        raise ConfigError(f"{where} has {len(pairs)} points; give its two ends x1,y1,x2,y2")
    return Tally(where, pairs)
