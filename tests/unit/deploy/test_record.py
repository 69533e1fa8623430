"""Recording: what is written, what is counted, and what is kept when it ends early."""

import csv
import json
import signal
import threading

import av
import numpy as np
import pytest

from saccade.core import Frame, SourceError, Targets
from saccade.deploy.record import record
from saccade.zoo import load

BOX = (5.0, 6.0, 20.0, 10.0)


def frames(count, fail_at=None, error=None):
    for index in range(count):
        if index == fail_at:
            raise error
        yield Frame(np.full((48, 64, 3), 10 * index, np.uint8), index, index / 10)


def rows(folder):
    with (folder / "boxes.csv").open() as file:
        return list(csv.DictReader(file))


def num_frames(video):
    with av.open(str(video)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_files_of_a_run(tmp_path):
    targets = Targets(boxes=[BOX])
    recording = record(
        load("still"), frames(6), targets, tmp_path / "run", fps=10.0, seed=3, about={"source": "clip"}
    )
    assert recording.files == ["boxes.csv", "boxes.txt", "run.json", "video.mp4"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == recording.files
    assert [row["frame"] for row in rows(tmp_path / "run")] == list("012345")
    assert num_frames(tmp_path / "run" / "video.mp4") == 6
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["model"] == "still" and run["config"] == {"confidence": 1.0}
    assert run["seed"] == 3 and run["source"] == "clip" and run["frames"] == 6 and run["finished"] is True
    assert {"saccade", "torch", "opencv", "python"} <= set(run["versions"])
    assert run["fps"] > 0 and run["ms_per_frame"]["recall"] >= 0
    assert run["targets"] == [0] and run["frames_lost"] == 0 and run["skipped"] == []


def test_several_targets_have_no_single_list_of_boxes(tmp_path):
    recording = record(load("still"), frames(3), Targets(boxes=[BOX, BOX], ids=["a", 4]), tmp_path)
    assert "boxes.txt" not in recording.files
    assert recording.targets == ["a", 4]
    assert [row["target"] for row in rows(tmp_path)] == ["a", "4"] * 3


def test_watching_can_end_it(tmp_path):
    seen = []

    def watch(frame, found, picture):
        seen.append((frame.index, picture.shape))
        return frame.index < 2

    recording = record(load("still"), frames(9), Targets(boxes=[BOX]), tmp_path, watch=watch)
    assert seen == [(i, (48, 64, 3)) for i in range(3)]
    assert recording.frames == 3
    assert json.loads((tmp_path / "run.json").read_text())["finished"] is True


@pytest.mark.parametrize(
    "error", [SourceError("frame 4 is broken", frame=4), KeyboardInterrupt()], ids=["bad", "^C"]
)
def test_what_was_tracked_so_far_is_kept_and_said(error, tmp_path):
    with pytest.raises(type(error)) as raised:
        record(load("still"), frames(9, 4, error), Targets(boxes=[BOX]), tmp_path / "run")
    assert raised.value.__notes__ == [f"the 4 frames before that are kept in {tmp_path / 'run'}"]
    assert len(rows(tmp_path / "run")) == 4
    assert num_frames(tmp_path / "run" / "video.mp4") == 4
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["frames"] == 4 and run["finished"] is False and run["fps"] > 0
    assert not list((tmp_path / "run").glob("*.part"))


def test_an_error_in_the_first_frame_leaves_nothing(tmp_path):
    with pytest.raises(SourceError) as raised:
        record(load("still"), frames(9, 0, SourceError("broken")), Targets(boxes=[BOX]), tmp_path / "run")
    assert not getattr(raised.value, "__notes__", [])
    assert not (tmp_path / "run").exists()


def test_ctrl_c_while_writing_waits_until_the_frame_is_whole(tmp_path, monkeypatch):
    from saccade.deploy import run as module

    class Interrupting(module.VideoSink):
        def write(self, image, time=None):
            if self.num_frames == 2:
                signal.raise_signal(signal.SIGINT)
            super().write(image, time)

    monkeypatch.setattr(module, "VideoSink", Interrupting)
    # SIGINT is ignored where a script began the tests in the background
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            record(load("still"), frames(9), Targets(boxes=[BOX]), tmp_path)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(rows(tmp_path)) == num_frames(tmp_path / "video.mp4") == 3


def test_it_runs_outside_of_the_main_thread(tmp_path):
    done = []
    thread = threading.Thread(
        target=lambda: done.append(record(load("still"), frames(3), Targets(boxes=[BOX]), tmp_path))
    )
    thread.start()
    thread.join()
    assert done[0].frames == 3


def test_lost_frames_are_counted_once_whatever_is_lost_in_them(tmp_path):
    model = load("still")

    class Losing:
        name, config = "losing", None

        def start(self, *, seed=0):
            self.run = model.start(seed=seed)
            return self

        def step(self, frame, targets=None, *, color="rgb"):
            from dataclasses import replace

            found = self.run.step(frame, targets)
            status = ["tracked", "lost"] if frame.index % 2 else ["tracked", "tracked"]
            return replace(found, status=np.array(status))

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    recording = record(Losing(), frames(5), Targets(boxes=[BOX, BOX]), tmp_path)
    assert recording.lost == 2
    assert recording.to_json()["frames_lost"] == 2
