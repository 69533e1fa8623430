"""Lines and zones: who crosses is counted once, on the right side, whatever the boxes do meanwhile."""

import tracemalloc

import cv2
import numpy as np
import pytest
import supervision as sv

from saccade.association import Counting, Crossing
from saccade.association.counting import OBJECT
from saccade.core import ConfigError, Instances
from saccade.core.instances import NOBODY

# from left to right: above is to its left
LINE = ((0.0, 100.0), (200.0, 100.0))
ZONE = ((50.0, 50.0), (150.0, 50.0), (150.0, 150.0), (50.0, 150.0))


def at(
    *points: tuple[float, float], ids: list[int] | None = None, names: list[str] | None = None
) -> Instances:
    """Boxes of 20 by 40 pixels with these middles."""
    boxes = np.array([(x - 10, y - 20, x + 10, y + 20) for x, y in points], dtype=float).reshape(-1, 4)
    who = np.arange(len(points)) if ids is None else np.array(ids, dtype=int)
    called = None if names is None else np.array(names)
    return Instances(boxes=boxes, scores=np.ones(len(boxes)), ids=who, names=called)


def walk(counting: Counting, *heights: float | None, x: float = 100.0) -> list[Crossing]:
    """Somebody at these heights, one a frame; None where they are not seen."""
    frames = (at() if height is None else at((x, height)) for height in heights)
    return [crossing for frame in frames for crossing in counting.update(frame)]


@pytest.mark.parametrize(
    ("heights", "went_in", "went_out", "why"),
    [
        ((140, 130, 70, 60), 1, 0, "up is in: to the left of the line"),
        ((60, 70, 130, 140), 0, 1, "down is out"),
        ((140, 130, 70, 60, 130, 140), 1, 1, "there and back"),
        ((140, 140, 95, 140, 140, 140), 0, 0, "a box that shakes"),
        ((140, 130, *[None] * 20, 60, 60), 1, 0, "behind a lamp post"),
        ((60, 60, 60), 0, 0, "who has always been there"),
        ((140, 130, 70), 0, 0, "once is not enough"),
        ((140, 130, 70, *[None] * 30), 0, 0, "nor is once and never again"),
        ((140, 130, 70, *[None] * 30, 130, 140), 0, 0, "nor once before they are back"),
        ((140, 130, 70, None, 60), 1, 0, "twice, though not in between"),
    ],
)
def test_a_line_counts_who_crosses(heights, went_in: int, went_out: int, why: str) -> None:
    counting = Counting([LINE])
    walk(counting, *heights)
    (tally,) = counting.tallies
    assert (tally.entered.total(), tally.left.total()) == (went_in, went_out), why


def test_who_passes_beside_the_line_is_not_counted() -> None:
    counting = Counting([LINE])
    assert walk(counting, 140, 130, 70, 60, x=250.0) == []


@pytest.mark.parametrize(
    ("heights", "went_in", "went_out", "inside", "why"),
    [
        ((200, 200, 100, 100), 1, 0, 1, "in"),
        ((200, 100, 100, 200, 200), 1, 1, 0, "in and out"),
        ((100, 100), 0, 0, 1, "who appears within has not entered"),
        ((100, 100, 200, 200), 0, 1, 0, "but may leave"),
        ((200, 200, 149, 200, 200), 0, 0, 0, "a box that shakes"),
        ((200, *[None] * 5, 100, 100, None), 1, 0, 0, "who is not seen is not said to be inside"),
        ((200, 200, 100, *[None] * 30), 0, 0, 0, "who is inside once and never again"),
        ((200, 200, 100, None, 100), 1, 0, 1, "twice, though not in between"),
    ],
)
def test_a_zone_counts_who_enters_and_leaves(
    heights, went_in: int, went_out: int, inside: int, why: str
) -> None:
    counting = Counting(zones=[ZONE])
    walk(counting, *heights)
    (tally,) = counting.tallies
    assert (tally.entered.total(), tally.left.total(), tally.inside) == (went_in, went_out, inside), why


@pytest.mark.parametrize(("anchor", "counted"), [("middle", 1), ("bottom", 0), ("corners", 0)])
def test_what_of_a_box_has_to_cross(anchor: str, counted: int) -> None:
    """From all below to the middle just above: the lower edge is still below."""
    counting = Counting([LINE], [[(0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0)]], anchor=anchor)
    walk(counting, 150, 150, 90, 90, 90)
    assert [tally.entered.total() for tally in counting.tallies] == [counted, counted]


def test_classes_are_counted_by_themselves_and_nobody_is_not() -> None:
    counting, crossings = Counting([LINE], [ZONE]), []
    names = ["car", "bus", "car", "bus"]
    for height in (200.0, 200.0, 60.0, 60.0):
        found = at(*[(x, height) for x in (60, 80, 100, 120)], ids=[4, 7, 9, NOBODY], names=names)
        crossings += counting.update(found)
    line, zone = (tally.to_json() for tally in counting.tallies)
    assert line["in"] == zone["in"] == {"car": 2, "bus": 1} and line["out"] == zone["out"] == {}
    assert zone["inside"] == 3 and "inside" not in line and line["points"] == [[0, 100], [200, 100]]
    assert Crossing("line 1", 7, "bus", "in") in crossings and Crossing("zone 1", 9, "car", "in") in crossings
    assert len(crossings) == 6


def test_memory_is_flat() -> None:
    counting = Counting([LINE], [ZONE])
    for who in range(1500):
        counting.update(at((100.0, 100.0), ids=[who]))
    line, zone = counting._gates
    assert len(counting._mind._last) < 300
    assert len(line._zone.crossing_state_history) < 300 and len(zone._is_in) < 300


def test_a_zone_that_reaches_far_beyond_the_frame_takes_no_memory() -> None:
    tracemalloc.start()
    # the lower part of a frame, however large
    counting = Counting(zones=[[(-9000.0, 80.0), (32767.0, 80.0), (32767.0, 32767.0), (-9000.0, 32767.0)]])
    walk(counting, 60, 60, 90, 90)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counting.tallies[0].entered.total() == counting.tallies[0].inside == 1
    assert peak < 1 << 20


def test_a_zone_holds_what_supervisions_holds() -> None:
    """Away from its border, on which pixels are rounded there."""
    corners = np.array([(20, 30), (180, 10), (120, 90), (190, 170), (60, 150)])
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 200, (400, 2))
    distances = [cv2.pointPolygonTest(corners, tuple(point), measureDist=True) for point in points]
    points = points[np.abs(distances) > 2]
    counting = Counting(zones=[corners.tolist()])
    counting.update(at(*map(tuple, points)))
    theirs = sv.PolygonZone(corners, triggering_anchors=[sv.Position.CENTER])
    rows = sv.Detections(at(*map(tuple, points)).boxes)
    assert counting.tallies[0].inside == theirs.trigger(rows).sum() > 50


def test_what_has_no_class_is_an_object() -> None:
    counting = Counting([LINE])
    assert {crossing.name for crossing in walk(counting, 140, 130, 70, 60)} == {OBJECT}


@pytest.mark.parametrize(
    ("lines", "zones", "message"),
    [
        ([((5, 5), (5, 5))], [], "line 1 has no length"),
        ([LINE, ((1, 2), (3, 4), (5, 6))], [], "line 2 has 3 points"),
        ([], [((0, 0), (9, 9))], "zone 1 has no area"),
        ([], [((0, 0), (9, 9), (18, 18))], "zone 1 has no area"),
        # a crossed one, whose halves cancel out
        ([], [((0, 0), (100, 100), (100, 0), (0, 100))], "in order around"),
        ([((0, 0), (float("nan"), 1))], [], "a point that no frame has"),
        ([], [((0, 0), (1e5, 0), (1e5, 1e5))], "a point that no frame has; .* none beyond 32767"),
    ],
)
def test_what_can_count_nothing_is_refused(lines, zones, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Counting(lines, zones)


@pytest.mark.parametrize(
    "lines, zones", [([((500, 0), (500, 100))], []), ([], [[(0, -90), (90, -90), (50, -10)]])]
)
def test_what_lies_outside_of_the_frame_is_refused(lines, zones) -> None:
    counting = Counting(lines, zones)
    with pytest.raises(ConfigError, match="1 lies outside the frame of 320x240"):
        counting.check((320, 240))


def test_without_ids_or_with_another_anchor(unchecked_shapes: None) -> None:
    with pytest.raises(ConfigError, match="only what has ids"):
        Counting([LINE]).update(Instances.empty())
    with pytest.raises(ConfigError, match="did you mean 'middle'"):
        Counting([LINE], anchor="midle")
