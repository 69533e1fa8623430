"""Real data sets: the same boxes in six forms, in tables and in XML; round trips through every form."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from saccade.data.detection import DETECTION, DetectionDataset, open_detection, read_image, recognise
from saccade.data.detection.converting import convert_detection
from tests.unit.data.detection.sets import metrics_set

WRITTEN = [name for name, form in DETECTION.items() if form.is_written]

Rows = dict[str, list[tuple[str, tuple[float, ...]]]]

FORMS = {
    "pascalvoc_format": "voc",
    "imagenet_format": "voc",
    "coco_format_v1": "coco",
    "coco_format_v2": "coco",
    "yolo_format": "yolo",
    "openimages_format": "open_images",
}


def rows(dataset: DetectionDataset) -> Rows:
    return {
        image.name: sorted(
            (dataset.classes[label], tuple(map(float, box)))
            for box, label in zip(image.boxes, image.labels, strict=True)
        )
        for image in dataset.images
    }


def farthest(one: Rows, other: Rows) -> float:
    """By how many pixels boxes differ at most; pictures, classes and numbers must agree."""
    assert one.keys() == other.keys()
    worst = 0.0
    for name, mine in one.items():
        theirs = other[name]
        assert Counter(row[0] for row in mine) == Counter(row[0] for row in theirs), name
        for (_, a), (_, b) in zip(mine, theirs, strict=True):
            worst = max(worst, float(np.abs(np.subtract(a, b)).max()))
    return worst


@pytest.fixture(scope="module")
def coco_boxes(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    root = metrics_set(shared_data, "coco_format_v1", tmp_path_factory.mktemp("coco") / "root")
    return rows(open_detection("coco", root))


@pytest.mark.parametrize("form", [form for form in FORMS if form != "pascalvoc_format"])
def test_every_form_gives_the_same_boxes(
    form: str, shared_data: Path, tmp_path: Path, coco_boxes: Rows
) -> None:
    root = metrics_set(shared_data, form, tmp_path / "root")
    assert recognise(root).name == FORMS[form]
    dataset = open_detection(None, root)
    assert (len(dataset), sum(map(len, dataset.images)), len(dataset.classes)) == (100, 273, 20)
    assert farthest(rows(dataset), coco_boxes) < 1e-3


def test_voc_counts_pixels_from_one_and_includes_the_last(
    shared_data: Path, tmp_path: Path, coco_boxes: Rows
) -> None:
    """The other forms were made from its numbers as they stand, so that VOC's boxes begin a pixel before."""
    root = metrics_set(shared_data, "pascalvoc_format", tmp_path / "root")
    dataset = open_detection(None, root)
    for name, boxes in rows(dataset).items():
        for (_, mine), (_, theirs) in zip(boxes, coco_boxes[name], strict=True):
            assert np.subtract(theirs, mine).tolist() == pytest.approx([1, 1, 0, 0], abs=1e-3)
    assert sum(int(image.is_difficult.sum()) for image in dataset.images) == 38
    for image in dataset.images:
        assert image.boxes.min(initial=0) >= 0
        assert (image.boxes[:, 2:] <= image.size_wh).all()


@pytest.mark.parametrize(
    ("split", "pictures", "boxes"), [("train", 205, 2805), ("val", 87, 1138), (None, 292, 3943)]
)
def test_bccd(shared_data: Path, split: str | None, pictures: int, boxes: int) -> None:
    dataset = open_detection("voc", shared_data / "det" / "BCCD", split)
    assert (len(dataset), sum(map(len, dataset.images))) == (pictures, boxes)
    assert dataset.classes == ("Platelets", "RBC", "WBC")
    assert any("no list of classes" in note and "RBC (3,350)" in note for note in dataset.notes)
    assert any("boxes of a single pixel: " in note for note in dataset.notes)
    assert read_image(dataset.images[0]).shape == (480, 640, 3)
    order = ("WBC", "RBC", "Platelets")
    again = open_detection("voc", shared_data / "det" / "BCCD", split, classes=order)
    first, same = dataset.images[0], again.images[0]
    assert [dataset.classes[label] for label in first.labels] == [order[label] for label in same.labels]


def test_a_table_and_xml_of_the_same_pictures_agree(shared_data: Path) -> None:
    root = shared_data / "det" / "raccoon"
    assert recognise(root).name == "voc", "the table was made from the XML files"
    xml, table = open_detection("voc", root), open_detection("open_images", root)
    assert (len(xml), sum(map(len, xml.images))) == (160, 173)
    assert farthest(rows(xml), rows(table)) == 0


@pytest.mark.parametrize("form", WRITTEN)
def test_a_round_trip_through_every_form(form: str, shared_data: Path, tmp_path: Path) -> None:
    root = shared_data / "det" / "raccoon"
    voc = DETECTION["voc"]
    notes = convert_detection(voc, root, DETECTION[form], tmp_path / "there")
    assert notes == []
    there = open_detection(form, tmp_path / "there")
    assert there.classes == ("raccoon",)
    convert_detection(DETECTION[form], tmp_path / "there", voc, tmp_path / "back", is_linked=True)
    original = rows(open_detection("voc", root))
    assert farthest(rows(there), original) < 1e-3
    assert farthest(rows(open_detection("voc", tmp_path / "back")), original) == 0
    assert (tmp_path / "back" / "JPEGImages" / "raccoon-1.jpg").is_symlink()


@pytest.mark.parametrize("form", ["coco", "yolo", "open_images"])
def test_lists_of_voc_become_parts_of_the_others(form: str, shared_data: Path, tmp_path: Path) -> None:
    source, root = shared_data / "det" / "BCCD", tmp_path / "few"
    names = (source / "ImageSets" / "Main" / "train.txt").read_text().split()[:10]
    lists = {"train": names[:6], "val": names[6:], "trainval": names}
    for name in names:
        for file in (f"Annotations/{name}.xml", f"JPEGImages/{name}.jpg"):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).symlink_to(source / file)
    (root / "ImageSets" / "Main").mkdir(parents=True)
    for split, chosen in lists.items():
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(chosen))
    notes = convert_detection(DETECTION["voc"], root, DETECTION[form], tmp_path / form, is_linked=True)
    assert notes == ["split trainval is left out: it is train and val together"]
    assert DETECTION[form].splits(tmp_path / form) == ("train", "val")
    for split in ("train", "val"):
        mine = rows(open_detection(None, tmp_path / form, split))
        assert farthest(mine, rows(open_detection("voc", root, split))) < 1e-2
