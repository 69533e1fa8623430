"""From boxes, mask pictures and the mouse to targets."""

import cv2
import numpy as np
import pytest
from PIL import Image

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


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)], ids=["gray", "three channels"])
def test_a_mask_of_0_and_255_is_that_of_target_1(shape, tmp_path):
    picture = np.zeros(shape, np.uint8)
    picture[2:4, 3:6] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), picture)
    targets = targets_of([], tmp_path / "mask.png")
    assert list(targets.ids) == [1]
    assert targets.on_frame((8, 6), "frame 0").tolist() == [[3, 2, 3, 2]]


def test_254_ids_are_254_targets(tmp_path):
    write_palette_png(tmp_path / "mask.png", np.arange(255, dtype=np.uint8).reshape(15, 17))
    assert list(targets_of([], tmp_path / "mask.png").ids) == list(range(1, 255))


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


def write_deep(path):
    Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16)).save(path)


def write_all_values(path):
    write_palette_png(path, np.arange(256, dtype=np.uint8).reshape(16, 16))


def write_smooth(path):
    circle = cv2.circle(np.zeros((40, 60), np.uint8), (30, 20), 10, 255, -1)
    cv2.imwrite(str(path), cv2.GaussianBlur(circle, (5, 5), 0))


def write_broken(path):
    write_palette_png(path, np.ones((4, 4), np.uint8))
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 8] ^= 0xFF
    path.write_bytes(data)


def write_text(path):
    path.write_text("no picture")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        pytest.param(lambda path: None, "cannot be read", id="missing"),
        pytest.param(write_text, "cannot be read", id="no picture"),
        pytest.param(write_colors, "ids", id="colours instead of ids"),
        pytest.param(write_empty, "background", id="nothing marked"),
        pytest.param(write_deep, "more than 8 bits", id="256 ids in 16 bits"),
        pytest.param(write_all_values, "255 stands beside 254 other values", id="256 values"),
        pytest.param(write_smooth, "edges were smoothed", id="smooth edges"),
        pytest.param(write_broken, "cannot be read", id="broken"),
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
