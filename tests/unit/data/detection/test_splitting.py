"""Splits: every class on every side, nothing on two, the same each time, and no picture moved."""

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from saccade.core import ConfigError, DatasetError
from saccade.data.detection import DETECTION, open_detection
from saccade.data.detection.check import check_detection, unique_images
from saccade.data.detection.converting import read_sound
from saccade.data.detection.copying import Copier
from saccade.data.detection.splitting import divide, parts_of, shares_of, write_lists
from tests.unit.data.detection.sets import coco, coco_row, voc, yolo


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0.8, None, None), {"train": 0.8, "val": 0.2}),
        ((0.8, 0.1, None), {"train": 0.8, "val": 0.1, "test": 0.1}),
        ((0.8, None, 0.2), {"train": 0.8, "test": 0.2}),
        ((0.7, 0.2, 0.1), {"train": 0.7, "val": 0.2, "test": 0.1}),
    ],
)
def test_what_is_not_given_is_the_rest(given: tuple[float, ...], expected: dict[str, float]) -> None:
    assert shares_of(*given) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0.8, 0.3, None), "the shares sum to 1.1; expected 1 at most"),
        ((0.5, 0.2, 0.2), "the shares sum to 0.9; expected 1 where all three are given"),
        ((80.0, None, None), "--train 80: expected a share above 0"),
        ((0.8, 0.0, None), "--val 0: expected a share above 0"),
    ],
)
def test_shares_that_cannot_be(given: tuple[float, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        shares_of(*given)


def test_bccd_is_divided_by_class_and_without_leaks(shared_data: Path) -> None:
    root = shared_data / "det" / "BCCD"
    images = unique_images(read_sound(DETECTION["voc"], root))
    shares = {"train": 0.7, "val": 0.2, "test": 0.1}
    divided = divide(images, shares, 1)
    names = {part: [image.name for image in chosen] for part, chosen in divided.items()}
    assert sum(map(len, names.values())) == len(set().union(*names.values())) == 292
    whole = Counter(each.name for image in images for each in image.objects)
    for part, share in shares.items():
        assert len(names[part]) == pytest.approx(292 * share, abs=3)
        counts = Counter(each.name for image in divided[part] for each in image.objects)
        for name, count in whole.items():
            assert counts[name] / count == pytest.approx(share, abs=0.04), (part, name)
    alike = {"BloodImage_00037", "BloodImage_00038"}
    assert any(alike <= set(chosen) for chosen in names.values()), "they show the same"
    again = divide(images, shares, 1)
    assert {part: [image.name for image in chosen] for part, chosen in again.items()} == names
    other = divide(images, shares, 2)
    assert {image.name for image in other["test"]} != set(names["test"])


def few(root: Path) -> Path:
    """Twelve pictures, two of a rare class, three without boxes, and a copy of one."""
    images = {f"p{number:02d}": [("cat", 3, 3, 20, 30)] for number in range(12)}
    images["p03"] = images["p07"] = [("newt", 3, 3, 20, 30)]
    images["p04"] = images["p05"] = images["p06"] = []
    voc(root, images)
    with Image.open(root / "JPEGImages" / "p03.jpg") as image:
        image.resize((128, 96)).save(root / "JPEGImages" / "p12.png")
    text = (root / "Annotations" / "p04.xml").read_text()
    (root / "Annotations" / "p12.xml").write_text(
        text.replace("p04.jpg", "p12.png").replace("64", "128").replace("48", "96")
    )
    return root


@pytest.mark.parametrize("seed", range(5))
def test_rare_classes_and_pictures_without_boxes_are_shared_out(seed: int, tmp_path: Path) -> None:
    images = unique_images(read_sound(DETECTION["voc"], few(tmp_path)))
    divided = divide(images, {"train": 0.5, "val": 0.5}, seed)
    for chosen in divided.values():
        assert sum(any(each.name == "newt" for each in image.objects) for image in chosen) == 1
        assert 6 <= len(chosen) <= 7
        assert sum(not image.objects for image in chosen) >= 1
    sides = {image.name: part for part, chosen in divided.items() for image in chosen}
    assert sides["p03"] == sides["p12"], "a copy stays with its picture"


def test_more_parts_than_pictures(tmp_path: Path) -> None:
    images = unique_images(read_sound(DETECTION["voc"], voc(tmp_path, {"a": []})))
    with pytest.raises(DatasetError, match="1 pictures cannot be divided into 2 parts"):
        divide(images, {"train": 0.5, "val": 0.5}, 0)


def laid(form: str, root: Path) -> Path:
    names = [f"p{number}" for number in range(6)]
    if form == "voc":
        return voc(root, {name: [("cat", 3, 3, 20, 30)] for name in names})
    if form == "yolo":
        return yolo(root, dict.fromkeys(names, "1 0.5 0.5 0.25 0.5\n"))
    rows = [coco_row(number, number, 3, segmentation=[[1, 2, 3, 4, 5, 6]]) for number in range(1, 7)]
    return coco(root, [f"{name}.jpg" for name in names], rows)


@pytest.mark.parametrize("form", ["voc", "yolo", "coco"])
def test_lists_lie_beside_the_data(form: str, tmp_path: Path) -> None:
    root = laid(form, tmp_path / "set")
    before = {path for path in root.rglob("*") if path.is_file()}
    splits = read_sound(DETECTION[form], root)
    whole = open_detection(form, root)
    parts = parts_of(splits, divide(unique_images(splits), {"train": 0.5, "val": 0.5}, 0))
    written = write_lists(parts, root)
    assert {path for path in root.rglob("*") if path.is_file()} == before | set(written)
    found = [open_detection(form, root, split) for split in ("train", "val")]
    assert sorted(image.name for each in found for image in each.images) == sorted(
        i.name for i in whole.images
    )
    for dataset in found:
        assert dataset.classes == whole.classes
        assert all(len(image) == 1 for image in dataset.images)
    assert check_detection(DETECTION[form], root).faults == ()
    with pytest.raises(
        DatasetError, match="is there already, and nothing is written over; name a new folder"
    ):
        write_lists(parts, root)


@pytest.mark.parametrize("form", [form.name for form in DETECTION.values() if form.is_written])
def test_a_new_data_set_has_the_parts(form: str, tmp_path: Path) -> None:
    splits = read_sound(DETECTION["voc"], few(tmp_path / "set"))
    parts = parts_of(splits, divide(unique_images(splits), {"train": 0.5, "val": 0.25, "test": 0.25}, 0))
    assert DETECTION[form].write(parts, tmp_path / "new", Copier()) == []
    for part in parts:
        dataset = open_detection(form, tmp_path / "new", part.split)
        assert {image.name for image in dataset.images} == {image.name for image in part.images}
        assert sum(map(len, dataset.images)) == sum(len(image.objects) for image in part.images)
    findings = check_detection(DETECTION[form], tmp_path / "new")
    assert findings.faults == ()


def test_a_table_has_no_lists(tmp_path: Path) -> None:
    splits = read_sound(DETECTION["voc"], few(tmp_path / "set"))
    DETECTION["open_images"].write(splits, tmp_path / "table", Copier())
    table = read_sound(DETECTION["open_images"], tmp_path / "table")
    with pytest.raises(DatasetError, match="name a new folder by --out"):
        write_lists(parts_of(table, {"train": table[0].images}), tmp_path / "table")
