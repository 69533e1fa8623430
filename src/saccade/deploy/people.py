"""Where people are, as the user says it: boxes that hold for every frame, or a table of boxes by frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from saccade.core.instances import NOBODY, id_array
from saccade.core.targets import Box, TargetId, check_box
from saccade.deploy.box_tables import BOX, numbers, read_lines

_REMEDY = "give boxes.csv of saccade track, detections.csv of saccade detect, or a table with those columns"


class PersonBox(NamedTuple):
    """A box (x, y, w, h), top-left and size in frame pixels, and who is in it."""

    box: Box
    who: TargetId = NOBODY


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

    def boxes(self, frame: int) -> list[Box]:
        """Those of a frame; none where nobody is in it."""
        return [person.box for person in self._people(frame)]

    def ids(self, frame: int) -> Shaped[np.ndarray, " N"]:
        """Who is in the boxes of a frame."""
        return id_array([person.who for person in self._people(frame)])

    def _people(self, frame: int) -> list[PersonBox]:
        return [*self.always, *self.by_frame.get(frame, ())]


def read_people(path: Path, subject: str) -> GivenPeople:
    """The boxes of a CSV file with the columns frame, x, y, w and h; others may stand beside them.

    `target` says who it is, and `name` what: where anything is called as `subject` is, other things are left
    out. Targets whose `status` is lost are left out, too.

    Raises:
        SourceError: when it cannot be read, lacks a column, or a line has no numbers; it is named.
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
    check_box((x, y, w, h), where)
    who = line.get("target") or ""
    is_number = who.removeprefix("-").isdecimal()
    return frame, PersonBox((x, y, w, h), int(who) if is_number else who or NOBODY)
