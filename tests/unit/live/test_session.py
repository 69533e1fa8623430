"""A session: what it does when the page asks for it."""

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade import load
from saccade.core import SaccadeWarning, Targets, follow_frames
from saccade.live.browser import decode_jpeg
from saccade.live.export import export
from saccade.live.limits import Limits
from saccade.live.menu import Menu
from saccade.live.shelf import Choice, Shelf
from saccade.media import open_source
from tests.unit.live.material import BOX, SECOND, Finder, Page, clip, jpeg, shelf


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    clip(folder / "cards.mp4", 24)
    (folder / "broken.mp4").write_bytes(b"no video at all")
    return folder


def test_a_clip_is_played_corrected_and_played_on(folder: Path) -> None:
    frames = list(open_source(folder / "cards.mp4"))
    with Page(Menu(None, "", [folder])) as page:
        page.say("open", source="0/cards.mp4")
        assert page.frame()["frame"] == 0
        assert page.state(live=False)["frames"] == 24 and page.pictures[0][:2] == b"\xff\xd8"
        first = page.point(0, (None, BOX), (None, SECOND))
        assert [target["id"] for target in first["targets"]] == [0, 1]
        page.say("play")
        page.state(ended=True)
        page.say("seek", frame=10)
        assert page.frame(10)["targets"][0]["box"][0] > BOX[0] + 10  # as it was found
        page.point(10, (1, (140, 80, 30, 24)))
        page.say("step")
        page.frame(11)
        page.say("play")
        page.state(ended=True)
        _, passed = page.session.taken()
        prompts = {
            0: Targets(boxes=[BOX, SECOND], ids=[0, 1]),
            10: Targets(boxes=[(140, 80, 30, 24)], ids=[1]),
        }
        for _, found in follow_frames(load("eco"), frames, prompts):
            np.testing.assert_array_equal(passed.results.get(found.frame).boxes, found.boxes)


def test_what_was_run_is_played_again_as_it_was(folder: Path) -> None:
    with Page(Menu(None, "", [folder])) as page:
        page.say("open", source="0/cards.mp4")
        page.point(0, (None, BOX))
        page.say("play")
        page.state(ended=True)
        once = {news["frame"]: news["targets"] for news in page.told if news["kind"] == "frame"}
        page.say("seek", frame=0)
        page.frame(0)
        page.told.clear()
        page.say("play")
        page.state(ended=True)
        again = {news["frame"]: news["targets"] for news in page.told if news["kind"] == "frame"}
        assert len(again) == 23 and again == {index: once[index] for index in again}


def test_the_browsers_camera_is_followed() -> None:
    with Page() as page:
        page.say("open", source="camera")
        page.state(playing=True)
        for index in range(3):
            page.session.push(jpeg(index))
            assert page.frame()["own"]
        page.say("pause")
        page.state(playing=False)
        page.point(2, (None, (64, 50, 30, 24)))
        assert page.pictures[2] == jpeg(2)  # as it came
        page.say("play")
        page.state(playing=True)
        for index in range(3, 9):
            page.session.push(jpeg(index))
            news = page.frame(index)
        assert news["latency"] > 0 and news["dropped"] == 0
        _, passed = page.session.taken()
        frames = [decode_jpeg(jpeg(index), index) for index in range(2, 9)]
        for _, found in follow_frames(load("eco"), frames, Targets(boxes=[(64, 50, 30, 24)])):
            np.testing.assert_array_equal(passed.results.get(found.frame).boxes, found.boxes)


def test_no_more_than_two_frames_are_on_their_way_to_the_page() -> None:
    with Page() as page:
        page.shows = False
        page.say("open", source="camera")
        page.state(playing=True)
        for index in range(12):
            page.session.push(jpeg(index))
            time.sleep(0.02)
        page.frame()
        page.frame()
        time.sleep(0.1)
        page.shows = True
        page.say("shown")
        # the newest, and those between are counted
        newest = page.frame()
        assert newest["frame"] == 11 and newest["dropped"] >= 8


def test_another_model_takes_the_targets_over(folder: Path) -> None:
    with Page(Menu(None, "", [folder]), models=shelf("eco", "still")) as page:
        page.say("open", source="0/cards.mp4")
        page.point(0, (None, BOX))
        for _ in range(4):
            page.say("step")
        page.frame(4)
        page.say("choose", model="still")
        page.state(model="still")
        page.say("step")
        fourth, fifth = (page.session.taken()[1].results.get(index) for index in (4, page.frame(5)["frame"]))
        np.testing.assert_allclose(fifth.boxes, fourth.boxes, atol=1e-9)
        # an earlier frame is another model's, too, and all behind it
        page.say("seek", frame=2)
        page.say("choose", model="eco")
        assert page.state(model="eco")["frontier"] == 2
        page.say("step")
        assert page.frame(3)["targets"][0]["id"] == 0
        page.say("choose", model="nothing")
        assert "no such model" in page.until(lambda news: news["kind"] == "error")["message"]


def test_what_the_tracker_sees_is_told_while_it_is_asked_for(folder: Path) -> None:
    with Page(Menu(None, "", [folder])) as page:
        page.say("open", source="0/cards.mp4")
        page.point(0, (None, BOX))
        page.say("inspect", on=True)
        page.say("step")
        (insight,) = page.frame(1)["insights"]
        assert insight["id"] == 0 and insight["region"][0] < BOX[0]
        page.say("inspect", on=False)
        page.say("step")
        assert "insights" not in page.frame(2)


def test_what_finds_things_by_itself_is_not_pointed_at(folder: Path) -> None:
    models = Shelf({"finder": Choice("finder", "pose", "", Finder)})
    with Page(Menu(None, "", [folder]), models=models) as page:
        page.say("open", source="0/cards.mp4")
        first = page.frame(0)
        (person,) = first["targets"]
        assert person["name"] == "person" and "id" not in person and len(person["points"]) == 17
        assert [5, 7] in first["edges"]
        assert "finds things by itself" in page.point(0, (None, BOX))["message"]
        page.say("play")
        assert page.state(ended=True)["points"] is False
        reel, passed = page.session.taken()
        exported = export("found.json", reel, passed, page.session.folder)
        rows = json.loads(exported.path.read_text())
        assert exported.remark == ""
        assert [row["image_id"] for row in rows] == list(range(24)) and rows[0]["bbox"] == [1, 2, 29, 38]


def test_trackers_detectors_and_pose_models_take_turns(folder: Path) -> None:
    models = Shelf(
        {
            "eco": Choice("eco", "track", "", lambda: load("eco")),
            "detector": Choice("detector", "detect", "", lambda: Finder(poses=False)),
            "finder": Choice("finder", "pose", "", Finder),
        }
    )
    with Page(Menu(None, "", [folder]), models=models) as page:
        page.say("open", source="0/cards.mp4")
        page.point(0, (None, BOX))
        page.say("play")
        page.state(ended=True)
        page.say("seek", frame=3)
        page.frame(3)
        page.say("choose", model="detector")
        (found,) = page.frame(3)["targets"]
        assert found["name"] == "person" and not {"id", "points"} & found.keys()
        assert page.state(model="detector")["task"] == "detect"
        page.say("step")
        assert page.frame(4)["targets"] == [found]
        page.say("choose", model="finder")
        assert len(page.frame(4)["targets"][0]["points"]) == 17
        page.say("choose", model="eco")
        page.state(model="eco")
        page.say("step")
        assert page.frame(5)["targets"] == []
        assert page.point(5, (None, SECOND))["targets"][0]["id"] == 1


def test_a_page_whose_line_was_cut_is_told_where_things_stand(folder: Path) -> None:
    with Page(Menu(None, "", [folder])) as page:
        page.say("open", source="0/cards.mp4")
        page.frame(0)
        page.point(0, (None, BOX))
        page.shows = False  # nothing of it arrives
        page.say("play")
        page.frame(1)
        page.frame(2)
        page.shows = True
        page.say("again")
        again = page.frame()
        assert again["frame"] == 2 and again["targets"][0]["id"] == 0 and page.pictures[2]
        assert page.state(playing=True)["frontier"] == 2
        page.state(ended=True)
        assert page.session.taken()[1].results.last == 23


def test_a_camera_that_is_turned_keeps_its_targets() -> None:
    tall = cv2.imencode(".jpg", np.zeros((220, 160, 3), np.uint8))[1].tobytes()
    with Page() as page, pytest.warns(SaccadeWarning, match="now 160x220"):
        page.say("open", source="camera")
        page.state(playing=True)
        for data in (jpeg(0), tall):
            page.session.push(data)
            assert page.frame()["size"] == [220, 160]
        page.say("seek", frame=1)
        page.state(playing=False)
        assert page.session.taken()[0].frame(1).size_wh == (220, 160)


def test_boxes_that_reach_beyond_the_frame_are_cut(folder: Path) -> None:
    with Page(Menu(None, "", [folder])) as page:
        page.say("open", source="0/cards.mp4")
        page.frame(0)
        (target,) = page.point(0, (None, (-5.5, 100.1, 60.0, 500.0)))["targets"]
        assert target["box"] == pytest.approx([0, 100.1, 54.5, 59.9], abs=0.02)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"do": "open", "source": "../../etc/passwd"}, "there is no such clip"),
        ({"do": "open", "source": "0/broken.mp4"}, "cannot be read"),
        ({"do": "open", "source": "upload"}, "nothing has been uploaded"),
        ({"do": "point", "frame": 0, "targets": []}, "open a source"),
    ],
)
def test_a_refusal_names_no_path_and_the_session_goes_on(
    folder: Path, command: dict[str, object], reason: str
) -> None:
    with Page(Menu(None, "", [folder])) as page:
        page.say(str(command.pop("do")), **command)
        message = page.until(lambda news: news["kind"] == "error")["message"]
        assert reason in message and str(folder) not in message and "/" not in message
        page.say("open", source="0/cards.mp4")
        page.frame(0)
        assert "outside" in page.point(0, (None, (900, 900, 5, 5)))["message"]
        page.say("point", frame=5, targets=[{"id": None, "box": BOX}])
        assert "not been shown" in page.until(lambda news: news["kind"] == "error")["message"]
        assert page.point(0, (None, BOX))["kind"] == "frame"


def test_targets_are_limited(folder: Path) -> None:
    with Page(Menu(None, "", [folder]), Limits(targets=2)) as page:
        page.say("open", source="0/cards.mp4")
        page.frame(0)
        assert page.point(0, (None, BOX), (None, SECOND))["kind"] == "frame"
        assert "at most 2" in page.point(0, (None, BOX))["message"]


def test_frames_of_a_live_source_are_kept_for_a_while_and_longer_while_recording() -> None:
    with Page(limits=Limits(kept_frames=5, recorded_frames=8)) as page:
        page.say("open", source="camera")
        page.state(playing=True)

        def watch(first: int, end: int) -> None:
            for index in range(first, end):
                page.session.push(jpeg(index))
                page.frame(index)

        def on_disk() -> int:
            return len(list(page.session.folder.glob("frames-*/*.jpg")))

        watch(0, 9)
        assert on_disk() == 5
        page.say("record", on=True)
        state = page.state(records=True)
        assert state["first"] == 4 and state["recorded"] == 8
        watch(9, 11)
        assert on_disk() == 7
        watch(11, 20)
        assert on_disk() == 8
        # of 4 to 19, the oldest have made room, and nobody is left to wonder
        page.session.push(jpeg(20))
        assert page.frame(20)["unrecorded"] == 9
        reel, passed = page.session.taken()
        exported = export("video.mp4", reel, passed, page.session.folder)
        assert "video.mp4 is without the 13 oldest frames" in exported.remark
        page.say("seek", frame=0)
        assert page.frame()["frame"] == 13  # the oldest there is
