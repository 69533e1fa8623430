"""Augmentation: boxes go where their pixels go, whatever happens to a picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core import ConfigError
from saccade.data.detection.augment import (
    Augmentation,
    ColorShift,
    IoUCrop,
    Mixup,
    Mosaic,
    Photometric,
    ScaleJitter,
    ZoomOut,
)
from saccade.data.detection.augment_mosaic import mixed, mosaic
from saccade.data.detection.augmenting import Augmenter
from saccade.data.detection.labelled import GREY, LabelledPicture
from saccade.data.samples.dice import Dice

SIDE = 64
EVERYTHING = Augmentation(
    mosaic=Mosaic(probability=0.5),
    mixup=Mixup(probability=0.5),
    photometric=Photometric(probability=0.5),
    zoom_out=ZoomOut(probability=0.5),
    iou_crop=IoUCrop(probability=0.5),
    scale_jitter=ScaleJitter(probability=0.5),
    colors=ColorShift(hue=5.0, saturation=30.0, value=30.0),
    flip_down=0.5,
)
SHAPES = st.tuples(st.integers(20, 120), st.integers(20, 120))


def empty(width: int, height: int, value: int = 0) -> LabelledPicture:
    return LabelledPicture(
        np.full((height, width, 3), value, np.uint8),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, bool),
    )


def painted(width: int, height: int, box: tuple[int, int, int, int]) -> LabelledPicture:
    """One white box on black."""
    picture = empty(width, height)
    x1, y1, x2, y2 = box
    picture.pixels[y1:y2, x1:x2] = 255
    return LabelledPicture(
        picture.pixels, np.array([box], np.float32), np.array([3], np.int64), np.array([False])
    )


@st.composite
def pictures(draw: st.DrawFn) -> LabelledPicture:
    width, height = draw(SHAPES)
    x1, y1 = draw(st.integers(0, width - 8)), draw(st.integers(0, height - 8))
    return painted(
        width, height, (x1, y1, draw(st.integers(x1 + 6, width)), draw(st.integers(y1 + 6, height)))
    )


def seen(picture: LabelledPicture) -> list[int]:
    """The box around what is white."""
    rows, columns = np.nonzero(picture.pixels[..., 0] > 127)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@given(pictures())
def test_mirrored_twice_is_as_before(picture: LabelledPicture) -> None:
    for change in (LabelledPicture.mirrored, LabelledPicture.upside_down):
        once = change(picture)
        assert seen(once) == once.boxes[0].tolist()
        twice = change(once)
        assert np.array_equal(twice.pixels, picture.pixels)
        assert np.array_equal(twice.boxes, picture.boxes)


@given(pictures(), SHAPES)
def test_boxes_are_stretched_with_their_pixels(picture: LabelledPicture, size: tuple[int, int]) -> None:
    changed = picture.resized(*size)
    assert changed.size_wh == size
    x1, y1, x2, y2 = changed.boxes[0]
    if min(x2 - x1, y2 - y1) >= 4:
        assert np.abs(np.array(seen(changed)) - changed.boxes[0]).max() <= 1.5


@given(pictures(), st.integers(-20, 20), st.integers(-20, 20))
def test_boxes_are_moved_and_cut_off_with_their_pixels(picture: LabelledPicture, left: int, top: int) -> None:
    changed = picture.on_canvas(60, 50, left, top)._replace()
    white = changed.pixels[..., 0] > 127
    cut = changed.inside()
    if len(cut.boxes):
        assert seen(changed) == cut.boxes[0].tolist()
    else:
        assert not white.any()
    if not changed.pixels.any(axis=-1).all():
        assert set(np.unique(changed.pixels)) <= {0, GREY, 255}


@given(pictures(), st.floats(-30, 30), st.floats(0.6, 1.6), st.integers(0, 40))
def test_a_warped_box_is_the_one_around_its_pixels(
    picture: LabelledPicture, degrees: float, scale: float, shift: int
) -> None:
    matrix = cv2.getRotationMatrix2D((0, 0), degrees, scale) + np.array(
        [[0, 0, shift + 60], [0, 0, shift + 60]]
    )
    changed = picture.warped(matrix, 400, 400)
    whole = changed.inside(visible=0.999)
    if len(whole.boxes):
        assert np.abs(np.array(seen(changed)) - changed.boxes[0]).max() <= 2.0


def test_what_too_little_is_left_of_is_left_out() -> None:
    picture = painted(40, 40, (30, 10, 40, 20)).on_canvas(32, 40)
    assert len(picture.inside(visible=0.2).boxes) == 1
    assert len(picture.inside(visible=0.21).boxes) == 0
    sliver = picture._replace(boxes=np.array([[31.5, 10, 32, 20]], np.float32))
    assert len(sliver.inside().boxes) == 0


@settings(max_examples=40)
@given(st.integers(0, 2**20), st.sampled_from(["letterbox", "stretch", "none"]), st.booleans(), st.booleans())
def test_boxes_stay_inside_and_rows_agree(seed: int, fit: str, is_empty: bool, is_plain: bool) -> None:
    picture = empty(90, 60) if is_empty else painted(90, 60, (5, 6, 80, 44))
    augmenter = Augmenter(EVERYTHING, fit)
    before = picture.pixels.copy()

    def make() -> LabelledPicture:
        return augmenter(picture, SIDE, lambda: picture, Dice.at(seed), is_plain=is_plain)

    found = make()
    width, height = found.size_wh
    if fit != "none":
        assert (width, height) == (SIDE, SIDE)
    assert len(found.boxes) == len(found.labels) == len(found.is_crowd)
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2:] <= [width, height]).all()
    assert (found.boxes[:, 2:] - found.boxes[:, :2] >= 1).all()
    assert found.pixels.dtype == np.uint8
    # what is kept for other samples is as it was, and the same dice do the same
    assert np.array_equal(picture.pixels, before)
    again = make()
    assert np.array_equal(again.pixels, found.pixels)
    assert np.array_equal(again.boxes, found.boxes)


def test_pictures_without_boxes_do_not_hang_in_the_crop() -> None:
    settings = Augmentation(iou_crop=IoUCrop(probability=1.0), flip=0.0)
    for seed in range(50):
        found = Augmenter(settings, "none")(
            empty(40, 30), SIDE, lambda: empty(40, 30), Dice.at(seed), is_plain=True
        )
        assert found.size_wh == (40, 30)


def test_the_crop_keeps_boxes_whose_middle_is_inside_and_all_that_belongs_to_them() -> None:
    picture = LabelledPicture(
        np.zeros((100, 100, 3), np.uint8),
        np.array([[0, 0, 30, 30], [60, 60, 100, 100], [40, 40, 60, 60]], np.float32),
        np.array([0, 1, 2]),
        np.array([False, True, False]),
    )
    augmenter = Augmenter(Augmentation(iou_crop=IoUCrop(probability=1.0), flip=0.0), "none")
    counts = set()
    for seed in range(40):
        found = augmenter(picture, SIDE, lambda: picture, Dice.at(seed), is_plain=True)
        assert (found.is_crowd == (found.labels == 1)).all()
        counts.add(len(found.boxes))
    assert {1, 3} <= counts


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    picture = painted(50, 50, (5, 5, 30, 30))
    for seed in range(5):
        Augmenter(EVERYTHING, "stretch")(picture, SIDE, lambda: picture, Dice.at(seed), is_plain=True)
    assert torch.equal(torch.rand(3), expected)


def test_a_mosaic_has_the_four_around_a_point() -> None:
    four = [painted(64, 64, (8, 8, 56, 56))._replace(labels=np.array([number])) for number in range(4)]
    settings = Mosaic(probability=1.0, rotation=0.0, least=0.5, most=0.5, shift=0.0, shear=0.0)
    for seed in range(20):
        found = mosaic(four, SIDE, settings, 0.2, Dice.at(seed).random)
        # at half its size all of the canvas is seen: each label in its corner
        for box, label in zip(found.boxes, found.labels, strict=True):
            window = found.pixels[
                round(box[1]) + 1 : round(box[3]) - 1, round(box[0]) + 1 : round(box[2]) - 1
            ]
            assert window.size == 0 or window.mean() > 240
            assert 0 <= label < 4
        by_label = {int(label): box for box, label in zip(found.boxes, found.labels, strict=True)}
        if 0 in by_label and 3 in by_label:
            assert by_label[0][0] < by_label[3][0]
            assert by_label[0][1] < by_label[3][1]


def test_two_pictures_that_are_mixed_have_the_boxes_of_both() -> None:
    first, second = painted(64, 64, (0, 0, 20, 20)), painted(64, 64, (30, 30, 60, 60))
    found = mixed(first, second, Mixup(probability=1.0, least=1.0, most=1.0), 0.2, Dice.at(1).random)
    assert len(found.boxes) == 2
    assert found.pixels.max() == 128


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Augmentation(flip=2.0), "flip"),
        (lambda: Mosaic(least=2.0, most=1.0), "more than most"),
        (lambda: IoUCrop(smallest=0.0), "smallest"),
        (lambda: replace(EVERYTHING, plain_epochs=-1), "plain_epochs"),
    ],
)
def test_settings_without_sense_are_refused(make, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()
