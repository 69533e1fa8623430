"""What is wrong with a pose set: joints, people, pictures, and what lies on both sides of a split."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saccade.data.detection.check import alike_faults, seen, shared_faults
from saccade.data.detection.folders import is_there
from saccade.data.detection.pictures import Look, look_at_all
from saccade.data.detection.records import REMARKS, Fault, Kind
from saccade.data.pose.contents import PoseContent
from saccade.data.pose.forms import PoseForm
from saccade.data.pose.opening import missing_pictures, notes_on
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson, PosedImage
from saccade.data.pose.sides import swapped_pairs

BEYOND = 0.25
"""of the longer side of their box by which a joint may lie beyond it before it is told"""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoseFindings:
    """What was found.

    Attributes:
        contents: what was read, a split each.
        faults: what should be put right, by file and entry.
        remarks: what may well be as it is, but is seldom so.
        notes: what else to know.
    """

    form: PoseForm
    root: Path
    contents: tuple[PoseContent, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def images(self) -> list[PosedImage]:
        """Each picture once."""
        return _unique(self.contents)

    @property
    def people(self) -> list[AnnotatedPerson]:
        """Everybody, crowds included."""
        return [person for image in self.images for person in image.people]


def check_pose(
    form: PoseForm,
    root: Path,
    split: str | None = None,
    *,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> PoseFindings:
    """Looks at all annotations, and at every picture to its end.

    Args:
        split: only this one; all of them if not given.
        progress: is told how many pictures there are, and gives what is called after each.

    Raises:
        DatasetError: when nothing of the form is there, or a file is broken.
    """
    names: Sequence[str | None] = [split] if split is not None else form.splits(root) or [None]
    contents = [form.read(root, name) for name in names]
    images = _unique(contents)
    files = [image.file for image in images if is_there(image.file)]
    looks = look_at_all(files, progress(len(files)))
    found: list[Fault] = []
    for content in contents:
        found += content.faults
        found += missing_pictures(content)
        found += _of_people(content, looks)
        found += _of_sides(content)
    for image in images:
        found += _of_picture(image, looks.get(image.file))
    found += alike_faults(contents, looks)
    found += shared_faults(contents)
    faults = sorted(dict.fromkeys(found), key=lambda fault: (str(fault.file), fault.number or 0))
    notes = [
        note for content in contents for note in (*content.dataset.notes, *notes_on(content, content.faults))
    ]
    return PoseFindings(
        form=form,
        root=root,
        contents=tuple(contents),
        faults=tuple(fault for fault in faults if fault.kind not in REMARKS),
        remarks=tuple(fault for fault in faults if fault.kind in REMARKS),
        notes=tuple(dict.fromkeys(notes)),
    )


def _unique(contents: Sequence[PoseContent]) -> list[PosedImage]:
    """Each picture once, as the first split has it."""
    found: dict[Path, PosedImage] = {}
    for content in contents:
        for image in content.images:
            found.setdefault(image.file, image)
    return list(found.values())


def _of_people(content: PoseContent, looks: Mapping[Path, Look]) -> Iterator[Fault]:
    skeleton = content.dataset.skeleton
    for image in content.images:
        size_wh = seen(image, looks.get(image.file)) or image.size_wh
        firsts: dict[bytes, AnnotatedPerson] = {}
        for person in image.people:
            if not person.is_learned:
                continue
            for kind, joint, reason in _of_joints(person, size_wh):
                place = f"'{skeleton.points[joint]}' at {_at(person, joint)} {reason}"
                yield _fault(content, image, person, kind, place, "mark it anew, or as unlabelled")
            first = firsts.setdefault(person.keypoints.tobytes() + person.visible.tobytes(), person)
            if first is not person:
                reason = f"has the very joints of {content.word} {first.id}"
                yield _fault(content, image, person, "duplicate_person", reason, "keep one of them")


def _of_joints(person: AnnotatedPerson, size_wh: tuple[int, int] | None) -> Iterator[tuple[Kind, int, str]]:
    """Joints outside of the picture, or far outside of the box of their person."""
    is_known = person.visible > UNLABELLED
    is_out = np.zeros_like(is_known)
    if size_wh is not None:
        last = np.array(size_wh) - 0.5
        is_out = np.asarray(((person.keypoints < -0.5) | (person.keypoints > last)).any(axis=1))
        for joint in np.flatnonzero(is_known & is_out).tolist():
            yield "joint_outside", joint, f"lies outside of the picture, which is {size_wh[0]}x{size_wh[1]}"
    low, high = person.box[:2] - 0.5, person.box[2:] - 0.5
    beyond = np.maximum(low - person.keypoints, person.keypoints - high).max(axis=1)
    most = BEYOND * float((high - low).max())
    for joint in np.flatnonzero(is_known & ~is_out & (beyond > most)).tolist():
        yield "joint_beyond", joint, f"lies {beyond[joint]:.0f} pixels beyond the box of its person"


def _of_sides(content: PoseContent) -> Iterator[Fault]:
    """Pairs of points whose left and right are likely to have been exchanged."""
    people = [person for _, person in content.people() if person.is_learned]
    files = {image.annotation for image in content.images}
    for reason in swapped_pairs(people, content.dataset.skeleton):
        remedy = "look at some of them, and exchange the two points"
        yield Fault(kind="sides", file=min(files), reason=reason, remedy=remedy)


def _of_picture(image: PosedImage, look: Look | None) -> Iterator[Fault]:
    if look is None:
        return
    if look.error:
        reason, remedy = f"cannot be read ({look.error})", "take the picture anew, or leave it out"
        yield Fault(
            kind="unreadable_picture", file=image.file, reason=reason, remedy=remedy, picture=image.file
        )
    elif seen(image, look) is None:
        stated, shown = ("{}x{}".format(*size) for size in (image.size_wh or (0, 0), look.size_wh))
        yield Fault(
            kind="size",
            file=image.annotation,
            reason=f"says {stated}, but its picture {image.file} is {shown}",
            remedy="take picture and annotation of the same version",
            picture=image.file,
        )


def _fault(
    content: PoseContent,
    image: PosedImage,
    person: AnnotatedPerson,
    kind: Kind,
    reason: str,
    remedy: str,
) -> Fault:
    return Fault(
        kind=kind,
        file=image.annotation,
        reason=f"{reason} ({image.name})",
        remedy=remedy,
        number=person.id,
        place=f"{content.word} {person.id}",
        picture=image.file,
    )


def _at(person: AnnotatedPerson, joint: int) -> str:
    x, y = person.keypoints[joint].tolist()
    return f"({x:.6g}, {y:.6g})"
