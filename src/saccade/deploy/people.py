"""Where people are, as the user says it: boxes that hold for every frame, or a table of boxes by frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from saccade.core import Frame, Instances, SourceError
from saccade.core.instances import NOBODY, id_array
from saccade.core.targets import Box, TargetId, box_text, check_box, is_on_frame
from saccade.deploy.box_tables import BOX, numbers, read_lines

_REMEDY = "give boxes.csv of saccade track, detections.csv of saccade detect, or a table with those columns"


class PersonBox(NamedTuple):
    """A box (x, y, w, h), top-left and size in frame pixels, who is in it, and where that is said."""

    box: Box
    who: TargetId = NOBODY
    where: str = ""


@dataclass(frozen=True, slots=True)
class GivenPeople:
    """Whom to look at.

    Attributes:
        always: in every frame.
        by_frame: in the frame of that index.
    """

    always: Sequence[PersonBox] = ()
    by_frame: Mapping[int, Sequence[PersonBox]] = field(default_factory=dict)

    @property
    def have_ids(self) -> bool:
        """Whether it is said of anybody who it is."""
        return any(person.who != NOBODY for people in self.by_frame.values() for person in people)

    def at(self, frame: int) -> list[PersonBox]:
        """Those in a frame; none where nobody is in it."""
        return [*self.always, *self.by_frame.get(frame, ())]


@dataclass(slots=True)
class GivenLook:
    """A look into boxes that somebody else has drawn, with the ids that they have.

    Boxes that lie outside of their frame are left out, for nobody is seen there.

    Attributes:
        estimator: finds the key points of people, called with frames and `boxes`.
    """

    estimator: Callable[..., Sequence[Instances]]
    people: GivenPeople
    _outside: list[str] = field(default_factory=list)
    _last: int = -1

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        """The people in the boxes of some frames, each next to come."""
        people = [self._inside(frame) for frame in frames]
        found = self.estimator(frames, boxes=[[person.box for person in each] for each in people])
        self._last = max(self._last, *(frame.index for frame in frames))
        if not self.people.have_ids:
            return list(found)
        pairs = zip(found, people, strict=True)
        return [replace(each, ids=id_array([person.who for person in who])) for each, who in pairs]

    def notes(self, end: int | None = None) -> list[str]:
        """Boxes in which nobody could be seen, once all frames have been: those outside, and of no frame.

        Args:
            end: the frame before which the user wished it to stop.
        """
        late = [
            f"{person.where} is of frame {frame}, but the last frame is {self._last}"
            for frame, people in sorted(self.people.by_frame.items())
            if frame > self._last and (end is None or frame < end)
            for person in people
        ]
        return [
            f"{each[0]}; left out" + (f", like {len(each) - 1:,} more" if len(each) > 1 else "")
            for each in (self._outside, late)
            if each
        ]

    def _inside(self, frame: Frame) -> list[PersonBox]:
        inside = []
        for person in self.people.at(frame.index):
            if is_on_frame(person.box, frame.size_wh):
                inside.append(person)
                continue
            width, height = frame.size_wh
            self._outside.append(
                f"{person.where}: the box {box_text(person.box)} lies outside of frame {frame.index}, which "
                f"is of {width}x{height} pixels"
            )
        return inside


def read_people(path: Path, subject: str) -> GivenPeople:
    """The boxes of a CSV file with the columns frame, x, y, w and h; others may stand beside them.

    `target` says who it is, and `name` what: where anything is called as `subject` is, other things are left
    out. Targets whose `status` is lost are left out, too.

    Raises:
        SourceError: when it cannot be read, lacks a column, or a line has no numbers or is of a frame before
            the first; it is named.
        TargetError: for a line whose box has no area.
    """
    lines = read_lines(path, BOX, _REMEDY)
    has_subject = any(line.get("name") == subject for _, line in lines)
    by_frame: dict[int, list[PersonBox]] = {}
    for where, line in lines:
        is_other = has_subject and line.get("name") != subject
        if not is_other and line.get("status") != "lost":
            frame, person = _person(line, where)
            by_frame.setdefault(frame, []).append(person)
    return GivenPeople(by_frame=by_frame)


def _person(line: Mapping[str, str | None], where: str) -> tuple[int, PersonBox]:
    """The frame and the person of a line."""
    frame, (x, y, w, h) = numbers(line, BOX, where)
    if frame < 0:
        raise SourceError(f"{where}: frame {frame}; frames count from 0")
    check_box((x, y, w, h), where)
    who = line.get("target") or ""
    is_number = who.removeprefix("-").isdecimal()
    return frame, PersonBox((x, y, w, h), int(who) if is_number else who or NOBODY, where)
