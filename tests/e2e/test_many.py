"""A verb over many videos: folders of results, failures that stop nobody, and what a killed run leaves."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saccade.cli import main
from saccade.zoo import CATALOG
from saccade.zoo.entry import Entry
from tests.e2e.test_eval_killed import COMMAND, TRACKER
from tests.unit.media.clips import encode

FRAMES = 6
Clips = Callable[..., Path]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Three that are whole."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a", "b", "c10"):
        encode(folder / f"{name}.mp4", FRAMES)
    return folder


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """The targets of the three, told apart by where they begin; those of b are two, and begin later."""
    path = tmp_path / "boxes.csv"
    path.write_text(
        "video,x,y,w,h,frame\na.mp4,1,10,9,9,\nvideos/b.mp4,2,10,9,9,3\nb.mp4,4,12,9,9,3\nc10.mp4,3,10,9,9,\n"
    )
    return path


def track(source: object, out: Path, *words: object) -> int:
    return main(["track", str(source), "--tracker", "still", "--out", str(out), *map(str, words)])


def summary(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text())


def states(out: Path) -> dict[str, str]:
    return {Path(run["out"]).name: run["state"] for run in summary(out)["runs"]}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "boxes.csv").open() as file:
        return list(csv.DictReader(file))


def test_each_video_has_the_files_of_a_run_by_itself(
    videos: Path, boxes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert track(videos, out, "--boxes", boxes, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == summary(out)
    assert states(out) == {"a": "finished", "b": "finished", "c10": "finished"}
    assert (said["finished"], said["videos"], said["failed"], said["frames"]) == (True, 3, 0, 6 + 3 + 6)
    assert said["runs"][1]["targets"] == [0, 1]
    assert {path.name for path in (out / "a").iterdir()} == {
        "boxes.csv",
        "boxes.txt",
        "run.json",
        "video.mp4",
    }
    assert [(row["frame"], row["x"]) for row in rows(out / "b")][:3] == [("3", "2"), ("3", "4"), ("4", "2")]

    command = json.loads((out / "b" / "run.json").read_text())["command"].split()[1:]
    alone = [*command[:-1], str(tmp_path / "alone")]
    assert command[-2:] == ["--out", str(out / "b")] and main(alone) == 0
    assert rows(tmp_path / "alone") == rows(out / "b")


def test_what_is_finished_is_kept_and_the_rest_is_tried_again(
    videos: Path, boxes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, whole = tmp_path / "out", (videos / "b.mp4").read_bytes()
    (videos / "b.mp4").write_bytes(b"rubbish")
    assert track(videos, out, "--boxes", boxes) == 1
    said, err = capsys.readouterr()
    assert "b  " in said and "2 finished, 1 failed" in " ".join(said.split())
    assert f"b: {videos / 'b.mp4'}: cannot be opened as a video" in err.splitlines()[-2]
    assert err.splitlines()[-1].startswith("saccade: 1 of 3 videos failed; the same command with --out")
    # another try at a broken video would end alike
    assert [run["tries"] for run in summary(out)["runs"]] == [1, 1, 1]
    before = (out / "a" / "run.json").stat().st_mtime_ns

    (videos / "b.mp4").write_bytes(whole)
    assert track(f"{videos}/*.mp4", out, "--boxes", boxes, "--workers", 2) == 0
    assert states(out) == {"a": "kept", "b": "finished", "c10": "kept"}
    assert (out / "a" / "run.json").stat().st_mtime_ns == before
    assert "2 of 3 videos are finished already" in capsys.readouterr().err

    # the box of one video moves, another video is younger than its result
    boxes.write_text(boxes.read_text().replace("a.mp4,1,", "a.mp4,7,"))
    os.utime(videos / "c10.mp4", (time.time() + 60, time.time() + 60))
    assert track(videos, out, "--boxes", boxes) == 1
    assert states(out) == {"a": "finished", "b": "kept", "c10": "failed"}
    assert rows(out / "a")[0]["x"] == "7"


def test_results_of_other_settings_are_not_added_to(
    videos: Path, boxes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert track(videos, out, "--boxes", boxes, "--set", "confidence=0.5") == 0
    kept = summary(out)
    assert track(videos, out, "--boxes", boxes, "--set", "confidence=0.25") == 2
    said = capsys.readouterr().err
    assert "holds results of other settings (--set: confidence=0.5 then, confidence=0.25 now)" in said
    assert summary(out) == kept
    # where something is run decides on nothing
    assert track(videos, out, "--boxes", boxes, "--set", "confidence=0.5", "--device", "cpu") == 0
    assert set(states(out).values()) == {"kept"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(
            [], "every video has targets of its own; say where they are with --boxes", id="no boxes"
        ),
        pytest.param(
            ["--box", "1,2,3,4"],
            "--box belongs to one video; name the targets of each with --boxes",
            id="one box",
        ),
        pytest.param(["--boxes", "{boxes}", "--tracker", "stil"], "did you mean 'still'", id="model"),
        pytest.param(["--boxes", "{boxes}", "--set", "a=1"], "no setting 'a'", id="setting"),
        pytest.param(["--boxes", "{boxes}", "--start", "1"], "say the same", id="start twice"),
        pytest.param(["--boxes", "{boxes}", "--ray", "127.0.0.1:1"], "no cluster answers", id="cluster"),
    ],
)
def test_what_is_wrong_for_all_is_said_once(
    videos: Path,
    boxes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    if "--ray" in words:
        pytest.importorskip("ray", reason="needs the extra [cluster]")
    given = [word.format(boxes=boxes) for word in words]
    assert track(videos, tmp_path / "out", *given) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("saccade: ") and message in said
    assert not list(tmp_path.glob("out/*/run.json"))


def test_many_videos_are_no_wish_for_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "0", "--model", "yolox_nano", "--workers", "2"]) == 2
    assert "--workers is for videos, and 0 is no video file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["detect", "--model", "yolox_nano"], id="detect"),
        pytest.param(["pose", "--model", "simplebaseline_resnet50", "--box", "5,5,40,40"], id="pose"),
    ],
)
def test_one_video_is_a_batch_of_one_for_those_who_say_so(tmp_path: Path, words: list[str]) -> None:
    clip, out = encode(tmp_path / "clip.mp4", 2), tmp_path / "out"
    assert (
        main([words[0], str(clip), *words[1:], "--weights", "none", "--workers", "1", "--out", str(out)]) == 0
    )
    assert states(out) == {"clip": "finished"}
    assert summary(out)["runs"][0]["frames"] == 2
    assert (out / "clip" / "video.mp4").is_file()


class Tracking:
    """`saccade track --tracker slow` over many videos in a process of its own, which leads its group."""

    def __init__(self, videos: Path, boxes: Path, out: Path, *more: str, **environment: str) -> None:
        self.out, self.log = out, videos.parent / "log"
        script = videos.parent / "command.py"
        script.write_text(COMMAND)
        (videos.parent / "slow_tracker.py").write_text(TRACKER)
        words = ["track", str(videos), "--boxes", str(boxes), "--tracker", "slow", "--out", str(out), *more]
        self.process = subprocess.Popen(
            [sys.executable, str(script), *words],
            env={**os.environ, "SLOW_LOG": str(self.log), "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finished(self) -> set[str]:
        runs = self.out.glob("*/run.json")
        return {path.parent.name for path in runs if json.loads(path.read_text())["finished"]}

    def kill_after_the_first(self) -> set[str]:
        while not self.finished():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        return self.finished()

    def steps(self) -> Counter[str]:
        return Counter(self.log.read_text().splitlines())


# in one process it is quick; two begin a process that others are forked from
@pytest.mark.parametrize("crew", [[], pytest.param(["--workers", "2"], marks=pytest.mark.slow)])
def test_a_killed_driver_takes_its_workers_along_and_the_next_one_goes_on(
    videos: Path, boxes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crew: list[str]
) -> None:
    killed = Tracking(videos, boxes, tmp_path / "out", *crew, SLOW_SECONDS="0.1")
    done = killed.kill_after_the_first()
    assert done < {"a", "b", "c10"}
    before = None
    while before != (now := killed.steps()):
        before = now
        time.sleep(0.5)
    assert killed.finished() == done

    row = Entry(name="slow", task="track", method="slow_tracker", preset="PRESET", summary="", cpu_only=True)
    monkeypatch.setitem(CATALOG, "slow", row)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SLOW_LOG", str(killed.log))
    out = killed.out
    assert main(["track", str(videos), "--boxes", str(boxes), "--tracker", "slow", "--out", str(out)]) == 0
    assert states(out) == {name: "kept" if name in done else "finished" for name in ("a", "b", "c10")}
    steps = killed.steps()
    if "a" in done:
        assert [steps[f"1 {frame}"] for frame in range(FRAMES)] == [1] * FRAMES
    assert len(rows(out / "c10")) == FRAMES


def test_what_nobody_expected_is_tried_again_and_accounted_for(
    videos: Path,
    boxes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "failing_tracker.py").write_text(TRACKER)
    monkeypatch.syspath_prepend(tmp_path)
    row = Entry(
        name="failing", task="track", method="failing_tracker", preset="PRESET", summary="", cpu_only=True
    )
    monkeypatch.setitem(CATALOG, "failing", row)
    monkeypatch.setenv("SLOW_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("SLOW_FAILS", "1")
    out, words = tmp_path / "out", ["--boxes", boxes, "--tracker", "failing"]
    assert track(videos, out, *words) == 1
    assert "a: RuntimeError: lost for words" in capsys.readouterr().err
    assert states(out) == {"a": "failed", "b": "finished", "c10": "finished"}
    assert [run["tries"] for run in summary(out)["runs"]] == [2, 1, 1]
    account = (out / "a" / "failure.txt").read_text()
    assert account.startswith("RuntimeError: lost for words\n") and "failing_tracker.py" in account

    monkeypatch.setenv("SLOW_FAILS", "")
    assert track(videos, out, *words) == 0
    assert states(out) == {"a": "finished", "b": "kept", "c10": "kept"}
    assert not (out / "a" / "failure.txt").exists()


CLUSTER = """
import sys

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    small = {"num_cpus": 2, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    sys.stdout.write(cluster.address + "\\n")
    sys.stdout.flush()
    sys.stdin.read()
    cluster.shutdown()
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_driver_of_a_cluster_is_continued(videos: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    out = tmp_path / "out"
    cluster = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert cluster.stdout is not None
        address = next(line.strip() for line in cluster.stdout if ":" in line)
        model = ["--model", "yolox_nano", "--weights", "none", "--threshold", "0.0001"]
        crew = ["--workers", "1", "--ray", address]
        command = [sys.executable, "-m", "saccade", "detect", "videos", *model, *crew, "--out", "out"]
        driver = subprocess.Popen(command, cwd=tmp_path)
        while '"finished": true' not in "".join(path.read_text() for path in out.glob("*/run.json")):
            assert driver.poll() is None
            time.sleep(0.02)
        driver.kill()
        driver.wait()
        before = (out / "a" / "run.json").stat().st_mtime_ns
        assert subprocess.run(command, cwd=tmp_path, timeout=400).returncode == 0
    finally:
        cluster.communicate()
    assert (out / "a" / "run.json").stat().st_mtime_ns == before
    assert states(out) == {"a": "kept", "b": "finished", "c10": "finished"}
    assert all(run["found"] > 0 for run in summary(out)["runs"])
