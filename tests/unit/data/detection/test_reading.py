"""Readers: what each form may look like, and every fault refused with file, object and remedy."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data.detection import DetectionDataset, open_detection, recognise
from tests.unit.data.detection import sets
from tests.unit.data.detection.sets import coco, coco_row, picture, voc, voc_xml, yolo

GOOD = [("cat", 1, 1, 20, 10)]


def boxes_of(dataset: DetectionDataset, place: int = 0) -> list[list[float]]:
    return np.asarray(dataset.images[place].boxes, float).round(4).tolist()


@pytest.mark.parametrize(
    ("written", "edges", "says"),
    [
        pytest.param((1, 1, 64, 48), [0, 0, 64, 48], "", id="1-based, both ends belong to it"),
        pytest.param((0, 3, 20, 10), [0, 3, 20, 10], "a 0 among xmin and ymin", id="a 0 tells of edges"),
        pytest.param((5, 0.0, 20, 10), [5, 0, 20, 10], "a 0 among xmin and ymin", id="so does 0.0"),
        pytest.param((3.5, 3.0, 20.25, 10.5), [3.5, 3, 20.25, 10.5], "decimal point", id="all with a point"),
        pytest.param((3.5, 3, 20.5, 10), [2.5, 2, 20.5, 10], "", id="some with a point are VOC's own"),
    ],
)
def test_how_voc_counts_pixels(
    written: tuple[float, ...], edges: list[float], says: str, tmp_path: Path
) -> None:
    dataset = open_detection("voc", voc(tmp_path, {"a": [("cat", *written)]}))
    assert boxes_of(dataset) == [edges]
    assert says in " ".join(dataset.notes)


def test_how_pixels_are_counted_does_not_hang_on_the_split(tmp_path: Path) -> None:
    lists = {"train": ["a"], "val": ["b"]}
    voc(tmp_path, {"a": [("ibex", 0, 4, 20, 10)], "b": [("newt", 5, 5, 20, 10)]}, lists)
    val = open_detection("voc", tmp_path, "val")
    assert boxes_of(val) == [[5, 5, 20, 10]]
    assert val.classes == ("ibex", "newt"), "nor do the classes"


@pytest.mark.parametrize(
    ("classes_txt", "names", "expected"),
    [
        ("dog\ncat\n", ["cat"], ("dog", "cat")),
        (None, ["cat", "person"], None),
        (None, ["wombat", "cat"], ("cat", "wombat")),
    ],
)
def test_where_the_classes_come_from(
    classes_txt: str | None, names: list[str], expected: tuple[str, ...] | None, tmp_path: Path
) -> None:
    voc(tmp_path, {"a": [(name, 1, 1, 20, 10) for name in names]})
    if classes_txt is not None:
        (tmp_path / "classes.txt").write_text(classes_txt)
    dataset = open_detection("voc", tmp_path)
    assert (len(dataset.classes) == 20) if expected is None else (dataset.classes == expected)
    told = [note for note in dataset.notes if note.startswith("no list of classes")]
    assert bool(told) == (names[0] == "wombat"), "what nobody listed is said"
    assert dataset.images[0].labels.tolist() == [dataset.classes.index(name) for name in names]


def test_classes_that_are_given_name_all_that_is_there(tmp_path: Path) -> None:
    voc(tmp_path, {"a": GOOD, "b": [("dog", 1, 1, 20, 10)]})
    with pytest.raises(
        DatasetError, match=r"b.xml, object 1: 'dog' is none of the classes given \(cat\); .* add it"
    ):
        open_detection("voc", tmp_path, classes=["cat"])


@pytest.mark.parametrize("word", ["yes", "Off", "null"])
def test_names_that_yaml_reads_as_something_else_are_refused(word: str, tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.jpg")
    (tmp_path / "data.yaml").write_text(f"names: [cat, {word}]\ntrain: images\n")
    with pytest.raises(DatasetError, match="put it in quotes"):
        open_detection("yolo", tmp_path)
    (tmp_path / "data.yaml").write_text(f"names: [cat, '{word}']\ntrain: images\n")
    assert open_detection("yolo", tmp_path).classes == ("cat", word)


def test_flags_are_kept(tmp_path: Path) -> None:
    voc(tmp_path / "voc", {})
    picture(tmp_path / "voc" / "JPEGImages" / "a.jpg")
    (tmp_path / "voc" / "Annotations" / "a.xml").write_text(voc_xml(GOOD, difficult=1))
    assert open_detection("voc", tmp_path / "voc").images[0].is_difficult.tolist() == [True]
    rows = [coco_row(7, iscrowd=1, area=12.5), coco_row(8, ignore=1, box=(0, 0, 4, 4))]
    image = open_detection("coco", coco(tmp_path / "coco", ["a.jpg"], rows)).images[0]
    assert (image.is_crowd.tolist(), image.is_difficult.tolist()) == ([True, False], [False, True])
    assert image.areas is not None and image.areas.tolist() == [12.5, 16.0]


def test_pictures_without_boxes_are_as_good_as_others(tmp_path: Path) -> None:
    opened = [
        open_detection("voc", voc(tmp_path / "voc", {"a": [], "b": GOOD})),
        open_detection("coco", coco(tmp_path / "coco", ["a.jpg", "b.jpg"], [coco_row(1, 2)])),
        open_detection("yolo", yolo(tmp_path / "yolo", {"a": "", "b": "0 0.5 0.5 0.2 0.2", "c": None})),
        open_detection("open_images", open_images(tmp_path / "oi", ["b,cat,0.1,0.4,0.2,0.6,0"])),
    ]
    for dataset in opened:
        for image in dataset.images:
            assert image.boxes.shape == (len(image), 4) and image.boxes.dtype == np.float32
        assert [len(image) for image in dataset.images][:2] == [0, 1]
    assert len(opened[2]) == 3, "no text file means no box"


def open_images(root: Path, rows: list[str], names: tuple[str, ...] = ("a", "b")) -> Path:
    for name in names:
        picture(root / "validation" / f"{name}.jpg", name)
    head = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf"
    (root / "validation-annotations-bbox.csv").write_text("\n".join([head, *rows]) + "\n")
    return root


def test_open_images_as_its_authors_lay_it_out(tmp_path: Path) -> None:
    open_images(tmp_path, ["b,/m/01yrx,0.25,0.5,0.5,1,1", "z,/m/01yrx,0,1,0,1,0"])
    (tmp_path / "class-descriptions-boxable.csv").write_text("/m/0bt9lr,Dog\n/m/01yrx,Cat\n")
    head = "ImageID,Source,LabelName,Confidence"
    rows = ["b,verification,/m/01yrx,1", "b,verification,/m/0bt9lr,0"]
    (tmp_path / "validation-annotations-human-imagelabels-boxable.csv").write_text("\n".join([head, *rows]))
    dataset = open_detection(None, tmp_path, "val")
    assert (dataset.classes, dataset.split) == (("Dog", "Cat"), "validation")
    assert boxes_of(dataset, 1) == [[16, 24, 32, 48]]
    assert dataset.images[1].is_crowd.tolist() == [True]
    verified = dataset.images[1].verified
    assert verified is not None and verified.tolist() == [1, 0]
    assert dataset.images[0].verified is None
    assert any(
        "boxes of 1 pictures that are not there, left out: 1, first z" in note for note in dataset.notes
    )


def roboflow_voc(root: Path) -> Path:
    for split in ("train", "valid"):
        picture(root / split / f"{split}.jpg", split)
        (root / split / f"{split}.xml").write_text(voc_xml(GOOD, f"{split}.jpg"))
    return root


def roboflow_coco(root: Path) -> Path:
    for split in ("train", "valid"):
        coco(root / split, [f"{split}.jpg"], [coco_row(0, category=2)])
        file = root / split / "annotations" / "instances_default.json"
        content = json.loads(file.read_text())
        content["categories"] = [
            {"id": 0, "name": "pets", "supercategory": "none"},
            {"id": 1, "name": "cat", "supercategory": "pets"},
            {"id": 2, "name": "dog", "supercategory": "pets"},
        ]
        (root / split / "_annotations.coco.json").write_text(json.dumps(content))
        file.unlink()
    return root


def roboflow_yolo(root: Path) -> Path:
    for split in ("train", "valid"):
        yolo(root / split, {split: "1 0.5 0.5 0.5 0.5\n"})
        (root / split / "classes.txt").unlink()
    text = "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n"
    (root / "data.yaml").write_text(text)
    return root


@pytest.mark.parametrize(
    ("lay", "form", "classes"),
    [
        (roboflow_voc, "voc", 20),
        (roboflow_coco, "coco", 2),
        (roboflow_yolo, "yolo", 2),
    ],
)
def test_folders_that_are_splits(
    lay: Callable[[Path], Path], form: str, classes: int, tmp_path: Path
) -> None:
    root = lay(tmp_path)
    assert recognise(root).name == form
    for split, name in (("train", "train"), ("val", "valid"), ("valid", "valid")):
        dataset = open_detection(None, root, split)
        assert [image.name for image in dataset.images] == [name]
        assert (len(dataset.classes), len(dataset.images[0])) == (classes, 1)
    with pytest.raises(DatasetError, match="name one by --split"):
        open_detection(None, root)
    with pytest.raises(DatasetError, match="has no split 'trian'; did you mean 'train'"):
        open_detection(None, root, "trian")


@pytest.mark.parametrize(
    "names",
    ["names: {0: cat, 1: dog}", "names: [cat, dog]", "names:\n- cat\n- dog"],
)
def test_ultralytics_yaml(names: str, tmp_path: Path) -> None:
    for split in ("train2", "val2"):
        picture(tmp_path / "sub" / "images" / split / f"{split}.jpg", split)
        labels = tmp_path / "sub" / "labels" / split
        labels.mkdir(parents=True)
        (labels / f"{split}.txt").write_text("1 0.5 0.5 0.25 0.5\n0 0.1 0.2 0.4 0.2 0.3 0.6\n")
    (tmp_path / "pets.yaml").write_text(f"path: sub\ntrain: images/train2\nval: lists/val.txt\n{names}\n")
    (tmp_path / "sub" / "lists").mkdir()
    (tmp_path / "sub" / "lists" / "val.txt").write_text("images/val2/val2.jpg\n")
    for root in (tmp_path, tmp_path / "pets.yaml"):
        for split in ("train", "val"):
            dataset = open_detection(None, root, split)
            assert dataset.classes == ("cat", "dog")
            assert boxes_of(dataset) == [[24, 12, 40, 36], pytest.approx([6.4, 9.6, 25.6, 28.8])]
            assert dataset.images[0].labels.tolist() == [1, 0], "an outline is the box around it"


def test_coco_ids_may_begin_anywhere_and_have_gaps(tmp_path: Path) -> None:
    rows = [coco_row(0, 0, 90), coco_row(1, 10**11, 0)]
    images = [{"id": 0, "file_name": "sub/a.jpg"}, {"id": 10**11, "file_name": "C:\\old\\b.jpg"}]
    categories = [{"id": 90, "name": "brush"}, {"id": 0, "name": "person"}]
    root = coco(tmp_path, ["sub/a.jpg", "b.jpg"], rows, images=images, categories=categories)
    dataset = open_detection("coco", root)
    assert (dataset.classes, dataset.category_ids) == (("person", "brush"), (0, 90))
    assert [image.id for image in dataset.images] == [0, 10**11]
    assert [image.labels.tolist() for image in dataset.images] == [[1], [0]]
    assert [image.file.name for image in dataset.images] == ["a.jpg", "b.jpg"]
    assert open_detection("coco", root, classes=["brush", "person", "cat"]).category_ids is None


@pytest.mark.parametrize(
    ("split", "names"), [("train", ["b", "a"]), ("test", ["c"]), (None, ["a", "b", "c"])]
)
def test_lists_of_voc(split: str | None, names: list[str], tmp_path: Path) -> None:
    lists = {"train": ["b", "a"], "test": ["c.jpg"], "cat_train": ["b  1", "a -1"]}
    root = voc(tmp_path, {"a": GOOD, "b": [], "c": GOOD}, lists)
    assert [image.name for image in open_detection("voc", root, split).images] == names
    with pytest.raises(DatasetError, match="there are: test, train"):
        open_detection("voc", root, "quux")


def with_object(xml: str) -> Callable[[Path], Any]:
    def lay(root: Path) -> None:
        voc(root, {"a": GOOD})
        (root / "Annotations" / "a.xml").write_text(xml)

    return lay


def with_box(*box: Any, name: str = "cat") -> Callable[[Path], Any]:
    return lambda root: voc(root, {"a": [*GOOD, (name, *box)]})


def with_row(**changes: Any) -> Callable[[Path], Any]:
    return lambda root: coco(root, ["a.jpg"], [coco_row(5) | changes])


def with_line(line: str) -> Callable[[Path], Any]:
    return lambda root: yolo(root, {"a": f"0 0.5 0.5 0.2 0.2\n{line}\n"})


def with_table(line: str) -> Callable[[Path], Any]:
    return lambda root: open_images(root, ["a,cat,0.1,0.4,0.2,0.6,0", line])


def without_picture(root: Path) -> None:
    (voc(root, {"a": GOOD}) / "JPEGImages" / "a.jpg").unlink()


def without_yolo_picture(root: Path) -> None:
    (yolo(root, {"a": "0 0.5 0.5 0.2 0.2", "b": ""}) / "images" / "a.jpg").unlink()


def with_broken_picture(root: Path) -> None:
    (yolo(root, {"a": "0 0.5 0.5 0.2 0.2"}) / "images" / "a.jpg").write_bytes(b"none")


def with_strange_class(root: Path) -> None:
    with_box(2, 2, 9, 9, name="cta")(root)
    (root / "classes.txt").write_text("dog\ncat\n")


FAULTS: list[tuple[str, Callable[[Path], Any], str]] = [
    ("x1 > x2", with_box(20, 5, 4, 9), r"a\.xml, object 2: 'cat' at \(19, 4, 4, 9\) has x1 > x2; exchange"),
    ("outside", with_box(70, 5, 80, 9), r"a\.xml, object 2: .* wholly outside of the picture, which is"),
    ("no number", with_box("five", 5, 8, 9), r"a\.xml, object 2: of 'cat' 'five' is no number"),
    ("not finite", with_box("nan", 5, 8, 9), r"a\.xml, object 2: of 'cat' 'nan' is not finite"),
    ("class not listed", with_strange_class, r"a\.xml, object 2: class 'cta' is not in the list"),
    ("class by case", with_box(2, 2, 9, 9, name="Cat "), r"object 2: class 'Cat ' .* written 'cat'"),
    ("no box", with_object("<annotation><object><name>cat</name></object></annotation>"),
     r"a\.xml, object 1: 'cat' has no <bndbox>; draw"),
    ("no name", with_object("<annotation><object/></annotation>"), r"a\.xml, object 1: has no <name>"),
    ("no XML", with_object("<annotation>"), r"a\.xml: no XML \(no element found: line 1"),
    ("other XML", with_object("<annotations/>"), r"a\.xml: is <annotations>, not <annotation> of VOC"),
    ("picture missing", without_picture, r"a\.xml: its picture .*a\.jpg is missing; put it there"),
    ("dangling image", with_row(image_id=9), r"default\.json, annotation 5: is of image 9, which is not in"),
    ("dangling category", with_row(category_id=9), r"annotation 5: is of category 9, which is not in"),
    ("no bbox", with_row(bbox=None), r"annotation 5: of 'cat' the bbox is None, not four numbers"),
    ("negative width", with_row(bbox=[9, 9, -4, 4]), r"annotation 5: 'cat' at \(9, 9, 5, 13\) has x1 > x2"),
    ("pixels for shares", with_line("0 20 20 10 10"), r"a\.txt, line 2: its values are not all between"),
    ("unknown label", with_line("7 0.5 0.5 0.1 0.1"), r"a\.txt, line 2: class 7 has no name: there are 2"),
    ("six values", with_line("0 0.5 0.5 0.1 0.1 0.9"), r"a\.txt, line 2: has 6 values, not class x y w h"),
    ("words", with_line("cat 0.5 0.5 0.1 0.1"), r"a\.txt, line 2: 'cat' is no number"),
    ("text without picture", without_yolo_picture, r"a\.txt: there is no picture of this name"),
    ("picture is none", with_broken_picture, r"a\.jpg: cannot be read as a picture; take it anew"),
    ("shares beyond", with_table("a,cat,5,9,5,9,0"), r"bbox\.csv, line 3: its sides are not all between"),
    ("sides swapped", with_table("a,cat,0.9,0.1,0.2,0.6,0"), r"bbox\.csv, line 3: 'cat' at .* has x1 > x2"),
]  # fmt: skip


@pytest.mark.parametrize(("lay", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_could_only_be_guessed_at_is_refused(
    lay: Callable[[Path], Any], message: str, tmp_path: Path
) -> None:
    lay(tmp_path)
    with pytest.raises(DatasetError) as caught:
        open_detection(None, tmp_path)
    said = str(caught.value)
    assert re.search(message, said), said
    assert f"saccade data check {tmp_path} --dataset" in said
    assert "--fix DIR writes a mended copy" in said


def test_a_list_names_what_is_not_annotated(tmp_path: Path) -> None:
    voc(tmp_path, {"a": GOOD}, {"all": ["a", "b", "a"]})
    with pytest.raises(DatasetError, match=r"all\.txt, line 2: there is no annotation of 'b'; write an XML"):
        open_detection("voc", tmp_path, "all")
    assert len(open_detection("voc", tmp_path)) == 1


@pytest.mark.parametrize(
    ("lay", "message"),
    [
        (lambda root: root.joinpath("x").mkdir(), "no annotations of boxes in it; expected voc: ROOT/Annot"),
        (
            lambda root: (voc(root, {"a": GOOD}), coco(root, ["a.jpg"], [])),
            "forms voc and coco; say which by",
        ),
        (lambda root: yolo(root, {"a": None}).joinpath("classes.txt").unlink(), "no name of any class"),
        (lambda root: yolo(root, {"a": ""}, "cat\ncat\n"), "class 'cat' stands there twice"),
    ],
)
def test_layouts_that_cannot_be_read(lay: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    lay(tmp_path)
    with pytest.raises(DatasetError, match=message):
        open_detection(None, tmp_path)


def test_the_end_of_a_json_file_is_missed(tmp_path: Path) -> None:
    file = coco(tmp_path, ["a.jpg"], [coco_row(1)]) / "annotations" / "instances_default.json"
    file.write_text(file.read_text()[:-30])
    with pytest.raises(
        DatasetError, match=r"not JSON, after 1 images and 1 annotations; the file is cut off"
    ):
        open_detection("coco", tmp_path)


def test_boxes_without_area_are_left_out_and_told(tmp_path: Path) -> None:
    root = coco(
        tmp_path, ["a.jpg"], [coco_row(1), coco_row(2, box=(5, 5, 0, 10)), coco_row(3, box=(5, 5, 9, 0))]
    )
    dataset = open_detection("coco", root)
    assert len(dataset.images[0]) == 1
    (note,) = dataset.notes
    assert note == (
        "boxes without area, left out: 2, first "
        f"{root / 'annotations' / 'instances_default.json'}, annotation 2"
    )


def test_boxes_beyond_the_picture_stay_as_they_are_and_are_told(tmp_path: Path) -> None:
    dataset = open_detection("voc", voc(tmp_path, {"a": [("cat", 5, 5, 70, 48)]}))
    assert boxes_of(dataset) == [[4, 4, 70, 48]]
    assert dataset.notes[0].startswith("boxes that reach beyond their pictures: 1, first ")


def test_names_differ(tmp_path: Path) -> None:
    rows = [coco_row(1), coco_row(2, 2)]
    root = coco(tmp_path, ["one/a.jpg", "two/a.jpg"], rows)
    assert [image.name for image in open_detection("coco", root).images] == ["one/a", "two/a"]
    (tmp_path / "annotations" / "instances_default.json").unlink()
    sets.coco(tmp_path / "b", ["a.jpg", "a.png"], rows)
    names = [image.name for image in open_detection("coco", tmp_path / "b").images]
    assert names == ["a.jpg", "a.png"]
