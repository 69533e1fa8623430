"""The loop around `step`."""

import numpy as np
import pytest

import saccade
from saccade.core import Frame, FrameError, TargetError, Targets, follow_frames

IMAGE = np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3)
BOX = (1, 2, 4, 5)


def test_every_frame_comes_with_what_was_found():
    pairs = list(follow_frames(saccade.load("still"), [IMAGE] * 3, Targets(boxes=[BOX])))
    assert [frame.index for frame, _ in pairs] == [0, 1, 2]
    assert [found.frame for _, found in pairs] == [0, 1, 2]
    for _, found in pairs:
        np.testing.assert_array_equal(found.xywh, [BOX])


def test_frames_keep_their_own_number_and_time():
    frames = [Frame.of(IMAGE, index=7, time=0.28), Frame.of(IMAGE, index=9, time=0.36)]
    found = [found for _, found in follow_frames(saccade.load("still"), frames, Targets(boxes=[BOX]))]
    assert [(f.frame, f.time) for f in found] == [(7, 0.28), (9, 0.36)]


def test_pictures_of_opencv_are_turned_round():
    ((frame, _),) = follow_frames(saccade.load("still"), [IMAGE], Targets(boxes=[BOX]), color="bgr")
    np.testing.assert_array_equal(frame.image, IMAGE[..., ::-1])


def test_frames_are_taken_one_at_a_time():
    taken = []

    def camera():
        for _ in range(3):
            taken.append(len(taken))
            yield IMAGE

    pairs = follow_frames(saccade.load("still"), camera(), Targets(boxes=[BOX]))
    assert taken == []
    next(pairs)
    assert taken == [0]


def test_a_bad_frame_is_named_and_what_came_before_is_kept():
    pairs = follow_frames(saccade.load("still"), [IMAGE, IMAGE, None], Targets(boxes=[BOX]))
    assert len([next(pairs), next(pairs)]) == 2
    with pytest.raises(FrameError, match="frame 2: got NoneType"):
        next(pairs)


def test_nothing_to_follow_is_refused():
    with pytest.raises(TargetError, match="frame 0: nothing to follow yet"):
        next(follow_frames(saccade.load("still"), [IMAGE]))


def test_no_frames_give_nothing():
    assert list(follow_frames(saccade.load("still"), [], Targets(boxes=[BOX]))) == []
