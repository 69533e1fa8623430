"""`saccade data` on detection sets, real ones and broken copies of them: check, mend, convert, split."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.cli import main
from saccade.data.detection import open_detection

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `saccade data … --json`; gives exit code, JSON, and what was said on standard error."""

    def call(*words: object) -> tuple[int, Any, str]:
        code = main(["data", *map(str, words), "--json"])
        output = capsys.readouterr()
        return code, json.loads(output.out) if output.out else None, output.err

    return call


@pytest.fixture
def few(shared_data: Path, tmp_path: Path) -> Path:
    """Eight pictures of BCCD, that may be changed."""
    source, root = shared_data / "det" / "BCCD", tmp_path / "few"
    names = (source / "ImageSets" / "Main" / "train.txt").read_text().split()[:8]
    (root / "Annotations").mkdir(parents=True)
    (root / "JPEGImages").mkdir()
    for place, name in enumerate(names):
        shutil.copyfile(source / "JPEGImages" / f"{name}.jpg", root / "JPEGImages" / f"{place}.jpg")
        text = (source / "Annotations" / f"{name}.xml").read_text()
        (root / "Annotations" / f"{place}.xml").write_text(text.replace(name, str(place)))
    return root


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_what_is_wrong_with_bccd(shared_data: Path, tmp_path: Path, run: Run) -> None:
    code, report, _ = run("check", shared_data / "det" / "BCCD", "--out", tmp_path)
    assert code == 2
    assert (report["dataset"], report["pictures"], report["objects"]) == ("voc", 292, 3943)
    assert report["classes"] == {"Platelets": 292, "RBC": 3350, "WBC": 301}
    assert report["splits"] == {"train": 205, "trainval": 292, "val": 87}
    found = [(fault["kind"], Path(fault["file"]).name, fault["object"]) for fault in report["faults"]]
    assert found == [
        ("point", "BloodImage_00338.xml", 13),
        ("point", "BloodImage_00343.xml", 4),
        ("leak", "BloodImage_00038.jpg", None),
    ]
    assert "BloodImage_00037.jpg" in report["faults"][2]["reason"]
    with (tmp_path / "faults.csv").open() as opened:
        assert [row["kind"] for row in csv.DictReader(opened)] == ["point", "point", "leak"]
    with Image.open(report["files"]["sheet"]) as sheet:
        assert sheet.size[0] > 1000


@pytest.mark.slow
def test_a_mended_copy_of_bccd_can_be_used(shared_data: Path, tmp_path: Path, run: Run) -> None:
    copy = tmp_path / "mended"
    words = ["--fix", copy, "--link", "--out", tmp_path / "out"]
    assert run("check", "voc", shared_data / "det" / "BCCD", *words)[0] == 2
    code, report, _ = run("check", copy, "--dataset", "voc")
    assert (code, report["faults"], report["objects"]) == (0, [], 3943 - 2 - 28)
    assert "files" in report and report["files"] == {}
    with (copy / "changes.csv").open() as opened:
        changes = [row["change"] for row in csv.DictReader(opened)]
    assert len(changes) == 3
    assert sum("is a single pixel" in change for change in changes) == 2
    assert len(open_detection("voc", copy, "train")) == 204, "it goes from training, and stays in val"


def test_doubles_among_the_raccoons(shared_data: Path, tmp_path: Path, run: Run) -> None:
    code, report, _ = run("check", shared_data / "det" / "raccoon", "--out", tmp_path)
    assert code == 2
    assert {fault["kind"] for fault in report["faults"]} == {"duplicate_picture"}
    pairs = [{Path(fault["file"]).stem, Path(fault["reason"].split()[-1]).stem} for fault in report["faults"]]
    for first, second in ((11, 116), (120, 83), (52, 74), (65, 98)):
        assert {f"raccoon-{first}", f"raccoon-{second}"} in pairs
    assert {remark["kind"] for remark in report["remarks"]} == {"near_duplicate"}


def no_object(root: Path) -> None:
    text = (root / "Annotations" / "0.xml").read_text()
    head = text.partition("<object>")[0]
    (root / "Annotations" / "0.xml").write_text(f"{head}</annotation>")


def floats(root: Path) -> None:
    edit(root / "Annotations" / "0.xml", "</xmin>", ".5</xmin>")


def swapped(root: Path) -> None:
    edit(root / "Annotations" / "0.xml", "<xmin>", "<xmin>9")


def strange_class(root: Path) -> None:
    (root / "classes.txt").write_text("RBC\nWBC\nPlatelets\n")
    edit(root / "Annotations" / "0.xml", "<name>RBC</name>", "<name>RBD</name>")


def missing(root: Path) -> None:
    (root / "JPEGImages" / "0.jpg").unlink()


def truncated(root: Path) -> None:
    file = root / "JPEGImages" / "0.jpg"
    file.write_bytes(file.read_bytes()[:5000])


def cmyk(root: Path) -> None:
    with Image.open(root / "JPEGImages" / "0.jpg") as image:
        image.convert("CMYK").save(root / "JPEGImages" / "0.jpg")


def deep(root: Path) -> None:
    with Image.open(root / "JPEGImages" / "0.jpg") as image:
        gray = np.asarray(image.convert("L")).astype(np.uint16) * 257
    (root / "JPEGImages" / "0.jpg").unlink()
    Image.fromarray(gray).save(root / "JPEGImages" / "0.png")


def rotated(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(root / "JPEGImages" / "0.jpg") as image:
        image.save(root / "JPEGImages" / "0.jpg", exif=exif)


@pytest.mark.parametrize(
    ("spoil", "faults", "remarks", "pictures"),
    [
        (no_object, [], [], 8),
        (floats, [], ["floats"], 8),
        (swapped, ["swapped"], [], 8),
        (strange_class, ["class"], [], 8),
        (missing, ["missing_picture"], [], 7),
        (truncated, ["unreadable_picture"], [], 7),
        (cmyk, [], ["cmyk"], 8),
        (deep, [], ["deep"], 8),
        (rotated, [], ["exif"], 8),
    ],
)
def test_bad_input_is_named_and_mended(
    spoil: Callable[[Path], None],
    faults: list[str],
    remarks: list[str],
    pictures: int,
    few: Path,
    tmp_path: Path,
    run: Run,
) -> None:
    spoil(few)
    code, report, _ = run("check", few, "--fix", tmp_path / "copy", "--out", tmp_path / "out")
    assert code == (2 if faults else 0)
    assert [fault["kind"] for fault in report["faults"]] == faults
    assert [remark["kind"] for remark in report["remarks"]] == remarks
    for row in (*report["faults"], *report["remarks"]):
        assert Path(row["file"]).name.startswith("0.") and row["reason"] and row["remedy"]
    code, report, _ = run("check", tmp_path / "copy", "--out", tmp_path / "out2")
    assert (code, report["pictures"]) == (0, pictures)
    assert [remark["kind"] for remark in report["remarks"]] == ([*remarks] if spoil is deep else [])


@pytest.mark.parametrize("form", ["coco", "yolo", "open_images"])
def test_convert_and_back(form: str, few: Path, tmp_path: Path, run: Run) -> None:
    code, report, _ = run("convert", few, tmp_path / form, "--to", form)
    assert (code, report["notes"]) == (0, [])
    assert run("check", tmp_path / form)[0] == 0
    assert run("convert", tmp_path / form, tmp_path / "back", "--to", "voc", "--link")[0] == 0
    whole, back = open_detection("voc", few), open_detection("voc", tmp_path / "back")
    assert whole.classes == back.classes
    for one, other in zip(whole.images, back.images, strict=True):
        assert (one.boxes == other.boxes).all() and (one.labels == other.labels).all()


def test_split_is_the_same_each_time(few: Path, tmp_path: Path, run: Run) -> None:
    for out in ("one", "two"):
        words = ("--train", 0.5, "--val", 0.25, "--test", 0.25, "--seed", 3)
        code, report, _ = run("split", few, *words, "--out", tmp_path / out, "--link")
        assert code == 0
        assert [part["pictures"] for part in report["splits"].values()] == [4, 2, 2]
    lists = [(tmp_path / out / "ImageSets" / "Main" / "train.txt").read_text() for out in ("one", "two")]
    assert lists[0] == lists[1]
    assert run("split", few, "--train", 0.5)[0] == 0
    assert len(open_detection("voc", few, "val")) == 4
    code, _, said = run("split", few, "--train", 0.5)
    assert code == 2 and "train.txt is there already" in said


def test_what_people_see(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swapped(few)
    assert main(["data", "check", str(few), "--out", str(tmp_path / "out")]) == 2
    shown = " ".join(capsys.readouterr().out.split())
    assert "Annotations/0.xml" in shown and "x1 > x2" in shown
    assert "faults 1" in shown and "--fix DIR writes a mended copy" in shown
    assert main(["data", "split", str(few.parent / "few")]) == 2
    assert "0.xml, object 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "nowhere"], "nowhere: no such folder"),
        (["check", ".", "--dataset", "vocc"], "no form of detection sets 'vocc'; did you mean 'voc'"),
        (["check", "otb100", ".", "--fix", "x"], "--fix and --dataset are for pictures with boxes"),
        (["convert", ".", "x", "--to", "pascal"], "no form of detection sets 'pascal'"),
        (["convert", "{few}", "{few}", "--to", "coco"], "is there already, and nothing is written over"),
        (["convert", "{few}", "{few}/new", "--to", "coco"], "lies within"),
        (["split", "{few}", "--train", "0.8", "--val", "0.3"], "the shares sum to 1.1"),
        (["check", "{few}", "--classes", "RBC,RBC"], "--classes: class 'RBC' stands there twice"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    words: list[str], message: str, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["data", *(word.format(few=few) for word in words)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert len(output.err.splitlines()) == 1
