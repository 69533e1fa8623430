"""Opening a pose set: its form by name or by how it lies, and what is wrong with it refused."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from saccade.data.detection.choosing import form_named, form_of, refuse_fatal
from saccade.data.detection.folders import is_there
from saccade.data.detection.records import Fault, Kind
from saccade.data.pose import folders, lsp, mpii, yolo
from saccade.data.pose.contents import PoseContent
from saccade.data.pose.forms import PoseForm
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson, PoseDataset, PosedImage

POSE: Mapping[str, PoseForm] = {
    form.name: form
    for form in (
        PoseForm(
            name="coco-keypoints",
            summary="COCO's key points: 17 points of people, a JSON file a split",
            layout=folders.COCO_LAYOUT,
            fits=folders.fits_coco,
            splits=folders.coco_splits,
            read=folders.read_coco,
        ),
        PoseForm(
            name="mpii",
            summary="MPII Human Pose: 16 points of people, in the original file or the lists made of it",
            layout=mpii.LAYOUT,
            fits=mpii.fits,
            splits=mpii.split_names,
            read=mpii.read,
        ),
        PoseForm(
            name="lsp",
            summary="Leeds Sports Pose, and its extended training set: 14 points of a person a picture",
            layout=lsp.LAYOUT,
            fits=lsp.fits,
            splits=lsp.split_names,
            read=lsp.read,
        ),
        PoseForm(
            name="yolo-pose",
            summary="YOLO's key points: any points, a text file a picture; as ultralytics lays it out",
            layout=yolo.LAYOUT,
            fits=yolo.fits,
            splits=yolo.split_names,
            read=yolo.read,
        ),
        PoseForm(
            name="pose-folder",
            summary="your own: any points of anything, in files of COCO's form, as other sets have it too",
            layout=folders.FOLDER_LAYOUT,
            fits=folders.fits_folder,
            splits=folders.folder_splits,
            read=folders.read_folder,
        ),
    )
}
"""every form of pictures with key points, by name"""


def find_form(name: str) -> PoseForm:
    """The form of that name.

    Raises:
        DatasetError: when there is none.
    """
    return form_named(name, POSE, "pose sets")


def recognise(root: Path) -> PoseForm:
    """The form that the annotations in a folder have.

    Raises:
        DatasetError: when it could be several, or none.
    """
    return form_of(root, POSE, "key points")


def is_posed(root: Path) -> bool:
    """Whether a folder, or a file, is of people's poses rather than of boxes; COCO's own, which has files of
    both, is of boxes unless somebody says otherwise."""
    has_boxes = any(True for place in (root, root / "annotations") for _ in place.glob("instances_*.json"))
    return not has_boxes and any(form.fits(root) for form in POSE.values())


def open_pose(name: str | None, root: str | Path, split: str | None = None) -> PoseDataset:
    """Reads the annotations of a split; pictures are only looked for.

    Args:
        name: a name of `POSE`; None where the layout tells.
        root: the folder it lies in, or its file of annotations.
        split: which part of it; where none is given there must be only one.

    Raises:
        DatasetError: when it is not there, or a person, joint or picture is wrong in a way that leaves only
            guessing, naming file and entry.
    """
    root = Path(root)
    form = recognise(root) if name is None else find_form(name)
    content = form.read(root, split)
    faults = [*content.faults, *missing_pictures(content)]
    refuse_fatal(faults, f"saccade data check {root} --dataset {form.name} shows all")
    return replace(content.dataset, notes=(*content.dataset.notes, *notes_on(content, faults)))


def missing_pictures(content: PoseContent) -> list[Fault]:
    """Pictures that annotations speak of, and that are not there."""
    there = set(content.pictures)
    return [
        Fault(
            kind="missing_picture",
            file=image.annotation,
            reason=f"its picture {image.file} is missing",
            remedy="put it there, or take it out of the annotations",
            picture=image.file,
        )
        for image in content.images
        if image.file not in there and not is_there(image.file)
    ]


def outside(image: PosedImage, person: AnnotatedPerson) -> list[int]:
    """Which labelled joints lie outside of the picture, whose size the annotation says."""
    if image.size_wh is None:
        return []
    last = np.array(image.size_wh) - 0.5
    is_in = ((person.keypoints >= -0.5) & (person.keypoints <= last)).all(axis=1)
    return np.flatnonzero(~is_in & (person.visible > UNLABELLED)).tolist()


def notes_on(content: PoseContent, faults: Iterable[Fault] = ()) -> list[str]:
    """What to know of people that are not as most are, with the first of each kind."""
    kinds = Counter[Kind](fault.kind for fault in faults)
    firsts: dict[str, str] = {}
    counts = Counter[str]()
    total = 0
    # where nobody has any, the reader has said why
    has_heads = any(person.head_size is not None for _, person in content.people())
    for image, person in content.people():
        total += 1
        for what in _peculiar(image, person, has_heads=has_heads):
            counts[what] += 1
            firsts.setdefault(what, f"{image.annotation.name}, {content.word} {person.id} ({image.name})")
    notes = [f"{what}: {count:,} of {total:,} people, first {firsts[what]}" for what, count in counts.items()]
    if kinds["no_area"]:
        notes.append(
            f"boxes without area: {kinds['no_area']:,}; that around the joints counts, and who has none of "
            f"them either is left out"
        )
    return notes if total else [*notes, "nobody is in any of the pictures"]


def _peculiar(image: PosedImage, person: AnnotatedPerson, *, has_heads: bool) -> Iterable[str]:
    if person.is_crowd:
        yield "crowds, neither learned from nor judged"
    elif not person.num_labelled:
        yield "without any labelled joint, kept but not learned from"
    if outside(image, person):
        yield "with joints outside of the picture, kept as they are"
    if has_heads and person.head_size is None:
        yield "without a head box, so that PCKh leaves them out"
