"""`saccade eval` and `saccade report` of detectors, from the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.cli import main
from saccade.zoo import CATALOG
from saccade.zoo.catalog import Entry

XML = """<annotation><filename>{name}.png</filename>
<size><width>120</width><height>80</height></size>{objects}</annotation>"""
OBJECT = (
    "<object><name>{0}</name><difficult>{1}</difficult><bndbox><xmin>{2}</xmin><ymin>{3}</ymin><xmax>{4}</xmax>"
    "<ymax>{5}</ymax></bndbox></object>"
)
# brightness and VOC's corners, and what is annotated
SCENES: dict[str, tuple[list[tuple[int, tuple[int, ...]]], list[tuple[Any, ...]]]] = {
    "one": ([(250, (11, 11, 40, 40))], [("blob", 0, 11, 11, 40, 40)]),
    "two": (
        [(200, (11, 11, 40, 40)), (90, (61, 11, 90, 30))],
        [("blob", 0, 11, 11, 40, 40), ("blob", 0, 61, 11, 90, 30)],
    ),
    "empty": ([(230, (50, 50, 60, 60))], []),
    "hidden": ([(220, (21, 21, 50, 50))], [("blob", 0, 21, 21, 50, 50), ("cloud", 1, 71, 1, 110, 40)]),
}


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Four pictures, one without objects."""
    root = tmp_path / "voc"
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for name, (blobs, objects) in SCENES.items():
        picture = np.full((80, 120, 3), 30, np.uint8)
        for brightness, (x1, y1, x2, y2) in blobs:
            picture[y1 - 1 : y2, x1 - 1 : x2] = brightness
        Image.fromarray(picture).save(root / "JPEGImages" / f"{name}.png")
        text = XML.format(name=name, objects="".join(OBJECT.format(*row) for row in objects))
        (root / "Annotations" / f"{name}.xml").write_text(text)
    (root / "ImageSets" / "Main" / "test.txt").write_text("\n".join(SCENES))
    return root


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Entry(name="toy", task="detect", method="tests.e2e.toy_detector", preset="TOY", summary="blobs")
    monkeypatch.setitem(CATALOG, "toy", row)


def words(root: Path, out: Path, *more: str) -> list[str]:
    return ["eval", *more, "--dataset", "voc", "--root", str(root), "--split", "test", "--out", str(out)]


@pytest.mark.usefixtures("toy")
def test_a_detector_is_judged(voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main([*words(voc, out, "toy"), "--json"]) == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report == json.loads((out / "report.json").read_text())
    assert (report["dataset"], report["model"]) == ("voc-test", "toy")
    blob = report["classes"]["blob"]
    # the second of five is where nothing is; the last is below the threshold that it is used with
    assert blob["map50"] == pytest.approx((26 + 75 * 4 / 5) / 101)
    cloud = report["classes"]["cloud"]
    assert (blob["truths"], cloud["truths"], cloud["ignored_truths"]) == (4, 0, 1)
    # COCO knows no difficult objects, VOC asks for none
    assert (cloud["map"], cloud["voc_ap"]) == (0.0, None)
    how = report["how"]
    assert (how["images"], how["images_without_boxes"], how["difficult"]) == (4, 1, 1)
    assert how["score_floor"] == 0.01
    assert "ghost" in said.err and "cloud" in said.err
    for name in ("report.html", "report.md", "plots/false_alarms.png", "plots/confusion.svg"):
        assert (out / name).is_file()
    rows = json.loads((out / "results" / "voc-test" / "toy" / "detections.json").read_text())
    assert [(row["image_id"], row["category_id"]) for row in rows] == [(1, 1), (2, 1), (2, 1), (3, 1), (4, 1)]


@pytest.mark.usefixtures("toy")
def test_the_report_is_made_again_from_the_files(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, moved = tmp_path / "out", tmp_path / "moved"
    assert main(words(voc, out, "toy")) == 0
    table = capsys.readouterr().out
    for part in ("mAP50", "blob", "faster-coco-eval", "score floor 0.01", "4 pictures, 1 of them without"):
        assert part in table
    before = {file: file.read_bytes() for file in [*out.glob("report.*"), *out.glob("plots/*")]}
    for file in before:
        file.unlink()
    voc.rename(moved)
    assert main(["report", str(out)]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert main(["report", str(out), "--root", str(moved)]) == 0
    assert {file: file.read_bytes() for file in before} == before
    # the same command goes on where it stopped, which is at the end
    moved.rename(voc)
    assert main(words(voc, out, "toy")) == 0


@pytest.mark.usefixtures("toy")
def test_results_of_others_are_scored(voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words(voc, tmp_path / "ours", "toy"), "--json"]) == 0
    ours = json.loads(capsys.readouterr().out)
    file = tmp_path / "ours" / "results" / "voc-test" / "toy" / "detections.json"
    theirs = tmp_path / "theirs.json"
    theirs.write_bytes(file.read_bytes())
    assert main([*words(voc, tmp_path / "out"), "--detections", str(theirs), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    same = ("map", "map50", "voc_map", "precision", "recall", "f1", "classes")
    assert [report[key] for key in same] == [ours[key] for key in same]
    assert (report["model"], report["milliseconds"]) == ("theirs", None)
    assert main(["report", str(tmp_path / "out")]) == 0


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ["eco"],
            "'eco' follows what it is pointed at, and this data set is for detectors; take one, such as",
        ),
        (["toy", "eco"], "name one detector, or give --detections FILE"),
        ([], "name one detector, or give --detections FILE"),
        (["toy", "--protocol", "otb"], "--protocol is not for detectors; leave it out"),
        (["toy", "--workers", "2"], "--workers is not for detectors"),
        (["toy", "--repeat", "2"], "--repeat is not for detectors"),
        (["toy", "--sequence", "a"], "--sequence is not for detectors"),
        (["toy", "--set", "treshold=0.1"], "no setting 'treshold'"),
        (["toy", "--set", "network.classes=cat,dog"], "'toy' knows none of the classes of this data set"),
        (["--detections", "none.json"], "none.json: cannot be read as COCO results"),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert main(words(voc, tmp_path / "out", *more)) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("toy")
def test_a_detector_on_a_data_set_of_sequences(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["eval", "toy", "--dataset", "lasot", "--root", str(tmp_path)]) == 2
    assert (
        "no form of detection sets 'lasot'; there are: coco, mot, open_images, voc, yolo"
        in capsys.readouterr().err
    )


@pytest.mark.usefixtures("toy")
def test_a_broken_picture_is_named(voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = voc / "JPEGImages" / "hidden.png"
    file.write_bytes(file.read_bytes()[:60])
    assert main(words(voc, tmp_path / "out", "toy")) == 2
    assert "hidden.png" in capsys.readouterr().err
    # mended, it goes on
    Image.fromarray(np.zeros((80, 120, 3), np.uint8)).save(file)
    assert main(words(voc, tmp_path / "out", "toy")) == 0
