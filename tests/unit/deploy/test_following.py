"""Following things in a source, from opening it to closing it."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import saccade
from saccade.core import ConfigError, Frame, Instances, ModelError, SaccadeWarning, SourceError, TargetError
from saccade.core.instances import NOBODY
from saccade.deploy.following import follow
from tests.unit.association.things import squares
from tests.unit.media.clips import picture

BOX = (10, 10, 20, 15)


@pytest.fixture(scope="module")
def still() -> saccade.core.Model:
    return saccade.load("still")


def test_every_frame_of_a_video_comes_with_what_was_found(
    still: object, make_video: Callable[..., Path]
) -> None:
    steps = list(follow(still, make_video(num_frames=12), boxes=[BOX], ids=["car"], start=2, end=8))
    assert [frame.index for frame, _ in steps] == [found.frame for _, found in steps] == list(range(2, 8))
    for frame, found in steps:
        assert isinstance(frame, Frame) and isinstance(found, Instances)
        assert found.xywh.tolist() == [list(BOX)] and list(found.ids) == ["car"] and found.time == frame.time


def test_it_is_public() -> None:
    assert saccade.follow is follow


def test_masks_point_at_targets_too(still: object) -> None:
    mask = np.zeros((48, 64), bool)
    mask[5:10, 20:40] = True
    ((_, found),) = follow(still, [picture(0)], masks=[mask])
    assert found.xywh.tolist() == [[20, 5, 20, 5]]


def test_arrays_may_be_bgr(still: object) -> None:
    ((frame, _),) = follow(still, [picture(0)[..., ::-1]], boxes=[BOX], color="bgr")
    assert np.array_equal(frame.image, picture(0))


def test_closing_the_generator_closes_the_source(still: object, make_video: Callable[..., Path]) -> None:
    steps = follow(still, make_video(num_frames=60), boxes=[BOX])
    next(steps)
    assert any(t.name.startswith("saccade-reader") for t in threading.enumerate())
    steps.close()
    assert not any(t.name.startswith("saccade-reader") for t in threading.enumerate())


def test_frames_before_a_broken_one_are_followed(still: object, make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=5)
    (folder / "img3.png").write_bytes(b"")
    done = []
    with pytest.raises(SourceError, match="frame 3") as caught:
        done.extend(frame.index for frame, _ in follow(still, folder, boxes=[BOX]))
    assert done == [0, 1, 2] and caught.value.frame == 3
    with pytest.warns(SaccadeWarning, match="frame 3"):
        steps = list(follow(still, folder, boxes=[BOX], on_bad_frame="skip"))
    assert [found.frame for _, found in steps] == [0, 1, 2, 4]


def test_a_box_is_not_carried_over_to_another_frame(still: object, make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=5)
    (folder / "img0.png").write_bytes(b"")
    with (
        pytest.warns(SaccadeWarning),
        pytest.raises(SourceError, match="pointed at in a frame that cannot be read; begin at a later one"),
    ):
        next(follow(still, folder, boxes=[BOX], on_bad_frame="skip"))
    assert next(follow(still, folder, boxes=[BOX], start=1))[1].frame == 1


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([], "nothing to follow yet"),
        ([(1, 2, 0, 4)], "has no area"),
        ([(1, 2, float("nan"), 4)], "not finite"),
        ([(100, 2, 5, 4)], "outside the frame"),
    ],
)
def test_a_target_that_is_none_is_refused(
    still: object, make_video: Callable[..., Path], boxes: list[tuple[float, ...]], message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        next(follow(still, make_video(), boxes=boxes))


def test_a_detector_with_an_association_follows_all_that_it_finds() -> None:
    def detect(frames: list[Frame]) -> list[Instances]:
        return [squares(frame.index, [(5.0 + frame.index, 5.0)], [0.9], ["car"]) for frame in frames]

    steps = list(follow(detect, [picture(0)] * 5, associate="sort", threshold=0.5, classes=["car"]))
    assert [found.ids.tolist() for _, found in steps] == [[NOBODY], [NOBODY], [0], [0], [0]]
    assert all(found.names.tolist() == ["car"] for _, found in steps)
    assert not any(
        len(found) for _, found in follow(detect, [picture(0)] * 5, associate="sort", classes=["bus"])
    )


def test_a_tracker_is_not_asked_for_all_that_it_finds(still: object) -> None:
    with pytest.raises(ModelError, match=r"'still' follows what it is pointed at.*leave associate out"):
        next(follow(still, [picture(0)], associate="bytetrack"))


@pytest.mark.parametrize("words", [{"threshold": 0.5}, {"classes": ["car"]}])
def test_what_is_for_associations_is_refused_without_one(still: object, words: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="associate='bytetrack'"):
        next(follow(still, [picture(0)], boxes=[BOX], **words))
