"""From boxes, mask pictures and the mouse to targets."""

import cv2
import numpy as np
import pytest

from saccade.core import Frame, TargetError
from saccade.deploy.pointing import pick_targets, targets_of
from saccade.ops.masks import write_palette_png


@pytest.fixture
def mask(tmp_path):
    picture = np.zeros((40, 60), np.uint8)
    picture[5:15, 10:30] = 7
    picture[20:22, 40:41] = 2
    write_palette_png(tmp_path / "mask.png", picture)
    return tmp_path / "mask.png"


def test_every_value_of_a_mask_is_a_target(mask):
    targets = targets_of([], mask)
    assert list(targets.ids) == [2, 7]
    assert targets.on_frame((60, 40), "frame 0").tolist() == [[40, 20, 1, 2], [10, 5, 20, 10]]


def test_a_mask_of_another_size_than_the_frame_is_refused(mask):
    with pytest.raises(TargetError, match="shape"):
        targets_of([], mask).on_frame((61, 40), "frame 0")


def test_boxes_are_targets_and_nothing_is_none():
    assert targets_of([(1, 2, 3, 4)], None).boxes == [(1, 2, 3, 4)]
    assert targets_of([], None) is None


def test_boxes_beside_a_mask_are_refused(mask):
    with pytest.raises(TargetError, match="not both"):
        targets_of([(1, 2, 3, 4)], mask)


def write_empty(path):
    write_palette_png(path, np.zeros((4, 4), np.uint8))


def write_colors(path):
    cv2.imwrite(str(path), np.full((4, 4, 3), (1, 2, 3), np.uint8))


def write_text(path):
    path.write_text("no picture")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        pytest.param(lambda path: None, "cannot be read", id="missing"),
        pytest.param(write_text, "cannot be read", id="no picture"),
        pytest.param(write_colors, "ids", id="colours instead of ids"),
        pytest.param(write_empty, "background", id="nothing marked"),
    ],
)
def test_a_picture_without_targets_is_refused_by_name(write, words, tmp_path):
    write(tmp_path / "mask.png")
    with pytest.raises(TargetError, match=rf"mask\.png.*{words}") as raised:
        targets_of([], tmp_path / "mask.png")
    assert str(raised.value).count("mask.png") == 1


class Hand:
    """Stands in for the window and the user."""

    def __init__(self, boxes):
        self.boxes = boxes

    def pick(self, picture):
        self.picture = picture
        return self.boxes


def test_the_mouse_points_in_the_first_frame_and_no_frame_is_lost():
    frames = [Frame(np.full((4, 4, 3), i, np.uint8), i) for i in range(3)]
    hand = Hand([(1, 1, 2, 2)])
    targets, rest = pick_targets(iter(frames), hand)
    assert targets.boxes == [(1, 1, 2, 2)]
    assert (hand.picture == 0).all()
    assert [frame.index for frame in rest] == [0, 1, 2]


def test_a_mouse_that_draws_nothing_is_a_mistake():
    frames = [Frame(np.zeros((4, 4, 3), np.uint8))]
    with pytest.raises(TargetError, match="no box was drawn"):
        pick_targets(iter(frames), Hand([]))
