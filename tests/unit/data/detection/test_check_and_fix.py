"""Every fault is found once, with file and object; the mended copy has none; nothing else is changed."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError, OutputError
from saccade.data.detection import DETECTION, open_detection
from saccade.data.detection.check import Findings, check_detection
from saccade.data.detection.fix import Change, fix_detection, mend_box
from saccade.data.detection.sheet import write_sheet
from tests.unit.data.detection.sets import coco, coco_row, picture, voc, voc_xml, yolo

CATS = [("cat", 3, 3, 20, 30)]


def check(form: str, root: Path, split: str | None = None) -> Findings:
    return check_detection(DETECTION[form], root, split)


def kinds(findings: Findings) -> Counter[str]:
    return Counter(fault.kind for fault in findings.faults)


def content_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def mend(findings: Findings, out: Path) -> tuple[list[Change], Findings]:
    """The changes, and what is found in the copy; the data set stays as it is."""
    before = content_of(findings.root)
    changes = fix_detection(findings, out)
    assert content_of(findings.root) == before
    return changes, check(findings.form.name, out)


def bad_voc(root: Path) -> Path:
    """VOC with each fault that its files can have."""
    wrong = [
        *CATS,
        ("cat", 30, 30, 10, 40),
        ("cat", 40, 30, 70, 40),
        ("cat", 80, 30, 90, 40),
        ("cat", 5, 5, 5, 5),
        ("cat", 10, 10, 10, 9),
        *CATS,
        ("Cat", 9, 9, 20, 20),
        ("cat", "x", 1, 2, 2),
    ]
    voc(root, {"a": wrong, "b": CATS, "c": [], "d": CATS, "e": CATS, "f": CATS, "g": CATS})
    pictures, xml = root / "JPEGImages", root / "Annotations"
    (pictures / "d.jpg").unlink()
    (pictures / "e.jpg").write_bytes((pictures / "a.jpg").read_bytes()[:-200])
    (xml / "f.xml").write_text(voc_xml(CATS, size_wh=(63, 48)))
    (xml / "g.xml").write_text("<annotation>")
    picture(pictures / "h.jpg", "h")
    (pictures / "i.jpg").write_bytes((pictures / "b.jpg").read_bytes())
    (xml / "i.xml").write_text(voc_xml(CATS, "i.jpg"))
    return root


def test_every_fault_of_voc_is_found_and_mended(tmp_path: Path) -> None:
    root = bad_voc(tmp_path / "bad")
    findings = check("voc", root)
    assert kinds(findings) == {
        "swapped": 1,
        "beyond": 1,
        "outside": 1,
        "point": 1,
        "no_area": 1,
        "duplicate_box": 1,
        "class_name": 1,
        "coordinates": 1,
        "missing_picture": 1,
        "unreadable_picture": 1,
        "size": 1,
        "unreadable": 1,
        "unannotated": 1,
        "duplicate_picture": 1,
    }
    assert all(fault.reason and fault.remedy and fault.file.exists() for fault in findings.faults)
    numbers = {f.kind: f.number for f in findings.faults if f.file.name == "a.xml"}
    assert numbers == {
        "swapped": 2, "beyond": 3, "outside": 4, "point": 5, "no_area": 6, "duplicate_box": 7,
        "class_name": 8, "coordinates": 9,
    }  # fmt: skip
    changes, mended = mend(findings, tmp_path / "good")
    assert (mended.faults, mended.remarks) == ((), ())
    assert [image.name for image in mended.images] == ["a", "b", "c"]
    assert [tuple(map(float, each.box)) for each in mended.images[0].objects] == [
        (2, 2, 20, 30),
        (10, 29, 29, 40),
        (39, 29, 64, 40),
        (8, 8, 20, 20),
    ]
    said = "\n".join(f"{change.file.name} {change.place} {change.change}" for change in changes)
    for line in (
        "a.xml object 2 corners of (29, 29, 10, 40) were exchanged: 'cat'",
        "a.xml object 3 (39, 29, 70, 40) was clipped to (39, 29, 64, 40): 'cat'",
        "a.xml object 4 left out: (79, 29, 90, 40) is outside of the picture: 'cat'",
        "a.xml object 5 left out: (4, 4, 5, 5) is a single pixel: 'cat'",
        "a.xml object 6 left out: (9, 9, 10, 9) has no area: 'cat'",
        "a.xml object 7 left out: 'cat' was there twice",
        "a.xml object 8 class 'Cat' became 'cat'",
        "a.xml object 9 left out: of 'cat' 'x' is no number",
        "e.jpg  left out, with its boxes: cannot be read (",
        "f.xml  left out, with its boxes: says 63x48, but its picture",
        "i.jpg  left out, with its boxes: is the same file as",
    ):
        assert line in said, line


def test_a_sound_set_has_no_fault_and_its_copy_is_the_same(tmp_path: Path) -> None:
    root = voc(tmp_path / "good", {"a": CATS, "b": []}, {"train": ["a"], "val": ["b"]})
    findings = check("voc", root)
    assert (findings.faults, findings.remarks) == ((), ())
    assert "1 of 2 pictures has no box, first" in findings.notes[0]
    assert findings.counts == {"cat": 1}
    changes, mended = mend(findings, tmp_path / "copy")
    assert changes == [] and mended.faults == ()
    same = [name for name in content_of(root) if name.startswith("JPEGImages")]
    assert [content_of(root)[name] for name in same] == [content_of(tmp_path / "copy")[name] for name in same]


def test_every_fault_of_coco_is_found_and_mended(tmp_path: Path) -> None:
    outline = [[2, 3, 22, 3, 22, 13]]
    rows = [
        coco_row(11, segmentation=outline),
        coco_row(12, image=9),
        coco_row(13, category=9),
        coco_row(14, box=[1, 2, 3]),
        coco_row(15, 2, box=[-4, 2, 30, 10]),
        coco_row(16, 2, box=[4, 2, 0, 10]),
    ]
    categories = [{"id": 7, "name": "cat"}, {"id": 1, "name": "Cat"}, {"id": 2, "name": "dog"}]
    root = coco(tmp_path / "bad", ["a.jpg", "b.jpg"], rows, categories=categories)
    picture(root / "images" / "c.jpg", "c")
    findings = check("coco", root)
    assert kinds(findings) == {
        "dangling": 2,
        "coordinates": 1,
        "beyond": 1,
        "no_area": 1,
        "unannotated": 1,
        "class_name": 1,
    }
    places = [fault.place for fault in findings.faults if fault.kind == "dangling"]
    assert places == ["annotation 12", "annotation 13"]
    _, mended = mend(findings, tmp_path / "good")
    assert mended.faults == ()
    content = json.loads((tmp_path / "good" / "annotations" / "instances_default.json").read_text())
    assert [row["id"] for row in content["annotations"]] == [11, 15]
    assert content["annotations"][0]["segmentation"] == outline, "what is no box is kept"
    assert content["annotations"][1]["bbox"] == [0, 2, 26, 10]
    assert [row["name"] for row in content["categories"]] == ["Cat", "dog"]


def test_every_fault_of_yolo_is_found_and_mended(tmp_path: Path) -> None:
    lines = "0 0.5 0.5 0.25 0.5\n7 0.5 0.5 0.1 0.1\n0 90 90 9 9\n1 0.99 0.5 0.1 0.25\n0 0.5 0.5 0.25 0.5\n"
    root = yolo(tmp_path / "bad", {"a": lines, "b": None, "c": "0 0.5 0.5 0 0.5\n"})
    findings = check("yolo", root)
    assert kinds(findings) == {"class": 1, "coordinates": 1, "beyond": 1, "duplicate_box": 1, "no_area": 1}
    _, mended = mend(findings, tmp_path / "good")
    assert mended.faults == ()
    assert (tmp_path / "good" / "labels" / "a.txt").read_text() == (
        "0 0.50000000 0.50000000 0.25000000 0.50000000\n1 0.97000000 0.50000000 0.06000000 0.25000000\n"
    )
    assert (tmp_path / "good" / "labels" / "c.txt").read_text() == ""


def test_what_saccade_copes_with_is_remarked_and_made_plain(tmp_path: Path) -> None:
    root = voc(tmp_path / "odd", {"a": CATS, "b": CATS, "c": CATS, "d": CATS})
    pictures = root / "JPEGImages"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(pictures / "a.jpg", "a", exif=exif)
    with Image.open(pictures / "b.jpg") as plain:
        plain.convert("CMYK").save(pictures / "b.jpg")
    (pictures / "c.jpg").unlink()
    deep = np.random.default_rng(0).integers(0, 65536, (48, 64)).astype(np.uint16)
    Image.fromarray(deep).save(pictures / "c.png")
    (root / "Annotations" / "d.xml").write_text(voc_xml([("cat", 3.5, 3, 20, 30)], "older.jpg"))
    findings = check("voc", root)
    assert findings.faults == ()
    assert [(remark.kind, remark.file.name) for remark in findings.remarks] == [
        ("stem", "d.xml"),
        ("floats", "d.xml"),
        ("exif", "a.jpg"),
        ("cmyk", "b.jpg"),
        ("deep", "c.png"),
    ]
    assert findings.remarks[2].reason.endswith("its boxes are taken as it lies in the file")
    _, mended = mend(findings, tmp_path / "plain")
    assert [remark.kind for remark in mended.remarks] == ["deep"]
    for image in open_detection("voc", tmp_path / "plain").images:
        assert image.size_wh == (64, 48), "the boxes were drawn on the picture as it lies in the file"


@pytest.mark.parametrize("is_other_file", [False, True])
def test_leaks_between_splits_are_found_and_taken_out_of_training(
    is_other_file: bool, tmp_path: Path
) -> None:
    images: dict[str, Any] = {"a": CATS, "b": CATS, "c": CATS}
    lists = {"train": ["a", "b"], "val": ["c"], "trainval": ["a", "b", "c"]}
    if not is_other_file:
        lists["val"] = ["c", "b"]
    root = voc(tmp_path / "leaky", images, lists)
    if is_other_file:
        with Image.open(root / "JPEGImages" / "b.jpg") as image:
            image.resize((128, 96)).save(root / "JPEGImages" / "c.jpg", quality=70)
        (root / "Annotations" / "c.xml").write_text(voc_xml(CATS, size_wh=(128, 96)))
    findings = check("voc", root)
    (leak,) = findings.faults
    assert leak.kind == "leak"
    assert "in split train" in leak.reason and "in val" in leak.reason
    _, mended = mend(findings, tmp_path / "tight")
    assert mended.faults == ()
    names = {split.split: [image.name for image in split.images] for split in mended.splits}
    assert names["train"] == ["a"] and "c" in names["val"]
    assert ("b" in names["val"]) is not is_other_file


def test_lists_of_classes_that_differ_between_splits(tmp_path: Path) -> None:
    coco(tmp_path, ["a.jpg"], [coco_row(1)])
    file = tmp_path / "annotations" / "instances_default.json"
    content = json.loads(file.read_text())
    (tmp_path / "annotations" / "instances_train.json").write_text(json.dumps(content))
    file.unlink()
    content["categories"].append({"id": 5, "name": "newt"})
    content["images"][0]["file_name"] = "b.jpg"
    picture(tmp_path / "images" / "b.jpg", "b")
    (tmp_path / "annotations" / "instances_val.json").write_text(json.dumps(content))
    (fault,) = check("coco", tmp_path).faults
    assert fault.kind == "class"
    assert fault.reason == "splits train and val list other classes: cat, dog; and cat, dog, newt"


def test_a_class_that_is_not_listed_joins_the_list(tmp_path: Path) -> None:
    root = voc(tmp_path / "bad", {"a": [*CATS, ("newt", 1, 1, 9, 9), ("CAT", 5, 5, 9, 9)]})
    (root / "classes.txt").write_text("cat\n")
    findings = check("voc", root)
    assert [(fault.kind, fault.number) for fault in findings.faults] == [("class", 2), ("class_name", 3)]
    changes, mended = mend(findings, tmp_path / "good")
    assert mended.faults == ()
    assert [change.change for change in changes] == [
        "class 'newt' was added to the list",
        "class 'CAT' became 'cat'",
    ]
    assert open_detection("voc", tmp_path / "good").classes == ("cat", "newt")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1.0, 2.0, 30.0, 40.0), (1, 2, 30, 40)),
        ((30.0, 40.0, 1.0, 2.0), (1, 2, 30, 40)),
        ((-5.0, 2.0, 64.25, 40.0), (0, 2, 64, 40)),
        ((0.0, 2.0, 64.25, 40.0), (0, 2, 64.25, 40)),
        ((5.0, 2.0, 5.0, 40.0), None),
        ((64.0, 2.0, 80.0, 40.0), None),
        ((63.25, 2.0, 80.0, 3.0), None),
    ],
)
def test_mended_boxes(box: Any, expected: Any) -> None:
    mended, said = mend_box(box, (64, 48))
    assert mended == expected
    assert bool(said) == (mended != box)


def test_the_sheet_shows_the_faulty_boxes_in_red(tmp_path: Path) -> None:
    findings = check("voc", bad_voc(tmp_path / "bad"))
    assert write_sheet(findings, tmp_path / "out" / "sheet.png") == 7
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[0] > 700 and pixels.shape[1] > 1500
    for color in ((0xE5, 0x00, 0x2B), (0x21, 0xB0, 0x4B)):
        assert (pixels == color).all(axis=2).sum() > 100
    sound = check("voc", voc(tmp_path / "good", {"a": CATS}))
    assert write_sheet(sound, tmp_path / "none.png") == 0
    assert not (tmp_path / "none.png").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    findings = check("voc", voc(tmp_path / "set", {"a": CATS}))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="a file is in the way"):
        fix_detection(findings, tmp_path / "file" / "copy")


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no XML file where VOC has them"):
        check("voc", tmp_path)
