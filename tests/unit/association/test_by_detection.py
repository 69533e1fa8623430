"""Tracking by detection: one model, whose step finds and says who is who."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from saccade.association import ASSOCIATORS, TrackingByDetection
from saccade.association.by_detection import associator_of
from saccade.core import (
    ConfigError,
    Frame,
    Instances,
    Model,
    ModelError,
    Run,
    SaccadeWarning,
    TargetError,
    Targets,
    follow_frames,
)
from saccade.core.config import to_json
from saccade.core.instances import NOBODY
from tests.unit.association.things import IMAGE, Script, squares

NAMES = list(ASSOCIATORS)


def passing(index: int) -> Instances:
    """Two that move past each other, a third who is hardly seen in every other frame, and rubbish."""
    corners = [(10.0 + 4 * index, 20.0), (170.0 - 4 * index, 100.0), (60.0 + index, 180.0), (250.0, 150.0)]
    return squares(index, corners, [0.9, 0.8, 0.3 if index % 2 else 0.9, 0.15], ["car", "bus", "car", "bus"])


def over(model: TrackingByDetection, count: int) -> list[Instances]:
    return [found for _, found in follow_frames(model, [IMAGE] * count)]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_model_whose_step_finds_and_follows(name: str) -> None:
    model = TrackingByDetection.of(Script(passing), name)
    run = model.start(seed=3)
    assert isinstance(model, Model) and isinstance(run, Run) and model.name == f"script+{name}"
    for index in range(10):
        found = run.step(IMAGE)
        assert found.frame == index and "associate" in found.timings
    ids = dict(zip(found.boxes[:, 1].tolist(), found.ids.tolist(), strict=True))
    assert ids[20.0] != NOBODY != ids[100.0] and ids[20.0] != ids[100.0]
    tracked = found.ids != NOBODY
    assert found.status.tolist() == np.where(tracked, "tracked", "uncertain").tolist()


def test_what_is_hardly_seen_goes_on_with_a_track_and_begins_none() -> None:
    found = over(TrackingByDetection.of(Script(passing), "bytetrack"), 12)
    third = [each.ids[each.boxes[:, 1] == 180.0].tolist() for each in found]
    assert third[0] == [NOBODY] and len({who for ids in third[1:] for who in ids}) == 1
    assert all(ids for ids in third[1:])
    # those who could begin a track are reported, others are not
    assert not any((each.boxes[:, 0] == 250.0).any() for each in found)
    sure = over(TrackingByDetection.of(Script(passing), "bytetrack", threshold=0.1), 4)[-1]
    assert (sure.boxes[:, 0] == 250.0).any() and (sure.ids != NOBODY).all()


def test_other_classes_are_left_out() -> None:
    (*_, found) = over(TrackingByDetection.of(Script(passing), classes=["bus"]), 4)
    assert found.names.tolist() == ["bus"] and found.ids.tolist() == [0]
    nameless = Script(lambda index: squares(index, [(1.0, 1.0)], [0.9]))
    assert len(over(TrackingByDetection.of(nameless, classes=["bus"]), 3)[-1]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_boxes_without_area_are_nobody(name: str) -> None:
    def at(index: int) -> Instances:
        found = squares(index, [(10.0, 10.0), (100.0, 100.0)], [0.9, 0.9])
        return replace(found, boxes=np.array([found.boxes[0], [100.0, 100.0, 100.0, 140.0]]))

    assert [len(found) for found in over(TrackingByDetection.of(Script(at), name), 4)] == [1] * 4


def test_frames_that_are_looked_at_together_give_the_same() -> None:
    model = TrackingByDetection.of(Script(passing))
    run = model.start()
    frames = [Frame(IMAGE, index) for index in range(8)]
    for found, stepped in zip(model.detector(frames), over(model, 8), strict=True):
        assert run.identify(found).to_coco() == stepped.to_coco()


def test_run_json_can_say_how_it_ran() -> None:
    model = TrackingByDetection.of(Script(passing), "sort", threshold=0.4, fps=10, lost_track_buffer="7")
    said = to_json(model.config)["association"]
    assert said["name"] == "sort" and said["threshold"] == 0.4 and said["fps"] == 10.0
    assert said["settings"]["lost_track_buffer"] == 7 and said["settings"]["minimum_consecutive_frames"] == 3


@pytest.mark.parametrize(
    ("name", "threshold", "least"),
    [
        ("bytetrack", None, 0.1),
        ("botsort", None, 0.1),
        ("bytetrack", 0.02, 0.02),
        # one stage: what cannot begin a track is of no use
        ("ocsort", None, 0.6),
        ("sort", None, 0.25),
        ("sort", 0.5, 0.5),
    ],
)
def test_a_detector_is_asked_for_all_that_is_of_use(name: str, threshold: float | None, least: float) -> None:
    assert associator_of(name, threshold=threshold).least == least
    detector = Script(passing)
    detector.config = SimpleNamespace(threshold=least)
    TrackingByDetection.of(detector, name, threshold=threshold)
    detector.config = SimpleNamespace(threshold=least + 0.1)
    with pytest.warns(SaccadeWarning, match=f"load it with settings={{'threshold': {least:g}}}"):
        TrackingByDetection.of(detector, name, threshold=threshold)


@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, {}) for name in NAMES), ("botsort", {"cmc_method": "orb"})],
)
def test_a_run_goes_on_where_another_stood(name: str, settings: dict[str, str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    frames = [Frame(np.roll(noise, index, axis=1), index, index / 25) for index in range(16)]
    model = TrackingByDetection.of(Script(passing), name, **settings)
    run = model.start()
    for frame in frames[:7]:
        run.step(frame)
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    rest = [run.step(frame) for frame in frames[7:]]
    other = model.start()
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    for frame, expected in zip(frames[7:], rest, strict=True):
        found = other.step(frame)
        assert found.ids.tolist() == expected.ids.tolist() and found.to_coco() == expected.to_coco()


def test_a_state_of_something_else_is_refused() -> None:
    model = TrackingByDetection.of(Script(passing), "sort")
    state = model.start().state_dict()
    with pytest.raises(ModelError, match="lost_track_buffer"):
        TrackingByDetection.of(Script(passing), "sort", lost_track_buffer=3).start().load_state_dict(state)
    state["association"]["tracks"] = {"class": ["os", "system"], "fields": {}}
    with pytest.raises(ModelError, match=r"names os\.system, which is no part of a track"):
        model.start().load_state_dict(state)


def test_nothing_can_be_pointed_at() -> None:
    with pytest.raises(TargetError, match="finds by itself"):
        TrackingByDetection.of(Script(passing)).start().step(IMAGE, Targets(boxes=[(1, 1, 5, 5)]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"associate": "sorta"}, "did you mean 'sort'"),
        ({"lost_track_bufer": 3}, "did you mean 'lost_track_buffer'"),
        ({"sure": 0.3}, "no setting 'sure'"),
        ({"classes": []}, "no class is named"),
        ({"classes": ["trane"]}, "knows no class 'trane'; did you mean 'train'"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    detector = Script(passing)
    detector.config = SimpleNamespace(threshold=0.05, network=SimpleNamespace(classes=("train", "bus")))
    with pytest.raises(ConfigError, match=message):
        TrackingByDetection.of(detector, **change)
