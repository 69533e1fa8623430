"""Sets that are laid out, named or numbered in ways that nobody wrote down, but people have."""

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.detection import DETECTION, open_detection
from saccade.data.detection.check import check_detection, unique_images
from saccade.data.detection.converting import convert_detection, read_sound
from saccade.data.detection.copying import Copier
from saccade.data.detection.fix import fix_detection
from saccade.data.detection.splitting import divide, parts_of, write_lists
from tests.unit.data.detection.sets import coco, coco_row, picture, voc, voc_xml, yolo

WRITTEN = [name for name, form in DETECTION.items() if form.is_written]

GOOD = [("ibex", 1, 1, 20, 10)]
HALVES = {"train": 0.5, "val": 0.5}


def roboflow(root: Path, splits: tuple[str, ...]) -> Path:
    """COCO as Roboflow exports it: a folder a split, each numbered from 0."""
    for split in splits:
        names = [f"{split}-{number}.jpg" for number in range(4)]
        for name in names:
            picture(root / split / name, name)
        content = {
            "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
            "annotations": [coco_row(number, number, box=(number, 3, 20, 10)) for number in range(4)],
            "categories": [{"id": 1, "name": "cat"}],
        }
        (root / split / "_annotations.coco.json").write_text(json.dumps(content))
    return root


def test_numbers_that_two_files_have_in_common(tmp_path: Path) -> None:
    root = roboflow(tmp_path / "set", ("train", "valid"))
    splits = read_sound(DETECTION["coco"], root)
    parts = parts_of(splits, divide(unique_images(splits), HALVES, 0))
    DETECTION["coco"].write(parts, tmp_path / "new", Copier())
    found = [open_detection("coco", tmp_path / "new", split) for split in HALVES]
    lefts = {image.name: image.boxes[:, 0].tolist() for each in found for image in each.images}
    assert lefts == {f"{split}-{number}": [number] for split in ("train", "valid") for number in range(4)}


@pytest.mark.parametrize("form", ["voc", "coco"])
def test_lists_are_refused_where_nobody_would_read_them(form: str, tmp_path: Path) -> None:
    if form == "coco":
        roboflow(tmp_path, ("train",))
    else:
        for name in "abcd":
            picture(tmp_path / "train" / f"{name}.jpg", name)
            (tmp_path / "train" / f"{name}.xml").write_text(voc_xml(GOOD))
    splits = read_sound(DETECTION[form], tmp_path)
    with pytest.raises(DatasetError, match="is not divided by lists beside it; name a new folder by --out"):
        write_lists(parts_of(splits, divide(unique_images(splits), HALVES, 0)), tmp_path)


def test_lists_name_files_in_folders(tmp_path: Path) -> None:
    for kind in ("one", "two"):
        for name in "abc":
            picture(tmp_path / "JPEGImages" / kind / f"{name}.jpg", kind + name)
            file = tmp_path / "Annotations" / kind / f"{name}.xml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(voc_xml(GOOD, f"{name}.jpg"))
    splits = read_sound(DETECTION["voc"], tmp_path)
    write_lists(parts_of(splits, divide(unique_images(splits), HALVES, 0)), tmp_path)
    found = {image.name for split in HALVES for image in open_detection("voc", tmp_path, split).images}
    assert found == {f"{kind}/{name}" for kind in ("one", "two") for name in "abc"}


def test_pictures_behind_links_that_go_in_circles(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", {"a": GOOD})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "JPEGImages" / "a.jpg").rename(elsewhere / "a.jpg")
    (root / "JPEGImages" / "part").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(root / "JPEGImages")
    assert open_detection("voc", root).images[0].file == root / "JPEGImages" / "part" / "a.jpg"


def test_accents_that_stand_apart(tmp_path: Path) -> None:
    root = voc(tmp_path, {})
    picture(root / "JPEGImages" / f"{unicodedata.normalize('NFD', 'é')}.jpg")
    (root / "Annotations" / f"{unicodedata.normalize('NFC', 'é')}.xml").write_text(
        voc_xml(GOOD, f"{unicodedata.normalize('NFC', 'é')}.jpg")
    )
    findings = check_detection(DETECTION["voc"], root)
    assert (findings.faults, findings.remarks) == ((), ())


@pytest.mark.parametrize("form", WRITTEN)
def test_names_with_commas_blanks_and_signs(form: str, tmp_path: Path) -> None:
    names = [" a, b.jpg", 'ü "c".jpg', "d -1.jpg"]
    categories = [{"id": 1, "name": " big,  red\n"}, {"id": 2, "name": "<é & ñ>\x01"}]
    rows = [coco_row(1, 1), coco_row(2, 2, 2)]
    root = coco(tmp_path / "set", names, rows, categories=categories)
    convert_detection(DETECTION["coco"], root, DETECTION[form], tmp_path / "new")
    dataset = open_detection(form, tmp_path / "new")
    assert dataset.classes == ("big, red", "<é & ñ>")
    labels = {image.name.strip(): image.labels.tolist() for image in dataset.images}
    assert labels == {"a, b": [0], 'ü "c"': [1], "d -1": []}


def test_a_picture_that_is_listed_under_two_numbers(tmp_path: Path) -> None:
    images = [{"id": number, "file_name": "a.jpg"} for number in (1, 2)]
    root = coco(tmp_path, ["a.jpg"], [coco_row(1, 1), coco_row(2, 2, box=(9, 9, 9, 9))], images=images)
    dataset = open_detection("coco", root)
    assert [len(image) for image in dataset.images] == [2], "no box is lost"
    assert "pictures listed twice: 1" in dataset.notes[0]
    faults = {fault.kind: fault.place for fault in check_detection(DETECTION["coco"], root).faults}
    assert faults == {"listed_twice": "image 2", "size": ""}


def test_two_annotations_of_one_picture_are_said(tmp_path: Path) -> None:
    root = voc(tmp_path, {"a": GOOD})
    (root / "Annotations" / "b.xml").write_text(voc_xml(GOOD, "a.jpg"))
    (fault,) = check_detection(DETECTION["voc"], root).faults
    assert (fault.kind, fault.file.name) == ("listed_twice", "b.xml")
    assert "a.jpg, as " in fault.reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": [{"id": [1], "file_name": "a.jpg"}, {"id": 1, "file_name": "a.jpg"}]}, "has no id"),
        ({"categories": [{"id": {}, "name": "dog"}, {"id": 1, "name": "cat"}]}, "has no id or no name"),
        ({"categories": [{"id": 2, "name": " "}, {"id": 1, "name": "cat"}]}, "has no id or no name"),
        ({"annotations": [coco_row(1, image=[])]}, r"is of image \[\], which is not in the list"),  # type: ignore[arg-type]
        ({"annotations": [coco_row(1, category={})]}, r"is of category {}, which"),  # type: ignore[arg-type]
        ({"annotations": [coco_row(1, box=[0, 0, 1e300, 9])]}, "1e[+]300 is beyond any picture"),
    ],
)
def test_json_of_the_wrong_kind(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    root = coco(tmp_path / "set", ["a.jpg"], [], **changes)
    with pytest.raises(DatasetError, match=message):
        open_detection("coco", root)
    findings = check_detection(DETECTION["coco"], root)
    fix_detection(findings, tmp_path / "mended")
    assert check_detection(DETECTION["coco"], tmp_path / "mended").faults == ()


def test_json_that_is_nested_without_end(tmp_path: Path) -> None:
    root = coco(tmp_path, ["a.jpg"], [])
    (root / "annotations" / "instances_default.json").write_text('{"images": ' + "[" * 200_000)
    with pytest.raises(DatasetError, match="the file is cut off or damaged"):
        open_detection("coco", root)


def test_numbers_in_letters_and_numbers_that_are_none(tmp_path: Path) -> None:
    rows = [coco_row(1, iscrowd="0", area=float("nan")), coco_row(2, iscrowd="1", box=(0, 0, 4, 4), area=-1)]
    image = open_detection("coco", coco(tmp_path, ["a.jpg"], rows)).images[0]
    assert image.is_crowd.tolist() == [False, True]
    assert image.areas is None, "the boxes' own count"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: {first: cat}\ntrain: images\n", "names are numbered first; number them 0, 1, 2"),
        ("names: {0: cat, 2: dog}\ntrain: images\n", "names are numbered 0, 2; number them"),
        ("names: [cat]\ntrain: 2001-99-99\n", "cannot be read as YAML"),
        (f"names: [cat]\ntrain: {'x' * 300}\n", r"'x{40}…' is the name of no file"),
        (f"path: {'x' * 300}\nnames: [cat]\ntrain: nowhere\n", r"'x{40}…' is the name of no file"),
    ],
)
def test_yaml_of_the_wrong_kind(text: str, message: str, tmp_path: Path) -> None:
    yolo(tmp_path, {"a": "0 .5 .5 .5 .5"})
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_detection("yolo", tmp_path)


def test_a_base_folder_whose_name_is_too_long_is_one_that_is_not_there(tmp_path: Path) -> None:
    yolo(tmp_path, {"a": "0 .5 .5 .5 .5"})
    (tmp_path / "data.yaml").write_text(f"path: {'x' * 300}\nnames: [cat]\ntrain: images\n")
    assert len(open_detection("yolo", tmp_path)) == 1


def test_a_picture_whose_name_leaves_no_room_for_labels_has_none(tmp_path: Path) -> None:
    root = yolo(tmp_path, {"a": "0 .5 .5 .5 .5"})
    (root / "train.txt").write_text(f"images/a.jpg\nimages/{'x' * 252}\n")
    (root / "data.yaml").write_text("names: [cat]\ntrain: train.txt\n")
    faults = check_detection(DETECTION["yolo"], root).faults
    assert "missing_picture" in {fault.kind for fault in faults}


def test_lists_that_name_some_of_many(tmp_path: Path) -> None:
    root = yolo(tmp_path, dict.fromkeys("abc", "0 .5 .5 .5 .5\n"))
    (root / "train.txt").write_text("./images/a.jpg\n")
    (root / "data.yaml").write_text("names: [cat]\ntrain: train.txt\n")
    shutil.copy(root / "labels" / "a.txt", root / "labels" / "alone.txt")
    (fault,) = check_detection(DETECTION["yolo"], root).faults
    assert (fault.kind, fault.file.name) == ("missing_picture", "alone.txt"), "b and c have pictures"


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a.jpg")
    table = tmp_path / "train-annotations-bbox.csv"
    table.write_text("ImageID,LabelName,XMin,XMax,YMin,YMax\r\n\r\na,cat,0,.5,0,.5\r\na,cat\r\n")
    with pytest.raises(DatasetError, match="line 4: '' is no number"):
        open_detection("open_images", tmp_path)
    names = tmp_path / "class-descriptions-boxable.csv"
    for content in (b"\xff\xfe", b"a,b\n" + b"x" * 200_000 + b",c\n"):
        names.write_bytes(content)
        with pytest.raises(DatasetError, match=r"class-descriptions-boxable\.csv: cannot be read as a table"):
            open_detection("open_images", tmp_path)
    names.unlink()
    # what is no table of boxes does not matter
    (tmp_path / "other.csv").write_bytes(b"x" * 200_000)
    (tmp_path / "folder.csv").mkdir()
    table.write_text("ImageID,LabelName,XMin,XMax,YMin,YMax\na,cat,0,.5,0,.5\n")
    dataset = open_detection("open_images", tmp_path)
    np.testing.assert_array_equal(dataset.images[0].boxes, [[0, 0, 32, 24]])


@pytest.mark.parametrize("form", WRITTEN)
def test_a_picture_that_is_none_is_not_converted(form: str, tmp_path: Path) -> None:
    root = voc(tmp_path / "set", {"a": GOOD})
    (root / "JPEGImages" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"a\.jpg: cannot be read \(no picture\); saccade data check"):
        convert_detection(DETECTION["voc"], root, DETECTION[form], tmp_path / "new")
