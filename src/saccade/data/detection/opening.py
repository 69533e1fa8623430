"""Opening a detection set: its form by name or by how it lies, and what is wrong with it refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from saccade.core import DatasetError
from saccade.data.datasets.mot_folder import LAYOUT, mot_splits
from saccade.data.detection import coco, mot, open_images, voc, yolo, yolo_layout
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.data.detection.choosing import form_named, form_of, refuse_fatal
from saccade.data.detection.faults import faults_of, spelling
from saccade.data.detection.folders import checked_classes
from saccade.data.detection.forms import Form, one_by_one
from saccade.data.detection.records import Fault, Kind, RawImage, RawSplit
from saccade.data.detection.writing import write_coco, write_open_images, write_voc, write_yolo

DETECTION: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(
            name="voc",
            summary="PASCAL VOC: an XML file a picture; also ImageNet's, LabelImg's, CVAT's and Roboflow's",
            layout=voc.LAYOUT,
            fits=voc.fits,
            splits=voc.split_names,
            read=voc.read,
            write=write_voc,
            has_whole=voc.has_whole,
        ),
        Form(
            name="coco",
            summary="COCO: a JSON file a split; also CVAT's, Label Studio's and Roboflow's",
            layout=coco.LAYOUT,
            fits=coco.fits,
            splits=coco.split_names,
            read=one_by_one(coco.read_split),
            write=write_coco,
        ),
        Form(
            name="yolo",
            summary="YOLO: a text file a picture; as ultralytics, Roboflow, LabelImg and darknet lay it out",
            layout=yolo_layout.LAYOUT,
            fits=yolo.fits,
            splits=yolo.split_names,
            read=one_by_one(yolo.read_split),
            write=write_yolo,
        ),
        Form(
            name="mot",
            summary="MOTChallenge: videos with tracks, of which the boxes count; read, but not written",
            layout=LAYOUT,
            fits=mot.fits,
            splits=mot_splits,
            read=one_by_one(mot.read_split),
            write=mot.refuse_to_write,
            is_written=False,
            is_of_videos=True,
            has_whole=mot.fits,
        ),
        Form(
            name="open_images",
            summary="Open Images: a CSV table a split; also the tables of TensorFlow's tutorials",
            layout=open_images.LAYOUT,
            fits=open_images.fits,
            splits=open_images.split_names,
            read=one_by_one(open_images.read_split),
            write=write_open_images,
        ),
    )
}
"""every form of annotations of boxes in pictures, by name"""

_TOLD: Mapping[Kind, str] = {
    "no_area": "boxes without area, left out",
    "listed_twice": "pictures listed twice",
    "beyond": "boxes that reach beyond their pictures",
    "point": "boxes of a single pixel",
    "duplicate_box": "boxes that are there twice",
}


def find_form(name: str) -> Form:
    """The form of that name.

    Raises:
        DatasetError: when there is none.
    """
    return form_named(name, DETECTION, "detection sets")


def recognise(root: Path) -> Form:
    """The form that the annotations in a folder have.

    Raises:
        DatasetError: when it could be several, or none.
    """
    # a table beside other annotations is most often made of them
    return form_of(root, DETECTION, "boxes", yields="open_images")


def open_detection(
    name: str | None, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None
) -> DetectionDataset:
    """Reads the annotations of a split; pictures are only looked for.

    Args:
        name: a name of `DETECTION`; None where the layout tells.
        root: the folder it lies in; of COCO or YOLO also the JSON or YAML file.
        split: which part of it; of VOC all there is where none is given, else there must be only one.
        classes: the names in the order of the labels, where they should not be those that the data set lists.
            Open a second split with those of the first where no list is there.

    Raises:
        DatasetError: when it is not there, or a box, class or picture is wrong in a way that leaves only
            guessing, naming file and object.
    """
    root = Path(root)
    form = recognise(root) if name is None else find_form(name)
    given = None if classes is None else checked_classes(classes, "the classes given")
    (raw,) = form.read(root, [split], given)
    faults = [*raw.faults, *faults_of(raw)]
    if given is not None:
        _refuse_unnamed(raw)
    refuse(faults, root, form)
    return dataset_of(raw, notes_on(faults))


def _refuse_unnamed(raw: RawSplit) -> None:
    """Refuses boxes of classes that the caller has not named: left out, they would be learned as background.

    Raises:
        DatasetError: with the first of such boxes.
    """
    known = {spelling(name) for name in raw.classes}
    for image in raw.images:
        for each in image.objects:
            if spelling(each.name) not in known:
                place = f"{image.annotation or image.file}, {raw.word} {each.number}"
                raise DatasetError(
                    f"{place}: '{each.name}' is none of the classes given ({', '.join(raw.classes)}); they "
                    f"have to name all that is annotated: add it, or give none, to take all"
                )


def refuse(faults: Iterable[Fault], root: Path, form: Form) -> None:
    """Refuses what could only be guessed at.

    Raises:
        DatasetError: with the first of such faults, and how many there are.
    """
    mended = ", and --fix DIR writes a mended copy" if form.is_written else ""
    refuse_fatal(faults, f"saccade data check {root} --dataset {form.name} shows all{mended}")


def notes_on(faults: Sequence[Fault]) -> tuple[str, ...]:
    """What to know of faults that do not hinder."""
    counts = Counter(fault.kind for fault in faults)
    return tuple(
        f"{what}: {counts[kind]:,}, first {fault.file}{f', {fault.place}' if fault.place else ''}"
        for kind, what in _TOLD.items()
        if (fault := next((fault for fault in faults if fault.kind == kind), None)) is not None
    )


def dataset_of(raw: RawSplit, notes: tuple[str, ...] = ()) -> DetectionDataset:
    """What the annotations of a split mean, once nothing in them is refused."""
    labels = {name: label for label, name in enumerate(raw.classes)}
    return DetectionDataset(
        name=raw.form,
        root=raw.root,
        split=raw.split,
        classes=raw.classes,
        images=tuple(_annotated(image, labels) for image in raw.images),
        notes=(*raw.notes, *notes),
        category_ids=raw.category_ids,
    )


def _annotated(image: RawImage, labels: Mapping[str, int]) -> AnnotatedImage:
    boxes = np.array([each.box for each in image.objects], np.float32).reshape(-1, 4)
    # in float32, as they are used, a thin box far from the corner may have lost its area
    kept = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    objects = [each for each, is_kept in zip(image.objects, kept, strict=True) if is_kept]
    areas = None
    if any(each.area is not None for each in objects):
        own = np.prod(boxes[kept, 2:].astype(np.float64) - boxes[kept, :2], axis=1)
        stated = [each.area for each in objects]
        areas = np.array([a if a is not None else b for a, b in zip(stated, own, strict=True)], np.float64)
    verified = None
    if image.verified is not None:
        verified = np.array([labels[name] for name in image.verified if name in labels], np.int64)
    return AnnotatedImage(
        name=image.name,
        file=image.file,
        annotation=image.annotation,
        size_wh=image.size_wh,
        boxes=boxes[kept],
        labels=np.array([labels[each.name] for each in objects], np.int64),
        is_crowd=np.array([each.is_crowd for each in objects], bool),
        is_difficult=np.array([each.is_difficult for each in objects], bool),
        id=image.id,
        areas=areas,
        verified=verified,
    )
