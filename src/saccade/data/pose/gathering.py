"""People of files that list them one by one, gathered by their pictures."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from saccade.core import Skeleton
from saccade.data.detection.folders import Pictures, unique_names
from saccade.data.detection.records import Fault, Kind
from saccade.data.pose.contents import PoseContent
from saccade.data.pose.people import AnnotatedPerson, PoseDataset, PosedImage


@dataclass(slots=True)
class Gathered:
    """What a file lists.

    Attributes:
        file: names itself in faults.
        word: what a person is in it, e.g. "entry".
    """

    file: Path
    word: str
    pictures: Pictures
    faults: list[Fault] = field(default_factory=list)
    _people: dict[str, list[AnnotatedPerson]] = field(default_factory=dict)

    def add_picture(self, name: str) -> None:
        """A picture, be there people in it or not."""
        self._people.setdefault(name, [])

    def add(self, picture: str, person: AnnotatedPerson | None, number: int) -> None:
        """A person; None where nothing says where they are."""
        self.add_picture(picture)
        if person is None:
            self.note(
                "no_area", number, "has neither joints, nor a place and a size", "mark it, or take it out"
            )
        else:
            self._people[picture].append(person)

    def note(self, kind: Kind, number: int, reason: str, remedy: str) -> None:
        """Something is wrong with a person."""
        place = f"{self.word} {number}"
        fault = Fault(kind=kind, file=self.file, reason=reason, remedy=remedy, number=number, place=place)
        self.faults.append(fault)

    def content(
        self, form: str, root: Path, split: str | None, skeleton: Skeleton, notes: Iterable[str] = ()
    ) -> PoseContent:
        """All of it as a data set."""
        names = unique_names(list(self._people))
        images = tuple(
            PosedImage(
                name=name,
                file=self.pictures.find(written) or self.pictures.expected(written),
                annotation=self.file,
                size_wh=None,
                people=tuple(people),
                id=place,
            )
            for place, (name, (written, people)) in enumerate(
                zip(names, self._people.items(), strict=True), start=1
            )
        )
        dataset = PoseDataset(
            name=form, root=root, split=split, skeleton=skeleton, images=images, notes=tuple(notes)
        )
        return PoseContent(
            dataset=dataset, faults=tuple(self.faults), pictures=self.pictures.files, word=self.word
        )
