"""Following everything: what is written, counted and drawn."""

import csv
import json
from pathlib import Path

import av
import numpy as np
import pytest

from saccade.association import Counting, TrackingByDetection
from saccade.core import ConfigError, Frame, Instances, SourceError
from saccade.data.formats.tracks import read_tracks
from saccade.deploy.run import Plan
from saccade.deploy.track_found import track_found
from saccade.media import read_boxes_csv
from tests.unit.association.things import Script, squares

COUNT = 12
LINE = ((100.0, 0.0), (100.0, 240.0))


def passing(index: int) -> Instances:
    """A car that passes x = 100, a bus that stands, and one that is seen a single time."""
    once = [(200.0, 150.0)] if index == 5 else []
    scores, names = [0.9, 0.8, *[0.95] * len(once)], ["car", "bus", *["bus"] * len(once)]
    return squares(index, [(40.0 + 8 * index, 20.0), (250.0, 60.0), *once], scores, names)


def frames(count: int, fail_at: int | None = None):
    for index in range(count):
        if index == fail_at:
            raise SourceError(f"frame {index} cannot be read")
        yield Frame(np.full((240, 320, 3), 40, np.uint8), index, index / 10)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def model() -> TrackingByDetection:
    return TrackingByDetection.of(Script(passing))


def test_the_files_of_a_run(tmp_path: Path) -> None:
    counting = Counting([LINE], [[(240, 0), (320, 0), (320, 240), (240, 240)]])
    done = track_found(model(), frames(COUNT), tmp_path, Plan(fps=10.0), counting=counting, batch=5)
    names = ["boxes.csv", "counts.csv", "crossings.csv", "run.json", "tracks.txt", "video.mp4"]
    assert done.files == names == sorted(path.name for path in tmp_path.iterdir())
    # ids, frames and pixels from 1 in the one, from 0 in the other; the first frame belongs to no track yet
    lines = (tmp_path / "tracks.txt").read_text().splitlines()
    assert (
        len(lines) == 2 * (COUNT - 1) and lines[0] == "2,1,49.0000,21.0000,40.0000,40.0000,0.900000,-1,-1,-1"
    )
    tracks = read_tracks(tmp_path / "tracks.txt")
    boxes = table(tmp_path / "boxes.csv")
    assert list(boxes[0]) == ["frame", "target", "x", "y", "w", "h", "score", "status", "name"]
    assert boxes[0] == dict(
        zip(boxes[0], ["1", "0", "48", "20", "40", "40", "0.9", "tracked", "car"], strict=True)
    )
    assert [int(row["frame"]) for row in boxes] == tracks.frames.tolist()
    assert [int(row["target"]) + 1 for row in boxes] == tracks.ids.tolist()
    found = list(read_boxes_csv(tmp_path / "boxes.csv"))
    assert found[0].names.tolist() == ["car", "bus"] and found[0].ids.tolist() == [0, 1]


def test_what_is_counted_is_said_everywhere(tmp_path: Path) -> None:
    counting = Counting([LINE], [[(60, 0), (130, 0), (130, 240), (60, 240)]])
    track_found(model(), frames(COUNT), tmp_path, Plan(fps=10.0), counting=counting)
    assert (tmp_path / "counts.csv").read_text().splitlines() == [
        "where,name,in,out", "line 1,car,1,0", "zone 1,car,0,1",
    ]  # fmt: skip
    (line, zone) = table(tmp_path / "crossings.csv")
    # the middle is at 100 in frame 5; two frames later that is sure
    assert line == {
        "frame": "7", "time": "0.700", "where": "line 1", "target": "0", "name": "car", "direction": "in",
    }  # fmt: skip
    assert zone["where"] == "zone 1" and zone["direction"] == "out"
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["counts"][0]["in"] == {"car": 1} and run["counts"][1]["inside"] == 0
    assert run["tracks"] == 2 and run["classes"] == {"car": 1, "bus": 1} and run["boxes"] == 2 * (COUNT - 1)
    assert run["finished"] and set(run["ms_per_frame"]) == {"associate"}


def test_only_who_has_an_id_is_drawn_and_counts_are(tmp_path: Path) -> None:
    pictures = []

    def watch(frame: Frame, found: Instances, picture: np.ndarray) -> bool:
        pictures.append(picture)
        return len(pictures) < 7

    done = track_found(model(), frames(COUNT), tmp_path / "a", Plan(watch=watch))
    assert done.frames == 7 and (pictures[0] == 40).all() and (pictures[1] != 40).any()
    # the one that is seen a single time
    assert (pictures[5][150:190, 200:240] == 40).all()
    track_found(model(), frames(COUNT), tmp_path / "b", Plan(watch=watch), counting=Counting([LINE]))
    assert (pictures[7][100:140, 100] != 40).any() and (pictures[7][:10, :10] != 40).all()


def test_frames_that_are_no_pictures_leave_no_video(tmp_path: Path) -> None:
    blank = np.zeros((1, 1, 3), np.uint8)
    plan = Plan(draws=False)
    moving = TrackingByDetection.of(Script(passing), "botsort")
    given = [Frame(blank, index) for index in range(COUNT)]
    done = track_found(moving, given, tmp_path, plan, counting=Counting([LINE]))
    assert "video.mp4" not in done.files and not list(tmp_path.glob("*.mp4*"))
    assert done.tallies[0].entered == {"car": 1}


def test_what_breaks_leaves_whole_files(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        track_found(model(), frames(COUNT, fail_at=8), tmp_path, Plan(), counting=Counting([LINE]))
    assert "the 8 frames before that are kept" in raised.value.__notes__[0]
    assert len((tmp_path / "tracks.txt").read_text().splitlines()) == 14
    assert table(tmp_path / "counts.csv")[0]["in"] == "1"
    with av.open(str(tmp_path / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 8
    assert json.loads((tmp_path / "run.json").read_text())["finished"] is False


def test_a_line_outside_of_the_frame_leaves_nothing(tmp_path: Path) -> None:
    counting = Counting([((500, 0), (500, 100))])
    with pytest.raises(ConfigError, match="line 1 lies outside"):
        track_found(model(), frames(3), tmp_path / "out", Plan(), counting=counting)
    assert not (tmp_path / "out").exists()


def test_a_later_run_leaves_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    track_found(model(), frames(6), tmp_path, Plan(), counting=Counting([LINE]))
    done = track_found(model(), frames(6), tmp_path, Plan())
    assert done.files == ["boxes.csv", "run.json", "tracks.txt", "video.mp4"]
    assert not (tmp_path / "counts.csv").exists()


def test_nothing_found_is_a_result(tmp_path: Path) -> None:
    nothing = TrackingByDetection.of(Script(lambda index: squares(index, [(5.0, 5.0)], [0.3])))
    done = track_found(nothing, frames(4), tmp_path, Plan())
    assert done.tracks.total() == 0 and done.surest == 0.3
    assert (tmp_path / "tracks.txt").read_text() == "" and table(tmp_path / "boxes.csv") == []
