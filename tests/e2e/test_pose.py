"""`saccade pose` from pictures and videos to files: boxes, detectors, identities, and what it refuses."""

import csv
import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.association import ASSOCIATORS
from saccade.cli import main
from saccade.cli.pose import Association
from saccade.core import COCO_17
from saccade.deploy.bench_pictures import WARM_UP
from saccade.zoo import CATALOG
from saccade.zoo.catalog import Entry

NUM_FRAMES = 16
SIZE_WH = (160, 120)
MODEL = "simplebaseline_resnet18"
SMALL = ["--set", "size=64,64", "--set", "flip_test=false"]


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector of bright blobs, and an estimator that knows where they are brightest."""
    for name, task, preset in (("toy_detector", "detect", "TOY"), ("toy_pose", "pose", "TOY_POSE")):
        row = Entry(name=name, task=task, method=f"tests.e2e.{name}", preset=preset, summary="")
        monkeypatch.setitem(CATALOG, name, row)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two blobs that tremble past each other, each with a bright spot in it."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, SIZE_WH)
    rng = np.random.default_rng(0)
    for t in range(NUM_FRAMES):
        picture = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
        for x, y in ((20 + 4 * t, 20), (110 - 4 * t, 75)):
            picture[y : y + 30, x : x + 30] = 150
            across, down = x + 15 + rng.integers(-6, 7), y + 15 + rng.integers(-6, 7)
            cv2.circle(picture, (int(across), int(down)), 4, (255, 255, 255), cv2.FILLED)
        video.write(picture)
    video.release()
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones whose heat maps are as high as those of learned ones."""
    model: Any = saccade.load(MODEL, weights=None, settings={"size": "64,64", "flip_test": False})
    with torch.no_grad():
        highest = model.network(torch.rand(2, 3, 64, 64)).max()
        model.network.heatmaps.weight *= 0.8 / highest
    path = tmp_path_factory.mktemp("weights") / "w.pth"
    torch.save(model.network.state_dict(), path)
    return path


def pose(source: object, out: Path, *words: object, model: str = "toy_pose") -> int:
    return main([str(word) for word in ("pose", source, "--model", model, "--out", out, *words)])


def found(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((out / "poses.json").read_text())
    return rows


def track_of(out: Path, who: int) -> np.ndarray:
    """Where the first joint of a person is, frame by frame."""
    return np.array([row["keypoints"][:2] for row in found(out) if row.get("track_id") == who])


def test_a_video_leaves_every_file_and_knows_who_is_who(clip: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    words = ["--detector", "toy_detector", "--associate", "bytetrack", "--json"]
    assert pose(clip, out, *words) == 0, capsys.readouterr().err
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert "'toy_detector' finds nothing called person, so that all that it finds is looked at" in (
        " ".join(captured.err.split())
    )
    files = ["poses.json", "run.json", "video.mp4"]
    assert said["files"] == files == sorted(path.name for path in out.iterdir())
    assert (said["model"], said["frames"], said["found"], said["identities"]) == (
        "toy_pose", NUM_FRAMES, 2 * NUM_FRAMES, 2,
    )  # fmt: skip
    assert list(said["ms_per_frame"]) == ["detect", "pre", "network", "post", "associate", "smooth"]
    rows = found(out)
    assert [row["image_id"] for row in rows] == [frame for frame in range(NUM_FRAMES) for _ in range(2)]
    for row in rows:
        assert row["category_id"] == 1 and len(row["keypoints"]) == 3 * len(COCO_17)
        x, y, w, h = row["bbox"]
        assert x <= row["keypoints"][0] <= x + w and y <= row["keypoints"][1] <= y + h
        assert 0.3 <= row["score"] <= 1 and 0.3 <= row["keypoints"][2] <= 1
    # who is seen for the first time is nobody yet
    assert {row.get("track_id") for row in rows[:2]} == {None}
    for who in (0, 1):
        heights = [row["bbox"][1] for row in rows if row.get("track_id") == who]
        assert len(heights) >= NUM_FRAMES - 2 and np.ptp(heights) < 10
    with av.open(str(out / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == NUM_FRAMES
    run = json.loads((out / "run.json").read_text())
    assert run["finished"] and run["command"].startswith("saccade pose")
    assert (run["detector"], run["identities"]) == ("toy_detector", 2)
    assert run["config"]["network"]["skeleton"]["points"] == list(COCO_17.points)


def test_openposes_files_are_left_where_they_are_wished_for(clip: Path, tmp_path: Path) -> None:
    out, words = tmp_path / "out", ["--detector", "toy_detector", "--openpose"]
    assert pose(clip, out, *words, "--associate", "bytetrack", "--start", "4", "--end", "8") == 0
    files = sorted(path.name for path in (out / "openpose").iterdir())
    assert files == [f"clip_{frame:012d}_keypoints.json" for frame in range(4, 8)]
    people = json.loads((out / "openpose" / files[-1]).read_text())["people"]
    rows = [row for row in found(out) if row["image_id"] == 7]
    assert [person["person_id"] for person in people] == [[row["track_id"]] for row in rows]
    for person, row in zip(people, rows, strict=True):
        np.testing.assert_allclose(person["pose_keypoints_2d"][:3], row["keypoints"][:3], atol=1e-3)
    assert json.loads((out / "run.json").read_text())["finished"]
    # the next run in the same folder takes away what it does not write itself
    assert pose(clip, out, "--detector", "toy_detector") == 0
    assert not list((out / "openpose").iterdir())
    # pictures are called as they are, and none like another
    for name in ("a/1.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.full((40, 40, 3), 255, np.uint8))
    assert pose(tmp_path / "b", tmp_path / "few", "--box", "5,5,20,20", "--openpose") == 0
    names = sorted(path.name for path in (tmp_path / "few" / "openpose").iterdir())
    assert names == ["1_keypoints.json", "2_keypoints.json"]
    listed = tmp_path / "list.txt"
    listed.write_text("a/1.png\nb/1.png\n")
    assert pose(listed, tmp_path / "both", "--box", "5,5,20,20", "--openpose") == 0
    names = sorted(path.name for path in (tmp_path / "both" / "openpose").iterdir())
    assert names == ["00000-1_keypoints.json", "00001-1_keypoints.json"]


def test_poses_are_smoothed_unless_that_is_declined(clip: Path, tmp_path: Path) -> None:
    words = ["--detector", "toy_detector", "--associate", "sort"]
    assert pose(clip, tmp_path / "raw", *words, "--no-smooth") == 0
    assert pose(clip, tmp_path / "smooth", *words) == 0
    assert (
        pose(clip, tmp_path / "more", *words, "--set", "smooth.min_cutoff=0.2", "--set", "smooth.beta=0") == 0
    )
    shakes = [
        np.abs(np.diff(track_of(tmp_path / name, 0), n=2, axis=0)).mean()
        for name in ("raw", "smooth", "more")
    ]
    assert shakes[0] > 1.05 * shakes[1] > 2 * shakes[2]
    ids = [[row.get("track_id") for row in found(tmp_path / name)] for name in ("raw", "smooth")]
    assert ids[0] == ids[1]


def test_without_identities_nothing_is_smoothed(clip: Path, tmp_path: Path) -> None:
    for name, words in (("plain", ()), ("batch", ("--batch", "1"))):
        assert pose(clip, tmp_path / name, "--detector", "toy_detector", *words) == 0
    assert found(tmp_path / "plain") == found(tmp_path / "batch")
    assert not any("track_id" in row for row in found(tmp_path / "plain"))


def test_the_boxes_of_a_track_say_who_is_who(clip: Path, tmp_path: Path, capsys: Any) -> None:
    tracked = tmp_path / "tracked"
    box = ["--box", "20,20,30,30", "--box", "110,75,30,30"]
    assert main(["track", str(clip), *box, "--tracker", "still", "--out", str(tracked)]) == 0
    assert pose(clip, tmp_path / "out", "--boxes", tracked / "boxes.csv") == 0
    rows = found(tmp_path / "out")
    with (tracked / "boxes.csv").open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["status"] != "lost"]
    assert [(row["image_id"], row["track_id"]) for row in rows] == [
        (int(line["frame"]), int(line["target"])) for line in lines
    ]
    assert "told apart 2 people" in " ".join(capsys.readouterr().out.split())
    assert "smooth" in json.loads((tmp_path / "out" / "run.json").read_text())["ms_per_frame"]


def test_the_boxes_of_a_detector_are_looked_into(clip: Path, tmp_path: Path) -> None:
    table = tmp_path / "detections.csv"
    table.write_text(
        "frame,label,name,score,x,y,w,h\n0,0,person,0.9,20,20,30,30\n0,1,dog,0.9,1,1,9,9\n2,0,person,0.9,28,20,30,30\n"
    )
    assert pose(clip, tmp_path / "out", "--boxes", table, "--end", 4) == 0
    assert [(row["image_id"], row["bbox"]) for row in found(tmp_path / "out")] == [
        (0, [20, 20, 30, 30]), (2, [28, 20, 30, 30]),
    ]  # fmt: skip


def test_a_crowd_and_boxes_where_nobody_can_be_seen(clip: Path, tmp_path: Path, capsys: Any) -> None:
    boxes = [(x, y, 12, 16) for x in range(-10, 160, 15) for y in range(0, 120, 24)]
    lines = [f"0,{x},{y},{w},{h}" for x, y, w, h in [(400, 400, 20, 20), *boxes, (-20, 0, 20, 20)]]
    lines += ["99,1,1,9,9", "100,1,1,9,9"]
    (tmp_path / "crowd.csv").write_text("\n".join(["frame,x,y,w,h", *lines]))
    assert pose(clip, tmp_path / "out", "--boxes", tmp_path / "crowd.csv", "--end", 100, "--json") == 0
    captured = capsys.readouterr()
    rows = found(tmp_path / "out")
    assert len(rows) == len(boxes) == json.loads(captured.out)["found"] == 60
    assert [row["bbox"] for row in rows] == [list(box) for box in boxes]
    said = " ".join(captured.err.split())
    assert "crowd.csv: line 2: the box 400,400,20,20 lies outside of frame 0, which is of 160x120" in said
    assert "pixels; left out, like 1 more" in said
    # those of frames from the end that is wished for are nobody's mistake
    assert "line 64 is of frame 99, but the last frame is 15; left out note" in f"{said} note"


def test_a_real_picture_with_a_network(weights: Path, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "pose" / "mmpose_tests" / "coco"
    truth = json.loads((folder / "test_coco.json").read_text())["annotations"]
    boxes = [row["bbox"] for row in truth if row["image_id"] == 196141 and row["num_keypoints"]]
    words = [word for box in boxes for word in ("--box", ",".join(map(str, box)))]
    source = folder / "000000196141.jpg"
    assert pose(source, tmp_path, "--weights", weights, *SMALL, *words, model=MODEL) == 0
    rows = found(tmp_path)
    assert {row["image_id"] for row in rows} == {196141} and len(rows) == len(boxes) > 2
    np.testing.assert_allclose([row["bbox"] for row in rows], boxes, atol=1e-3)
    drawn = cv2.imread(str(tmp_path / "pictures" / "000000196141.jpg"))
    seen = cv2.imread(str(source))
    assert drawn is not None and seen is not None and drawn.shape == seen.shape
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "poses.json", "run.json"]


def test_nobody_is_a_result(clip: Path, tmp_path: Path, capsys: Any) -> None:
    assert pose(clip, tmp_path, "--detector", "toy_detector", "--threshold", "1") == 0
    assert "nobody" in capsys.readouterr().out
    assert found(tmp_path) == []


def test_a_picture_that_cannot_be_read_may_be_skipped(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 50, 3), 90, np.uint8))
    (folder / "1.png").write_bytes(b"no picture")
    words = ["--detector", "toy_detector", "--threshold", "0"]
    assert pose(folder, tmp_path / "out", *words) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "1.png" in said and "the 1 frame before that are kept" in said
    assert not json.loads((tmp_path / "out" / "run.json").read_text())["finished"]
    assert pose(folder, tmp_path / "out", *words, "--on-bad-frame", "skip") == 0
    assert sorted(path.name for path in (tmp_path / "out" / "pictures").iterdir()) == ["0.jpg", "2.jpg"]
    # pictures may be anything, unless it is said that they follow each other
    assert pose(folder, tmp_path / "one", *words, "--on-bad-frame", "skip", "--associate", "sort") == 0
    assert (
        pose(folder, tmp_path / "two", *words, "--on-bad-frame", "skip", "--associate", "sort", "--smooth")
        == 0
    )
    stages = [
        json.loads((tmp_path / name / "run.json").read_text())["ms_per_frame"] for name in ("one", "two")
    ]
    assert "smooth" not in stages[0] and "smooth" in stages[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "'toy_pose' looks at one person at a time; say where people are with --detector NAME, such"),
        (["--model", "eco"], "'eco' knows nothing of poses; take a model that does, such as keypointr"),
        (["--model", "zebra"], "no model 'zebra'; saccade models list shows all"),
        (["--model", "hourglas8"], "did you mean 'hourglass8'?"),
        (["--model", MODEL], f"'{MODEL}' needs weights: nobody has published any; make them with saccade tr"),
        (["--detector", "still"], "--detector still: does not say where people are; name another"),
        (["--detector", "toy_pose"], "--detector toy_pose: does not say where people are"),
        (["--detector", "fcos_resnet50_fpn"], "'fcos_resnet50_fpn' needs the weights fcos_resnet50_fpn_coco"),
        (["--detector", "fcos_resnet50_fpn"], "or give a file with --detector-weights FILE"),
        (["--model", "openpose_light", "--weights", "none", "--detector", "x"], "leave --detector out"),
        (["--detector", "toy_detector", "--box", "1,1,9,9"], "leave one of them out"),
        (["--detector-weights", "w.pth"], "say whose they are with --detector NAME"),
        (["--model", "openpose_light", "--weights", "none", "--box", "1,1,9,9"], "finds people by itself"),
        (["--box", "1,1,0,9"], "--box 1,1,0,9: the box 1,1,0,9 has no area"),
        (["--box", "1,1,9"], "expected four numbers X,Y,W,H"),
        (["--boxes", "{}/none.csv"], "none.csv: cannot be read (there is no such file); give boxes.csv"),
        (["--boxes", "{}/json.csv"], "json.csv: is JSON, and a CSV table is wanted; give boxes.csv"),
        (["--boxes", "{}/early.csv"], "early.csv: line 2: frame -1; frames count from 0"),
        (["--boxes", "{}/columns.csv"], "columns.csv: line 1 has no column 'w'; give boxes.csv"),
        (["--boxes", "{}/words.csv"], "words.csv: line 3: expected numbers frame,x,y,w,h, got '0,a,1,9,9'"),
        (["--boxes", "{}/empty.csv"], "empty.csv: line 2: the box 1,1,9,0 has no area"),
        (["--boxes", "{}/who.csv", "--associate", "sort"], "--boxes says who is who by its targets; leave"),
        (["--box", "1,1,9,9", "--smooth"], "--smooth has to know who is who; add --associate bytetrack"),
        (["--box", "1,1,9,9", "--set", "associate.x=1"], "--set associate.x=1: there is no --associate"),
        (["--box", "1,1,9,9", "--set", "smooth.x=1"], "--set smooth.x=1: nothing is smoothed"),
        (["--set", "detector.x=1"], "--set detector.x=1: there is no --detector NAME that it could be for"),
        (["--box", "1,1,9,9", "--set", "detector.x=1"], "--set detector.x=1: boxes say where people are"),
        (["--detector", "toy_detector", "--set", "detector.x=1"], "no setting 'x'"),
        (["--detector", "toy_detector", "--associate", "sort", "--set", "smooth.x=1"], "no setting 'x'"),
        (["--detector", "toy_detector", "--associate", "sort", "--set", "associate.x=1"], "no setting 'x'"),
        (["--detector", "toy_detector", "--associate", "nobody"], "Invalid value for '--associate'"),
        (["--threshold", "1.5"], "Invalid value for '--threshold'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    words: list[str], message: str, clip: Path, tmp_path: Path, capsys: Any
) -> None:
    tables = {
        "columns": "frame,x,y,h\n0,1,1,9\n",
        "words": "frame,x,y,w,h\n0,1,1,9,9\n0,a,1,9,9\n",
        "empty": "frame,x,y,w,h\n0,1,1,9,0\n",
        "json": '[{"image_id": 1}]',
        "early": "frame,x,y,w,h\n-1,1,1,9,9\n",
        "who": "frame,target,x,y,w,h\n0,car,1,1,9,9\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    assert pose(clip, tmp_path / "out", *(word.format(tmp_path) for word in words)) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert message in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_missing_package_says_how_to_get_it(
    clip: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("saccade.association.associator.import_module", absent)
    assert pose(clip, tmp_path / "out", "--detector", "toy_detector", "--associate", "sort") == 2
    assert "pip install 'saccade[mot]'" in " ".join(capsys.readouterr().err.split())


def test_the_command_line_names_every_association() -> None:
    assert [each.value for each in Association] == list(ASSOCIATORS)


def test_a_bench_tells_the_stages_and_how_many_people(clip: Path, capsys: Any) -> None:
    words = ["bench", "toy_pose", "--source", str(clip), "--frames", "2"]
    assert main([*words, "--targets", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result["stages_ms"]) == ["pre", "network", "post"]
    assert (result["frames"], result["people"], result["torchvision_ms"]) == (2, 3, None)
    assert main(words) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"2 frames of 160x120 after {WARM_UP} of warm-up" in said and "people 1 in each frame" in said
