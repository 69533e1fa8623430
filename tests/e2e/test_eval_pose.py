"""`saccade eval` and `saccade report` of pose models, from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.cli import main
from saccade.zoo import CATALOG
from saccade.zoo.catalog import Entry
from tests.e2e.dot_pose import COLORS, POINTS

OFFSETS = np.array([(0, 0), (0, -16), (-16, 0), (16, 0)])
PEOPLE = {"one": [(40, 40)], "two": [(40, 50), (120, 40)], "empty": [], "far": [(100, 60)]}
"""where the middles of people are; in the last picture somebody stands elsewhere than is annotated"""


def write(root: Path, split: str, people: dict[str, list[tuple[int, int]]]) -> None:
    images, annotations = [], []
    (root / "images").mkdir(parents=True, exist_ok=True)
    for number, (name, middles) in enumerate(people.items(), start=1):
        picture = np.full((100, 160, 3), 40, np.uint8)
        images.append({"id": 10 * number, "file_name": f"{name}.png", "width": 160, "height": 100})
        for x, y in middles:
            points = OFFSETS + np.array([x, y])
            seen = points + (22 if name == "far" else 0)
            for (u, v), color in zip(seen, COLORS, strict=True):
                picture[v - 3 : v + 4, u - 3 : u + 4] = color
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": 10 * number,
                    "category_id": 1,
                    "keypoints": [int(value) for u, v in points for value in (u, v, 2)],
                    "num_keypoints": 4,
                    "bbox": [x - 25, y - 25, 50, 50],
                    "area": 1600,
                    "iscrowd": 0,
                }
            )
        Image.fromarray(picture).save(root / "images" / f"{name}.png")
    category = {"id": 1, "name": "cross", "keypoints": list(POINTS), "skeleton": [[1, 2], [1, 3], [1, 4]]}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (root / f"{split}.json").write_text(json.dumps(content))


@pytest.fixture(scope="module")
def crosses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pictures, one without anybody; and a split to take the mean pose from."""
    root = tmp_path_factory.mktemp("data") / "crosses"
    write(root, "test", PEOPLE)
    write(root, "train", {"another": [(50, 50)]})
    return root


@pytest.fixture(scope="module", autouse=True)
def toys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, preset in (("dots", "DOTS"), ("finder", "FINDER")):
            row = Entry(
                name=name, task="pose", method="tests.e2e.dot_pose", preset=preset, summary="for tests"
            )
            patch.setitem(CATALOG, name, row)
        yield


@pytest.fixture(scope="module")
def judged(crosses: Path, toys: None) -> Path:
    """What an evaluation leaves."""
    out = crosses.parent / "out"
    assert main(words(crosses, out, "dots", "--boxes", "truth")) == 0
    return out


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots take most of the time, and are looked at elsewhere."""
    monkeypatch.setattr("saccade.evaluation.pose.report.plots.plots_of", lambda judged: ())


def words(root: Path, out: Path, *more: str) -> list[str]:
    place = ["--dataset", "pose-folder", "--root", str(root), "--split", "test", "--out", str(out)]
    return ["eval", *more, *place]


def run(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, Any]:
    assert main([*line, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_a_pose_model_is_judged(judged: Path) -> None:
    report = json.loads((judged / "report.json").read_text())
    assert (report["dataset"], report["model"]) == ("pose-folder-test", "dots")
    # three of four people are found to the pixel; the fourth stands elsewhere
    assert report["oks_ap"] == pytest.approx((75 + 1) / 101, abs=0.01)
    assert report["pck05"] == 12 / 16
    assert report["how"]["matching"] == "given"
    assert (report["how"]["images"], report["how"]["people"], report["how"]["found"]) == (4, 4, 4)
    assert report["joints"]["left"]["fates"]["right"] == 3
    # all crosses are alike, so that their mean is the truth
    assert (report["baseline"]["of"], report["baseline"]["oks_ap"]) == ("pose-folder-test", 1.0)
    for name in ("report.html", "report.md", "plots/worst_poses.png", "plots/pck.svg", "plots/fates.png"):
        assert (judged / name).is_file()
    assert 'loading="lazy"' not in (judged / "report.html").read_text(), "pictures show when it is printed"
    rows = json.loads((judged / "results" / "pose-folder-test" / "dots" / "poses.json").read_text())
    assert [row["image_id"] for row in rows] == [10, 20, 20, 40]
    assert len(rows[0]["keypoints"]) == 12 and "bbox" not in rows[0]


def test_the_report_is_made_again_from_the_files(
    crosses: Path, judged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = crosses.with_name("moved")
    before = {file: file.read_bytes() for file in [*judged.glob("report.*"), *judged.glob("plots/*")]}
    for file in before:
        file.unlink()
    crosses.rename(moved)
    try:
        assert main(["report", str(judged)]) == 2
        assert "no such folder" in capsys.readouterr().err
        assert main(["report", str(judged), "--root", str(moved)]) == 0
    finally:
        moved.rename(crosses)
    assert {file: file.read_bytes() for file in before} == before
    table = capsys.readouterr().out
    for part in ("OKS AP", "mean pose", "left", "faster-coco-eval", "4 pictures; 4 people with 16 joints"):
        assert part in table


@pytest.mark.usefixtures("no_plots")
def test_the_same_command_goes_on_where_it_stopped_which_is_at_the_end(
    crosses: Path, judged: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = judged / "results" / "pose-folder-test" / "dots" / "time.txt"
    times = file.read_text()
    line = words(crosses, judged, "dots", "--boxes", "truth", "--mean-pose", "train")
    # what it is compared with may be another
    assert run(capsys, *line)["baseline"]["of"] == "pose-folder-train"
    assert file.read_text() == times
    # but where people are decides on what is found
    assert main(words(crosses, judged, "dots", "--boxes", str(boxes(tmp_path)))) == 2
    assert "holds results with another boxes" in capsys.readouterr().err


def boxes(folder: Path, **more: Any) -> Path:
    """What a detector has found: everybody where they are seen, one twice, and a thing that is nobody."""
    places = [(10, 40, 40, 0.9), (20, 40, 50, 0.8), (20, 42, 50, 0.7), (20, 120, 40, 0.6), (40, 122, 82, 0.1)]
    rows: list[dict[str, Any]] = [
        {"image_id": image, "category_id": 1, "bbox": [x - 25, y - 25, 50, 50], "score": score}
        for image, x, y, score in places
    ]
    rows += [rows[0] | {"category_id": 2}, rows[0] | {"image_id": 999}]
    file = folder / "boxes.json"
    file.write_text(json.dumps([row | more for row in rows]))
    return file


@pytest.mark.usefixtures("no_plots")
def test_in_the_boxes_of_a_file(crosses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = boxes(tmp_path)
    report = run(capsys, *words(crosses, tmp_path / "out", "dots", "--boxes", str(file)))
    how = report["how"]
    # of two boxes around one person, the surer is left
    assert (how["matching"], how["poses"], how["found"]) == ("oks", 4, 3)
    assert report["notes"][:2] == [
        "people are looked for in the 5 boxes of boxes.json",
        "boxes in boxes.json that are in no picture that is judged: 1",
    ]
    rows = json.loads((tmp_path / "out" / "results" / "pose-folder-test" / "dots" / "poses.json").read_text())
    # the box's score times the mean of the joints'
    assert rows[0]["score"] == pytest.approx(0.9 * np.mean(rows[0]["keypoints"][2::3]), rel=1e-5)
    assert sorted(row["score"] < 0.2 for row in rows) == [False, False, False, True]


@pytest.mark.usefixtures("no_plots")
def test_all_boxes_of_a_file_are_looked_into(
    crosses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [(12 * column, 12 * row) for row in range(10) for column in range(12)]
    box = {"image_id": 10, "category_id": 1, "score": 0.5}
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps([{**box, "bbox": [x, y, 10, 10]} for x, y in places]))
    report = run(capsys, *words(crosses, tmp_path / "out", "dots", "--boxes", str(file)))
    assert report["how"]["poses"] == len(places) == 120


@pytest.mark.usefixtures("no_plots")
def test_results_of_others_are_scored(
    crosses: Path, judged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs.json"
    rows = json.loads((judged / "results" / "pose-folder-test" / "dots" / "poses.json").read_text())
    # as others write them: without boxes, and pictures by their files
    names = dict(zip((10, 20, 30, 40), PEOPLE, strict=True))
    kept = ("category_id", "keypoints", "score")
    theirs.write_text(
        json.dumps([{key: r[key] for key in kept} | {"image_id": names[r["image_id"]]} for r in rows])
    )
    report = run(capsys, *words(crosses, tmp_path / "out"), "--detections", str(theirs))
    ours = json.loads((judged / "report.json").read_text())
    same = ("oks_ap", "oks_ap50", "oks_ar")
    assert [report[key] for key in same] == [ours[key] for key in same]
    assert (report["model"], report["milliseconds"], report["how"]["matching"]) == ("theirs", None, "oks")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ["eco"],
            "'eco' follows what it is pointed at, and this data set is for pose models; take one, such",
        ),
        (["dots", "finder"], "name one pose model, or give --detections FILE"),
        (["dots", "--workers", "2"], "--workers is not for pose models"),
        (["dots"], "'dots' looks at one person at a time; say where people are with --detector NAME"),
        (
            ["dots", "--boxes", "none.json"],
            "none.json: cannot be read as COCO results (there is no such file)",
        ),
        (["dots", "--boxes", __file__], "expected a JSON list, such as detections.json of saccade detect"),
        (["dots", "--boxes", "truth", "--detector", "x"], "leave one of them out"),
        (["dots", "--mean-pose", "valid"], "valid"),
        (["finder", "--boxes", "truth"], "'finder' finds people by itself; leave --boxes out"),
        (["--detections", "none.json", "--boxes", "truth"], "--boxes is not for --detections FILE"),
        (["dots", "--boxes", "truth", "--set", "network.skeleton=body25"], "knows none of the key points"),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    crosses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert main(words(crosses, tmp_path / "out", *more)) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert not (tmp_path / "out").exists()


def test_options_of_pose_models_are_not_for_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--dataset", "folder", "--root", str(tmp_path)]
    assert main(["eval", "eco", *place, "--boxes", "truth"]) == 2
    assert "--boxes is not for trackers; leave it out" in capsys.readouterr().err
