"""Pointing at targets: what is refused, what is clipped, and in which words."""

import warnings

import numpy as np
import pytest

import saccade
from saccade.core import SaccadeWarning, TargetError, Targets

SIZE = (100, 50)
BOX = (10.0, 20.0, 30.0, 10.0)
MASK = np.zeros((50, 100), dtype=bool)
MASK[5:15, 20:60] = True


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("box", "message"),
    [
        pytest.param((1, 2, 3), "expected four numbers x,y,w,h, got", id="three numbers"),
        pytest.param((1, 2, 3, 4, 5), "expected four numbers", id="five numbers"),
        pytest.param(("a", 2, 3, 4), "expected four numbers", id="text"),
        pytest.param(((1, 2), (3, 4)), "expected four numbers", id="two points"),
        pytest.param((None, 2, 3, 4), "expected four numbers", id="a hole"),
        pytest.param(
            (float("nan"), 2, 3, 4), "1: the box nan,2,3,4 has a value that is not finite", id="NaN"
        ),
        pytest.param((1, 2, float("inf"), 4), "not finite", id="infinite"),
        pytest.param((1, 2, 0, 4), "the box 1,2,0,4 has no area; boxes are x,y,w,h", id="no width"),
        pytest.param((1, 2, 3, -4), "has no area", id="negative height"),
    ],
)
def test_what_is_no_box_is_refused(box, message):
    with pytest.raises(TargetError, match=message):
        Targets(boxes=[BOX, box])


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("box", [(1, 2, 30, 4), np.array([1.0, 2, 30, 4])])
def test_a_box_that_is_in_no_list_is_said(box):
    with pytest.raises(TargetError, match=r"write boxes=\[\(1,2,30,4\)\]"):
        Targets(boxes=box)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"ids": ["a", "b"]}, "2 ids for 1 targets; give one id a target", id="too many ids"),
        pytest.param({"ids": []}, "0 ids for 1 targets", id="no ids"),
        pytest.param({"masks": [MASK, MASK]}, "1 boxes but 2 masks", id="too many masks"),
    ],
)
def test_numbers_must_agree(arguments, message):
    with pytest.raises(TargetError, match=message):
        Targets(boxes=[BOX], **arguments)


def test_ids_must_differ():
    with pytest.raises(TargetError, match=r"ids must differ from one another, got \['a', 'a'\]"):
        Targets(boxes=[BOX, BOX], ids=["a", "a"])


@pytest.mark.parametrize(
    "box", [(-10, 0, 10, 10), (100, 0, 5, 5), (0, 50, 5, 5), (0, -20, 5, 20), (500, 500, 1, 1)]
)
def test_a_box_wholly_outside_is_refused(box):
    with pytest.raises(TargetError, match=r"frame 4: target car: .* lies outside the frame of 100x50 pixels"):
        Targets(boxes=[box], ids=["car"]).on_frame(SIZE, "frame 4")


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        pytest.param((-10, -10, 30, 20), (0, 0, 20, 10), id="top left"),
        pytest.param((90, 40, 30, 20), (90, 40, 10, 10), id="bottom right"),
        pytest.param((-5, -5, 200, 200), (0, 0, 100, 50), id="larger than the frame"),
        pytest.param((99.5, 10, 10, 10), (99.5, 10, 0.5, 10), id="half a pixel is left"),
    ],
)
def test_a_box_partly_outside_is_clipped_and_said_so(box, clipped):
    with pytest.warns(
        SaccadeWarning, match="frame 0: target 0: .* reaches outside the frame of 100x50 pixels"
    ):
        boxes = Targets(boxes=[box]).on_frame(SIZE, "frame 0")
    np.testing.assert_allclose(boxes, [clipped])


def test_the_warning_stands_at_the_users_line():
    frames = [np.zeros((50, 100, 3), np.uint8)] * 2
    with pytest.warns(SaccadeWarning, match="reaches outside") as said:
        list(saccade.follow(saccade.load("still"), frames, boxes=[(90, 40, 30, 20)]))
    assert [warning.filename for warning in said] == [__file__]


@pytest.mark.parametrize("box", [(0, 0, 100, 50), (0, 0, 1, 1), (99, 49, 1, 1), (0.1, 0.2, 99.9, 49.8)])
def test_a_box_inside_is_kept_without_a_word(box):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        boxes = Targets(boxes=[box]).on_frame(SIZE, "frame 0")
    np.testing.assert_array_equal(boxes, [box])


@pytest.mark.parametrize(
    "boxes", [[BOX, BOX], np.array([BOX, BOX]), [np.array(BOX)] * 2, np.array([BOX, BOX], dtype=np.int32)]
)
def test_boxes_may_be_arrays(boxes):
    targets = Targets(boxes=boxes)
    assert len(targets) == 2
    np.testing.assert_array_equal(targets.on_frame(SIZE, "frame 0"), [BOX, BOX])


@pytest.mark.parametrize("masks", [[MASK], MASK[None]])
def test_a_mask_stands_for_its_tightest_box(masks):
    targets = Targets(masks=masks)
    assert len(targets) == 1
    np.testing.assert_array_equal(targets.on_frame(SIZE, "frame 0"), [(20, 5, 40, 10)])


def test_a_box_beside_its_mask_is_kept():
    loose = (10, 0, 60, 40)
    np.testing.assert_array_equal(Targets(boxes=[loose], masks=[MASK]).on_frame(SIZE, "frame 0"), [loose])


@pytest.mark.parametrize(
    ("box", "share"),
    [
        pytest.param((70, 20, 20, 20), "0%", id="elsewhere"),
        pytest.param((20, 5, 18, 10), "45%", id="around less than half"),
    ],
)
def test_a_box_and_a_mask_that_disagree_are_refused(box, share):
    targets = Targets(boxes=[box], masks=[MASK], ids=["car"])
    with pytest.raises(TargetError, match=f"frame 3: box and mask of target car disagree: {share} of the"):
        targets.on_frame(SIZE, "frame 3")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        pytest.param(np.zeros((50, 100), bool), "frame 2: the mask of target 0 is empty", id="empty"),
        pytest.param(MASK.T, r"has shape \(100, 50\), the frame \(50, 100\) \(H, W\)", id="of another size"),
    ],
)
def test_masks_that_mark_nothing_are_refused(mask, message):
    with pytest.raises(TargetError, match=message):
        Targets(masks=[mask]).on_frame(SIZE, "frame 2")


def test_nothing_is_a_wish_too():
    assert len(Targets()) == 0
    assert len(Targets(drop=[1])) == 0
    assert Targets().on_frame(SIZE, "frame 0").shape == (0, 4)


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_picture_of_several_ids_is_no_mask():
    labels = MASK.astype(np.uint8)
    labels[30:40] = 2
    with pytest.raises(TargetError, match="frame 2: the mask of target 0 holds 2 values besides 0; give one"):
        Targets(masks=[labels]).on_frame(SIZE, "frame 2")


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("value", [1, 255, 0.5])
def test_a_mask_of_one_value_is_one_whatever_the_value(value):
    boxes = Targets(masks=[MASK * np.array(value)]).on_frame(SIZE, "frame 2")
    np.testing.assert_array_equal(boxes, [(20, 5, 40, 10)])


def test_masks_beside_boxes_are_checked_too():
    targets = Targets(boxes=[(1, 1, 3, 3)], masks=[np.ones((4, 4), bool)])
    with pytest.raises(
        TargetError, match=r"frame 0: the mask of target 0 has shape \(4, 4\), the frame \(8, 6\)"
    ):
        targets.on_frame((6, 8), "frame 0")
    both = Targets(boxes=[(1, 1, 3, 3)], masks=[np.eye(8, 6, dtype=bool)])
    np.testing.assert_array_equal(both.on_frame((6, 8), "frame 0"), [(1, 1, 3, 3)])


def test_a_name_to_drop_is_no_list_of_letters():
    with pytest.raises(TargetError, match=r"write drop=\['car'\]"):
        Targets(drop="car")
