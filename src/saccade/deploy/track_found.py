"""Follows all that a detector finds, and leaves tracks, boxes, counts and an annotated video."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from saccade.association import Counting, Crossing, TrackingByDetection
from saccade.association.by_detection import TrackingByDetectionRun
from saccade.association.counting import OBJECT, Tally
from saccade.core import Frame, Instances
from saccade.core.instances import NOBODY
from saccade.data.formats.tracks import track_lines
from saccade.deploy.run import Done, Found, Plan, looked_at, run
from saccade.draw import Overlay
from saccade.draw.counting import Gate, draw_counts, draw_gates
from saccade.draw.overlay import Picture
from saccade.media.files import LineFile, csv_lines, replacing
from saccade.media.results import HEADER, boxes_csv_lines

TRACE = 30
"""frames that a trail goes back"""
COUNTS = ("where", "name", "in", "out")
"""columns of `counts.csv`"""
CROSSINGS = ("frame", "time", "where", "target", "name", "direction")
"""columns of `crossings.csv`"""


@dataclass(slots=True)
class Tracked(Done):
    """What following everything has left behind.

    Attributes:
        boxes: how many belong to tracks, all frames together.
        tracks: how many there were, by what they were when they began.
        surest: highest score of anything that was found.
        tallies: what lines and zones have counted.
    """

    boxes: int = 0
    tracks: Counter[str] = field(default_factory=Counter)
    surest: float = 0.0
    tallies: Sequence[Tally] = ()
    _newest: int = NOBODY

    def count(self, found: Instances, seconds: float) -> None:
        """Counts who is in one more frame."""
        assert found.ids is not None
        somebody = found[found.ids != NOBODY]
        self.boxes += len(somebody)
        # ids only ever grow, so that the newest is all that has to be remembered
        newest = self._newest
        for row, who in enumerate(found.ids.tolist()):
            if who > self._newest:
                self.tracks[OBJECT if found.names is None else str(found.names[row])] += 1
            newest = max(newest, who)
        self._newest = newest

    def counted(self) -> dict[str, Any]:
        """As JSON values."""
        counts = [tally.to_json() for tally in self.tallies]
        tracks = {"tracks": self.tracks.total(), "classes": dict(self.tracks.most_common())}
        return {"boxes": self.boxes, **tracks, **({"counts": counts} if counts else {})}


def track_found(
    model: TrackingByDetection,
    frames: Iterable[Frame],
    out: Path,
    plan: Plan,
    *,
    counting: Counting | None = None,
    batch: int = 1,
    skipped: Sequence[str] = (),
) -> Tracked:
    """Follows all that a detector finds and writes it into a folder; see `run`, of which it is a form.

    Args:
        model: a detector, and who says who is who.
        frames: in order; where `plan.draws` says that they are no pictures, nobody looks at them.
        out: where the files go; the folder is made when the first frame has been run.
        counting: lines and zones; None where nothing is counted.
        batch: frames that the detector looks at together.
        skipped: what the source leaves out; it may still grow.

    Raises:
        ConfigError: for a line or a zone outside of the frame.
        SaccadeError: whatever reading, finding and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    counts = _Counts(counting or Counting())
    done = Tracked(out, skipped, tallies=counts.tallies)
    found = _identified(model, frames, done, batch, sees=plan.draws)
    run(found, done, partial(TrackFiles, counts=counts), plan, _TrackOverlay(counts))
    return done


def _identified(
    model: TrackingByDetection, frames: Iterable[Frame], done: Tracked, batch: int, *, sees: bool
) -> Iterator[Found]:
    """The frames, what is in each and who it is, and the seconds that this took."""
    pass_: TrackingByDetectionRun = model.start()
    for frame, found, seconds in looked_at(model.detector, frames, batch):
        done.surest = max(done.surest, float(found.scores.max(initial=0.0)))
        rows = pass_.identify(found, frame if sees else None)
        yield frame, rows, seconds + rows.timings["associate"] / 1e3


class _Counts:
    """Counts each frame once, whoever asks first."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self._last: tuple[Instances, list[Crossing]] | None = None
        self.tallies = counting.tallies

    def of(self, found: Instances) -> list[Crossing]:
        """Who crosses anything in the newest frame."""
        if self._last is None or self._last[0] is not found:
            self._last = (found, self._counting.update(found) if self.tallies else [])
        return self._last[1]

    def check(self, frame: Frame) -> None:
        """Refuses lines and zones outside of the first frame."""
        if self._last is None:
            self._counting.check(frame.size_wh)


class _TrackOverlay(Overlay):
    """Draws who has an id, where they have been, and what lines and zones have counted."""

    def __init__(self, counts: _Counts) -> None:
        super().__init__(trace=TRACE)
        self._counts = counts

    def draw(self, frame: Frame | Picture, found: Instances) -> Picture:
        """A copy of the frame (RGB) with all that drawn on it."""
        frame = Frame.of(frame)
        self._counts.check(frame)
        self._counts.of(found)
        assert found.ids is not None
        gates = [_gate(tally) for tally in self._counts.tallies]
        ground = replace(frame, image=draw_gates(frame.image.copy(), gates)) if gates else frame
        return draw_counts(super().draw(ground, found[found.ids != NOBODY]), gates)


def _gate(tally: Tally) -> Gate:
    """A line or a zone as it is drawn."""
    total = f"in {tally.entered.total()} out {tally.left.total()}"
    now = "" if tally.inside is None else f"{tally.inside} inside, "
    rows = [f"{tally.where}: {now}{total}"]
    for name in sorted((tally.entered.keys() | tally.left.keys()) - {OBJECT}):
        rows.append(f"  {name}: in {tally.entered[name]} out {tally.left[name]}")
    return Gate(tally.where, tally.points, rows)


class TrackFiles:
    """`tracks.txt`, `boxes.csv`, and where there are lines or zones, `counts.csv` and `crossings.csv`.

    - `tracks.txt`: the layout of the MOTChallenge; frames, ids and pixels are counted from 1.
    - `boxes.csv`: as of targets that are pointed at, with the class as a last column `name`; frames and
      targets are counted from 0.
    - `counts.csv`: `where,name,in,out`, a line for each class at each line and zone.
    - `crossings.csv`: `frame,time,where,target,name,direction`, a line for each time that anybody crosses.

    Only what belongs to a track is in them.
    """

    leftovers: ClassVar[tuple[str, ...]] = ("tracks.txt", "boxes.csv", "counts.csv", "crossings.csv")

    def __init__(self, folder: Path, *, counts: _Counts) -> None:
        self._counts = counts
        self._tracks = LineFile(folder / "tracks.txt")
        self._boxes = LineFile(folder / "boxes.csv")
        self._boxes.append(",".join((*HEADER, "name")) + "\n")
        self._totals = folder / "counts.csv"
        self._crossings = LineFile(folder / "crossings.csv") if counts.tallies else None
        if self._crossings is not None:
            self._crossings.append(",".join(CROSSINGS) + "\n")

    def write(self, found: Instances) -> None:
        """Writes who is in the next frame."""
        assert found.ids is not None
        somebody = found[found.ids != NOBODY]
        self._tracks.append(track_lines(somebody))
        self._boxes.append(boxes_csv_lines(somebody, names=True))
        if self._crossings is not None:
            time = "" if found.time is None else f"{found.time:.3f}"
            rows = ([found.frame, time, *crossing] for crossing in self._counts.of(found))
            self._crossings.append(csv_lines(rows))

    def facts(self) -> Mapping[str, Any]:
        """Nothing that would have to be said of them."""
        return {}

    def close(self) -> None:
        """Gives the files their names; each of them, even when another fails."""
        with ExitStack() as endings:
            if self._crossings is not None:
                endings.callback(self._write_totals)
                endings.callback(self._crossings.close)
            endings.callback(self._boxes.close)
            endings.callback(self._tracks.close)

    def _write_totals(self) -> None:
        with replacing(self._totals) as part:
            part.write_text(csv_lines([COUNTS, *_total_rows(self._counts.tallies)]))


def _total_rows(tallies: Sequence[Tally]) -> Iterator[Sequence[Any]]:
    for tally in tallies:
        for name in sorted(tally.entered.keys() | tally.left.keys()) or [""]:
            yield tally.where, name, tally.entered[name], tally.left[name]
