"""The command line from end to end: real files in, real files out, exit codes as promised."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from saccade.cli import main
from saccade.data.synthetic import render
from saccade.media import VideoSink
from saccade.ops.masks import write_palette_png

NUM_FRAMES = 12
BOX = "40,30,30,40"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index, (rgb, _, _) in enumerate(render(NUM_FRAMES, size_wh=(160, 90))):
        cv2.imwrite(str(folder / f"{index}.jpg"), rgb[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoSink(path, fps=25.0) as sink:
        for rgb, _, _ in render(NUM_FRAMES, size_wh=(160, 90)):
            sink.write(rgb)
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "boxes.csv").open() as file:
        return list(csv.DictReader(file))


def num_frames(video: Path) -> int:
    with av.open(str(video)) as container:
        return sum(1 for _ in container.decode(video=0))


def saccade(*words: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "saccade", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


@pytest.mark.parametrize("kind", ["video", "folder", "pattern"])
def test_track_leaves_every_file(kind, clip, pictures, tmp_path, capsys):
    source = {"video": clip, "folder": pictures, "pattern": f"{pictures}/*.jpg"}[kind]
    assert main(["track", str(source), "--box", BOX, "--tracker", "still", "--out", str(tmp_path)]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["boxes.csv", "boxes.txt", "run.json", "video.mp4"]
    assert len(rows(tmp_path)) == len((tmp_path / "boxes.txt").read_text().splitlines()) == NUM_FRAMES
    assert num_frames(tmp_path / "video.mp4") == NUM_FRAMES
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["command"].startswith("saccade track") and run["source"] == str(source)
    assert run["device"] and run["frames"] == NUM_FRAMES
    summary = capsys.readouterr().out
    assert f"{NUM_FRAMES} frames" in summary and "video.mp4" in summary


def test_json_is_one_object_and_nothing_else(clip, tmp_path):
    words = [
        "track",
        clip,
        "--box",
        BOX,
        "--box",
        "5,5,900,20",
        "--tracker",
        "still",
        "--out",
        tmp_path / "out",
        "--json",
    ]
    result = saccade(*words)
    assert result.returncode == 0, result.stderr
    value = json.loads(result.stdout)
    assert value["frames"] == NUM_FRAMES and value["targets"] == [0, 1] and value["tracker"] == "still"
    assert value["fps"] > 0 and Path(value["out"]) == tmp_path / "out"
    assert set(value["files"]) == {path.name for path in (tmp_path / "out").iterdir()}
    # a box that was clipped is said so, on standard error
    assert "note:" in result.stderr and "inner part" in result.stderr


def test_start_end_seed_and_settings_arrive(clip, tmp_path):
    words = ["track", str(clip), "--box", BOX, "--tracker", "still", "--out", str(tmp_path)]
    assert main([*words, "--start", "3", "--end", "8", "--seed", "5", "--set", "confidence=0.25"]) == 0
    assert [int(row["frame"]) for row in rows(tmp_path)] == [3, 4, 5, 6, 7]
    assert rows(tmp_path)[-1]["score"] == "0.25"
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["seed"] == 5 and run["config"]["confidence"] == 0.25


def test_a_mask_points_at_its_targets(clip, tmp_path):
    ids = np.zeros((90, 160), np.uint8)
    ids[10:30, 20:60], ids[50:60, 100:110] = 3, 9
    write_palette_png(tmp_path / "mask.png", ids)
    words = ["track", str(clip), "--mask", str(tmp_path / "mask.png"), "--tracker", "still"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    first = {row["target"]: [float(row[k]) for k in "xywh"] for row in rows(tmp_path / "out")[:2]}
    assert first == {"3": [20, 10, 40, 20], "9": [100, 50, 10, 10]}


def test_the_default_folder_is_under_runs(clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["track", str(clip), "--box", BOX, "--tracker", "still"]) == 0
    (folder,) = (tmp_path / "runs" / "track").iterdir()
    assert (folder / "boxes.csv").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--box", "1000,10,20,20"], "outside"),
        (["--box", "10,10,0,20"], "no area"),
        (["--box", "10,10,nan,20"], "not finite"),
        (["--box", BOX, "--start", "99"], "99"),
        (["--box", BOX, "--mask", "mask.png"], "not both"),
        (["--mask", "nowhere.png"], "nowhere.png"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_targets_that_point_at_nothing_exit_with_2_and_leave_nothing(words, said, clip, tmp_path, capsys):
    assert main(["track", str(clip), *words, "--tracker", "still", "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def break_picture(pictures: Path, folder: Path, index: int) -> Path:
    shutil.copytree(pictures, folder)
    broken = folder / f"{index}.jpg"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    return broken


def test_a_broken_frame_stops_and_what_came_before_is_kept(pictures, tmp_path, capsys):
    broken = break_picture(pictures, tmp_path / "in", 7)
    words = [
        "track",
        str(tmp_path / "in"),
        "--box",
        BOX,
        "--tracker",
        "still",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(words) == 2
    message = capsys.readouterr().err
    assert broken.name in message and "7 frames before that are kept" in " ".join(message.split())
    assert len(rows(tmp_path / "out")) == num_frames(tmp_path / "out" / "video.mp4") == 7
    assert json.loads((tmp_path / "out" / "run.json").read_text())["finished"] is False


def test_a_broken_frame_can_be_skipped(pictures, tmp_path, capsys):
    break_picture(pictures, tmp_path / "in", 7)
    words = [
        "track",
        str(tmp_path / "in"),
        "--box",
        BOX,
        "--tracker",
        "still",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*words, "--on-bad-frame", "skip", "--json"]) == 0
    output = capsys.readouterr()
    assert "note:" in output.err and "7.jpg" in output.err
    (skipped,) = json.loads(output.out)["skipped"]
    assert "7.jpg" in skipped
    assert [int(row["frame"]) for row in rows(tmp_path / "out")] == [i for i in range(NUM_FRAMES) if i != 7]
    assert len(json.loads((tmp_path / "out" / "run.json").read_text())["skipped"]) == 1


def test_ctrl_c_keeps_whole_files_and_exits_with_130(tmp_path):
    # frames enough for minutes; the picture is large so that it takes a while to draw and encode each
    folder, rgb = tmp_path / "in", np.zeros((720, 1280, 3), np.uint8)
    folder.mkdir()
    cv2.imwrite(str(folder / "0.jpg"), rgb)
    for index in range(1, 4000):
        (folder / f"{index}.jpg").hardlink_to(folder / "0.jpg")
    out = tmp_path / "out"
    words = ["track", folder, "--box", "400,300,100,100", "--tracker", "still", "--out", out]
    with subprocess.Popen(
        [sys.executable, "-m", "saccade", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        growing = out / "boxes.csv.part"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (growing.is_file() and growing.stat().st_size > 500):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == 130, message
    assert (
        "interrupted" in message and str(out) in "".join(message.split("\n")) and "Traceback" not in message
    )
    done = len(rows(out))
    assert 10 <= done < 4000
    assert num_frames(out / "video.mp4") == len((out / "boxes.txt").read_text().splitlines()) == done
    assert json.loads((out / "run.json").read_text())["finished"] is False
    assert not list(out.glob("*.part"))


def test_a_disk_that_is_full_exits_with_1_and_says_so(clip, tmp_path, monkeypatch, capsys):
    from saccade.core import OutputError
    from saccade.media import RunWriter

    def full(self, found):
        raise OutputError(f"{self.folder}: cannot be written (No space left on device)")

    monkeypatch.setattr(RunWriter, "write", full)
    assert main(["track", str(clip), "--box", BOX, "--tracker", "still", "--out", str(tmp_path)]) == 1
    assert "No space left" in capsys.readouterr().err


def test_demo_tells_its_story_in_files_and_numbers(tmp_path, capsys):
    words = ["demo", "--tracker", "still", "--frames", "40", "--out", str(tmp_path), "--json"]
    assert main(words) == 0
    value = json.loads(capsys.readouterr().out)
    # a tracker that stands still is soon left behind
    assert 0 < value["auc"] < 40 and value["frames"] == 40 and value["fps"] > 0
    charts = {path.name for path in (tmp_path / "plots").iterdir()}
    assert charts == {"overlap.png", "score.png", "size.png", "success.png"}
    assert num_frames(tmp_path / "video.mp4") == 40
    page = (tmp_path / "report.html").read_text()
    assert 'src="video.mp4"' in page and page.count("<svg") == 4 and "$" not in page
    # the only addresses in it name the language of its drawings
    assert "http" not in page.replace("http://www.w3.org/", "")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["models"]["still"]["auc"] == value["auc"]


def test_demo_for_people(tmp_path, capsys):
    assert main(["demo", "--tracker", "still", "--frames", "5", "--out", str(tmp_path)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "AUC" in text and "frames/s" in text and "report.html" in text


def test_bench_as_json_and_for_people(clip, capsys):
    words = ["bench", "still", "--source", str(clip), "--targets", "3"]
    assert main([*words, "--json"]) == 0
    output = capsys.readouterr()
    value = json.loads(output.out)
    assert value["model"] == "still" and value["targets"] == 3 and value["frames"] > 0
    assert value["median_ms"] <= value["p95_ms"] and set(value["stages_ms"]) == {"recall"}
    # the clip is shorter than what is asked for by default
    assert f"only {NUM_FRAMES} frames" in " ".join(output.err.split())
    assert main(words) == 0
    assert "frames/s" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "measured"), [("1", "1 frame"), ("5", "5 frames")])
def test_bench_measures_as_many_frames_as_asked_for(asked, measured, capsys):
    assert main(["bench", "still", "--frames", asked]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"measured {measured} after 10 of warm-up" in text
    assert ("95th percentile" in text) == (asked != "1"), "a single frame has no percentiles"


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs a virtual display; install xvfb")
def test_a_window_shows_the_whole_run(clip, tmp_path):
    words = ["track", clip, "--box", BOX, "--tracker", "still", "--out", tmp_path / "out", "--show", "window"]
    result = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-m", "saccade", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert len(rows(tmp_path / "out")) == NUM_FRAMES


@pytest.mark.skipif(sys.platform != "linux", reason="displays are named by DISPLAY on Linux only")
def test_a_window_without_a_display_is_said(clip):
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    result = saccade("track", clip, "--show", "window", "--tracker", "still", env=bare)
    assert result.returncode == 2 and "no display" in result.stderr and "Traceback" not in result.stderr


def test_a_real_clip(shared_data, tmp_path):
    source = shared_data / "video" / "cutie_example.mp4"
    if not source.is_file():
        pytest.skip("no video/cutie_example.mp4")
    assert (
        main(["track", str(source), "--box", "200,150,120,140", "--tracker", "still", "--out", str(tmp_path)])
        == 0
    )
    assert num_frames(tmp_path / "video.mp4") == len(rows(tmp_path)) == num_frames(source)


@pytest.mark.slow
def test_a_polite_kill_leaves_whole_files_too(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.jpg"), np.zeros((360, 640, 3), np.uint8))
    for index in range(1, 4000):
        (folder / f"{index}.jpg").hardlink_to(folder / "0.jpg")
    words = ["track", folder, "--box", "40,30,100,100", "--tracker", "still", "--out", out]
    with subprocess.Popen(
        [sys.executable, "-m", "saccade", *map(str, words)], stderr=subprocess.PIPE, text=True
    ) as process:
        growing, deadline = out / "boxes.csv.part", time.monotonic() + 60
        while time.monotonic() < deadline and not (growing.is_file() and growing.stat().st_size > 500):
            time.sleep(0.05)
        process.terminate()
        _, message = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, message
    assert num_frames(out / "video.mp4") == len(rows(out)) >= 10
    assert not list(out.glob("*.part"))
