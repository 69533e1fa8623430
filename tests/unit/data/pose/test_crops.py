"""Crops of people: the originals' conventions, and points that go there and back."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core import TargetError
from saccade.data.pose.crops import PersonCrop, crop_of_box, crop_of_person, crop_of_scale
from saccade.data.pose.people import AnnotatedPerson


def person(**changes):
    return AnnotatedPerson(
        **{
            "keypoints": np.zeros((2, 2), np.float32),
            "visible": np.zeros(2, np.int8),
            "box": np.array([10, 20, 50, 100], np.float32),
            "area": 3200.0,
            **changes,
        }
    )


def three_point_matrix(center, width, rotation, size_wh):
    """SimpleBaseline's map by its three points: the middle, half a width above it, and at a right angle."""
    angle = math.radians(rotation)
    up = np.array([0.5 * width * math.sin(angle), -0.5 * width * math.cos(angle)])
    middle, goal = np.array(center), np.array(size_wh) / 2
    goal_up = np.array([0, -0.5 * size_wh[0]])

    def corner(a, b):
        side = a - b
        return b + np.array([-side[1], side[0]])

    here = np.float32([middle, middle + up, corner(middle, middle + up)])
    there = np.float32([goal, goal + goal_up, corner(goal, goal + goal_up)])
    return cv2.getAffineTransform(here, there)


@pytest.mark.parametrize("rotation", [0.0, 30.0, -75.0])
@pytest.mark.parametrize("size_wh", [(192, 256), (256, 256), (288, 384)])
def test_the_map_is_that_of_the_originals_three_points(rotation, size_wh):
    crop = PersonCrop(center=(123.5, 80.25), width=150.0, size_wh=size_wh, rotation=rotation)
    expected = three_point_matrix(crop.center, crop.width, rotation, size_wh)
    np.testing.assert_allclose(crop.matrix, expected, atol=2e-4)


@pytest.mark.parametrize(
    ("box", "width"),
    [
        ((10, 20, 50, 100), 80 * 0.75 * 1.25),  # 40x80: widened to 60x80
        ((10, 20, 110, 60), 100 * 1.25),  # 100x40: made taller
        ((10, 20, 70, 100), 60 * 1.25),  # 60x80 has the shape of the crop
    ],
)
def test_a_box_is_widened_to_the_shape_of_the_crop_and_enlarged(box, width):
    crop = crop_of_box(np.array(box, np.float32), (192, 256))
    assert crop.width == pytest.approx(width)
    assert crop.center == ((box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2), "its middle, as an index"
    np.testing.assert_allclose(crop.to_crop(np.array(crop.center)), (96, 128))


def test_mpii_is_moved_down_and_enlarged():
    crop = crop_of_scale((100.0, 90.0), 2.0, (256, 256))
    assert crop.width == 200 * 2 * 1.25
    assert crop.center == (100.0, 90.0 + 15 * 2)


def test_centre_and_scale_come_before_the_box():
    by_scale = crop_of_person(person(center=(100.0, 90.0), scale=2.0), (256, 256))
    assert by_scale == crop_of_scale((100.0, 90.0), 2.0, (256, 256))
    by_box = crop_of_person(person(), (192, 256), enlargement=1.0)
    assert by_box == crop_of_box(person().box, (192, 256), enlargement=1.0)


@given(
    center=st.tuples(st.floats(-500, 3000), st.floats(-500, 3000)),
    width=st.floats(1, 4000),
    rotation=st.floats(-180, 180),
    is_mirrored=st.booleans(),
    points=st.lists(st.tuples(st.floats(-4000, 4000), st.floats(-4000, 4000)), max_size=5),
)
def test_there_and_back_is_where_it_began(center, width, rotation, is_mirrored, points):
    crop = PersonCrop(
        center=center, width=width, size_wh=(192, 256), rotation=rotation, is_mirrored=is_mirrored
    )
    points = np.array(points).reshape(-1, 2)
    np.testing.assert_allclose(crop.to_frame(crop.to_crop(points)), points, atol=1e-6)
    np.testing.assert_allclose(crop.to_crop(crop.to_frame(points)), points, atol=1e-6)


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0.0, 90.0, 25.0])
def test_pixels_go_where_points_go(rotation, is_mirrored):
    frame = np.zeros((120, 160, 3), np.uint8)
    spots = [(60, 30), (100, 70), (80, 55)]
    crop = PersonCrop(
        center=(80.0, 50.0), width=64.0, size_wh=(256, 256), rotation=rotation, is_mirrored=is_mirrored
    )
    for spot in spots:
        dotted = frame.copy()
        dotted[spot[1], spot[0]] = 255
        rows, columns = np.nonzero(crop.cut(dotted)[..., 0] > 200)
        np.testing.assert_allclose((columns.mean(), rows.mean()), crop.to_crop(np.array(spot)), atol=0.6)


def test_turning_the_part_clockwise_turns_what_is_seen_the_other_way():
    crop = PersonCrop(center=(0.0, 0.0), width=10.0, size_wh=(10, 10), rotation=90.0)
    np.testing.assert_allclose(crop.to_crop(np.array([2.0, 0.0])), (5, 3), atol=1e-12)


def test_a_mirror_image_is_that_of_the_mirrored_frame():
    frame = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    plain = PersonCrop(center=(70.0, 40.0), width=60.0, size_wh=(60, 80), rotation=20.0)
    mirrored = replace(plain, is_mirrored=True)
    in_mirror = replace(plain, center=(120 - 1 - 70.0, 40.0))
    difference = mirrored.cut(frame).astype(int) - in_mirror.cut(np.ascontiguousarray(frame[:, ::-1]))
    assert abs(difference).max() <= 2, "but for the rounding of the warp"
    points = np.array([[50.0, 30.0], [90.0, 60.0]])
    np.testing.assert_allclose(mirrored.to_crop(points), in_mirror.to_crop((119, 0) + points * (-1, 1)))


def test_what_is_not_the_frame_is_filled():
    crop = PersonCrop(center=(0.0, 0.0), width=20.0, size_wh=(20, 20))
    white = np.full((30, 30, 3), 255, np.uint8)
    assert (crop.cut(white)[:9, :9] == 0).all()
    assert (crop.cut(white, fill=128)[:9, :9] == 128).all()
    assert set(np.unique(crop.cut(white[..., 0], nearest=True))) == {0, 255}


def test_points_on_the_crop_are_told_from_those_beside_it():
    crop = PersonCrop(center=(0.0, 0.0), width=20.0, size_wh=(20, 10))
    points = np.array([[-0.5, -0.5], [19.4, 9.4], [19.5, 5], [5, 9.5], [-0.6, 5]])
    assert crop.holds(points).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("box", [(10, 20, 10, 40), (10, 20, 30, 20), (30, 20, 10, 40), (0, 0, np.nan, 9)])
def test_a_box_without_area_is_refused(box):
    with pytest.raises(TargetError, match="has no area"):
        crop_of_box(np.array(box, np.float32), (192, 256))


@pytest.mark.parametrize("changes", [{"width": 0.0}, {"width": math.nan}, {"center": (math.inf, 0.0)}])
def test_a_crop_of_nothing_is_refused(changes):
    with pytest.raises(TargetError, match="shows nothing; give a box with area"):
        PersonCrop(**{"center": (0.0, 0.0), "width": 1.0, "size_wh": (8, 8), **changes})
