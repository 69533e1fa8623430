"""`saccade track --detector` and `--detections`, from real pictures and videos to files; what is refused."""

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
from saccade.association import ASSOCIATORS, TrackingByDetection
from saccade.cli import main
from saccade.core.instances import NOBODY
from saccade.data.formats.tracks import read_tracks
from saccade.deploy.given_detections import read_detections
from tests.unit.detectors.torchvision.alive import liven

MODEL = "ssdlite320_mobilenet_v3_large"
# upwards through the middle of the picture: in is to the left
LINE = "320,480,320,0"
FEW = ["--end", "3"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones that find different things in different pictures."""
    torch.manual_seed(0)
    model: Any = saccade.load(MODEL, weights=None)
    path = tmp_path_factory.mktemp("weights") / "w.pth"
    torch.save(liven(model.network).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def campus(shared_data: Path) -> Path:
    return shared_data / "mot" / "TUD-Campus"


@pytest.fixture(scope="module")
def detections(campus: Path) -> Path:
    return campus / "det" / "det_sort_fasterrcnn.txt"


def track(*words: object) -> int:
    return main(["track", *(str(word) for word in words)])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ASSOCIATORS)
def test_given_detections_become_tracks(name: str, detections: Path, tmp_path: Path, capsys: Any) -> None:
    words = ["--detections", detections, "--associate", name, "--line", LINE, "--out", tmp_path, "--json"]
    assert track(*words) == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    assert said["tracker"] == f"det_sort_fasterrcnn.txt+{name}" and said["frames"] == 71
    assert 7 <= said["tracks"] <= 20
    # most walk to the right over the line, and nobody is counted at every step
    (line,) = said["counts"]
    assert sum(line["in"].values()) <= 1 and 3 <= sum(line["out"].values()) <= 6
    assert "video.mp4" not in said["files"]
    tracks = read_tracks(tmp_path / "tracks.txt")
    assert len(tracks.ids) == said["boxes"] > 200 and tracks.ids.min() == 1
    # the same run from Python
    given = read_detections(detections)
    run = TrackingByDetection.of(given, name).start()
    found = [run.step(np.zeros((480, 640, 3), np.uint8)) for _ in range(71)] if name != "botsort" else []
    for frame, each in enumerate(found):
        who = each.ids[each.ids != NOBODY]
        assert sorted(who + 1) == sorted(tracks.ids[tracks.at(frame)])


def test_pictures_are_drawn_on_and_counted_in(campus: Path, detections: Path, tmp_path: Path) -> None:
    zone = "330,100,640,100,640,480,330,480"
    words = [campus, "--detections", detections, "--line", LINE, "--zone", zone, "--out", tmp_path]
    assert track(*words, "--end", 26) == 0
    counts = {row["where"]: row for row in table(tmp_path / "counts.csv")}
    crossings = table(tmp_path / "crossings.csv")
    for where, row in counts.items():
        for direction in ("in", "out"):
            rows = [each for each in crossings if (each["where"], each["direction"]) == (where, direction)]
            assert len(rows) == int(row[direction])
    assert int(counts["line 1"]["out"]) >= 1 and int(counts["zone 1"]["in"]) >= 1
    with av.open(str(tmp_path / "video.mp4")) as video:
        pictures = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(pictures) == 26
    # the line is drawn where it was said, on the pictures that were given
    red, green, _ = pictures[-1][100:300, 320].mean(axis=0)
    assert red > 150 and red - green > 60
    plain = cv2.imread(str(campus / "img1" / "000026.jpg"))[..., ::-1]
    assert np.abs(pictures[-1][440:, :200].astype(int) - plain[440:, :200]).mean() < 8


def test_a_detector_follows_everything_in_a_video(
    weights: Path, shared_data: Path, tmp_path: Path, capsys: Any
) -> None:
    video = shared_data / "video" / "intel_car-detection.mp4"
    words = ["--detector", MODEL, "--weights", weights, "--threshold", "0.02", "--set", "max_detections=20"]
    one = tmp_path / "one"
    assert track(video, *words, *FEW, "--out", one, "--json") == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == ["boxes.csv", "run.json", "tracks.txt", "video.mp4"] and said["frames"] == 3
    assert set(said["ms_per_frame"]) == {"pre", "network", "post", "associate"}
    assert said["tracks"] == sum(said["classes"].values()) > 0
    run = json.loads((one / "run.json").read_text())
    assert run["detector"] == MODEL and run["model"] == f"{MODEL}+bytetrack" and run["finished"]
    # the detector is asked for what may begin a track and for less
    assert run["config"]["detector"]["threshold"] == 0.02
    assert run["config"]["association"]["threshold"] == 0.02
    boxes = table(one / "boxes.csv")
    assert {row["name"] for row in boxes} >= set(said["classes"])

    # what `saccade detect` leaves gives the same tracks
    words = ["--model", *words[1:], *FEW, "--out", tmp_path / "found"]
    assert main(["detect", str(video), *(str(word) for word in words)]) == 0
    found = ["--detections", tmp_path / "found" / "detections.csv", "--threshold", "0.02"]
    assert track(video, *found, *FEW, "--out", tmp_path / "two") == 0
    again = table(tmp_path / "two" / "boxes.csv")
    assert len(boxes) == len(again) > 0
    for a, b in zip(boxes, again, strict=True):
        assert (a["frame"], a["target"], a["name"]) == (b["frame"], b["target"], b["name"])
        # boxes are rounded to hundredths of a pixel in between
        assert float(a["x"]) == pytest.approx(float(b["x"]), abs=0.02)


def test_of_random_weights_nothing_is_sure_and_it_is_said_what_would_help(
    weights: Path, campus: Path, detections: Path, tmp_path: Path, capsys: Any
) -> None:
    words = ["--detector", MODEL, "--weights", weights, "--associate", "sort", "--threshold", "1"]
    assert track(campus, *words, "--end", 1, "--classes", "person", "--out", tmp_path / "one") == 0
    run = json.loads((tmp_path / "one" / "run.json").read_text())
    assert run["config"]["detector"]["threshold"] == 1
    assert run["config"]["association"]["classes"] == ["person"]
    assert track("--detections", detections, "--threshold", "100", "--out", tmp_path / "two") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no box scores enough: from 1 on" in said
    assert "the surest box scores 1, and from 100 on may one begin a track; lower --threshold" in said


def test_scores_in_a_file_may_be_of_any_scale(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text("".join(f"{t},-1,{t},20,30,40,-0.5\n" for t in (1, 2, 3)))
    words = ["--detections", tmp_path / "det.txt", "--associate", "sort", "--out", tmp_path / "out"]
    assert track(*words, "--threshold", "-1") == 0
    assert read_tracks(tmp_path / "out" / "tracks.txt").ids.tolist() == [1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--detector", "eco"], "'eco' is no detector; use saccade track --tracker eco"),
        (["--detector", MODEL, "--tracker", "atom"], "--tracker follows what is pointed at with --box"),
        (["--detector", MODEL, "--threshold", "2"], "--threshold 2: scores of detectors are from 0 to 1"),
        (["--detector", MODEL, "--detections", "DET"], "leave --detector, --weights and --set out"),
        (["--detections", "DET", "--set", "size=3"], "leave --detector, --weights and --set out"),
        (["--detections", "DET", "--classes", "car"], "does not say what anything is; leave --classes out"),
        (["--detections", "DET", "--associate", "sorted"], "sort"),
        (["--detections", "DET", "--associate-set", "lost"], "--associate-set lost: expected key=value"),
        (["--detections", "DET", "--associate-set", "fps=3"], "bytetrack has no setting 'fps'"),
        (
            ["--detections", "DET", "--line", "1,2,3"],
            "--line 1,2,3: expected points x,y,x,y in pixels",
        ),
        (["--detections", "DET", "--line", "a,b,c,d"], "expected points x,y"),
        (["--detections", "DET", "--line", "1,2,3,4,5,6"], "line 1 has 3 points"),
        (["--detections", "DET", "--zone", "1,2,3,4"], "zone 1 has no area"),
        (["--detections", "DET", "--zone", "900,0,990,0,990,90"], "zone 1 lies outside the frame of 640x480"),
        (
            ["--detections", "DET", "--anchor", "bottom"],
            "--anchor is for what is counted; add --line or --zone",
        ),
        (["--line", LINE], "--line is for following everything; add --detector NAME, or --detections FILE"),
        (["--classes", "car", "--box", "1,2,30,40"], "--classes is for following everything; leave it out"),
        (["--batch", "2", "--box", "1,2,30,40"], "--batch is for following everything"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], message: str, campus: Path, detections: Path, tmp_path: Path, capsys: Any
) -> None:
    words = [str(detections) if word == "DET" else word for word in words]
    assert track(campus, *words, "--out", tmp_path / "out") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert message in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_without_pictures_nothing_can_be_shown_or_found(detections: Path, capsys: Any) -> None:
    assert track("--detector", MODEL) == 2
    assert "SOURCE is missing: name a video" in capsys.readouterr().err
    assert track("--detections", detections, "--show", "window") == 2
    assert "--show needs the pictures" in capsys.readouterr().err


def test_a_file_with_a_bad_line_is_named(campus: Path, detections: Path, tmp_path: Path, capsys: Any) -> None:
    bad = tmp_path / "det.txt"
    bad.write_text(detections.read_text() + "72,-1,1,2,three,4,0.5,-1,-1,-1\n")
    lines = len(bad.read_text().splitlines())
    assert track(campus, "--detections", bad, "--out", tmp_path / "out") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"det.txt, line {lines}: " in said and "expected at least 6 numbers" in said
    assert not (tmp_path / "out").exists()
