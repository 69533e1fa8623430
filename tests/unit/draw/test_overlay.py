"""Overlays: every frame copied, colours bound to ids, sizes bound to the frame, status visible."""

import numpy as np
import pytest

from saccade.core import COCO_17, Frame, Instances, Status
from saccade.core.instances import NOBODY, id_array
from saccade.draw import Overlay, annotate
from saccade.draw.overlay import COLORS, labels

GRAY = 90


def blank(width: int = 320, height: int = 240) -> np.ndarray:
    return np.full((height, width, 3), GRAY, np.uint8)


def instances(boxes, **fields) -> Instances:
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    return Instances(boxes=boxes, scores=fields.pop("scores", np.full(len(boxes), 0.9)), **fields)


def rgb(code: str) -> tuple[int, ...]:
    return tuple(int(code[i : i + 2], 16) for i in (1, 3, 5))


def painted(picture: np.ndarray) -> np.ndarray:
    return (picture != GRAY).any(axis=2)


def test_the_frame_itself_is_left_alone():
    frame = Frame.of(blank())
    picture = annotate(frame, instances([[50, 60, 120, 140]]))
    assert (frame.image == GRAY).all()
    assert painted(picture).any()


def test_nothing_found_is_the_frame_itself_copied():
    frame = blank()
    picture = annotate(frame, Instances.empty())
    assert np.array_equal(picture, frame) and picture is not frame


@pytest.mark.parametrize("number", [0, 1, 5, len(COLORS)])
@pytest.mark.parametrize("array", [id_array, np.array])
def test_an_id_has_its_colour_in_rgb_whatever_row_it_stands_in(number, array):
    expected = rgb(COLORS[number % len(COLORS)])
    for ids in ([number], [number + 1, number]):
        boxes = [[200, 150, 260, 200], [50, 60, 120, 140]][-len(ids) :]
        picture = annotate(blank(), instances(boxes, ids=array(ids)))
        assert tuple(picture[100, 50]) == expected


def test_a_name_has_the_same_colour_in_every_frame():
    first = annotate(blank(), instances([[50, 60, 120, 140]], ids=id_array(["car"])))
    later = annotate(blank(), instances([[9, 9, 20, 20], [50, 60, 120, 140]], ids=id_array([3, "car"])))
    assert tuple(first[100, 50]) == tuple(later[100, 50])


@pytest.mark.parametrize(
    ("status", "share"),
    [
        (Status.TRACKED, (0.99, 1.0)),
        # dashes: about half of the line is left out
        (Status.UNCERTAIN, (0.35, 0.75)),
        (Status.LOST, (0.35, 0.75)),
    ],
)
def test_the_outline_is_dashed_where_a_target_is_not_plainly_tracked(status, share):
    found = instances([[50, 60, 250, 200]], ids=id_array([0]), status=np.array([status.value]))
    side = painted(annotate(blank(), found))[80:190, 250]
    assert share[0] <= side.mean() <= share[1]


def test_a_lost_target_is_fainter_than_an_uncertain_one():
    contrast = {}
    for status in (Status.UNCERTAIN, Status.LOST):
        found = instances([[50, 60, 250, 200]], ids=id_array([0]), status=np.array([status.value]))
        column = annotate(blank(), found)[80:190, 250].astype(int)
        contrast[status] = np.abs(column - GRAY).max()
    assert 0 < contrast[Status.LOST] < 0.7 * contrast[Status.UNCERTAIN]


def test_only_the_lost_row_is_faint():
    found = instances(
        [[20, 60, 100, 160], [180, 60, 260, 160]], ids=id_array([0, 0]), status=np.array(["tracked", "lost"])
    )
    assert tuple(annotate(blank(), found)[120, 20]) == rgb(COLORS[0])


@pytest.mark.parametrize(("width", "height"), [(360, 240), (640, 360), (1920, 1080), (3840, 2160)])
def test_lines_grow_with_the_frame(width, height):
    box = [0.4 * width, 0.4 * height, 0.6 * width, 0.6 * height]
    picture = painted(annotate(blank(width, height), instances([box])))
    line = picture[height // 2, : width // 2].sum()
    # OpenCV draws lines of odd width
    assert line >= 1 and abs(line - np.sqrt(width * height) / 280) <= 2


def test_a_label_says_name_id_score_and_what_is_wrong():
    found = instances(
        [[1, 2, 3, 4]] * 3,
        ids=id_array([4, "x", 6]),
        names=np.array(["dog", "cat", "cow"]),
        scores=np.array([0.913, 0.2, 0.0]),
        status=np.array(["tracked", "uncertain", "lost"]),
    )
    assert labels(found) == ["dog 4 0.91", "cat x 0.20 uncertain", "cow 6 0.00 lost"]


def test_a_label_of_a_pose_is_who_it_is_or_else_how_sure():
    points = np.full((3, 17, 2), 5.0)
    found = instances([[1, 2, 3, 4]] * 3, ids=np.array([4, NOBODY, 0]), keypoints=points)
    assert labels(found) == ["4", "0.90", "0"]
    assert labels(instances([[1, 2, 3, 4]] * 3, ids=np.array([4, NOBODY, 0]))) == ["4 0.90", "0.90", "0 0.90"]
    assert labels(instances([[1, 2, 3, 4]] * 3, keypoints=points)) == ["0.90"] * 3


def test_a_label_stays_inside_of_the_frame():
    found = instances([[0, 0, 40, 40]], ids=id_array([0]))
    picture = annotate(blank(), found)
    assert (picture == rgb(COLORS[0])).all(axis=2).sum() > 300


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([-50, -40, 60, 50], id="partly outside"),
        pytest.param([400, 300, 500, 350], id="wholly outside"),
        pytest.param([10, 10, 10, 10], id="a point"),
        pytest.param([0, 0, 320, 240], id="the whole frame"),
    ],
)
@pytest.mark.parametrize("status", list(Status))
def test_any_box_can_be_drawn(box, status):
    picture = annotate(blank(), instances([box], ids=id_array([0]), status=np.array([status.value])))
    assert picture.shape == (240, 320, 3) and picture.dtype == np.uint8


def test_masks_tint_their_pixels():
    mask = np.zeros((1, 240, 320), bool)
    mask[0, 100:120, 200:240] = True
    picture = annotate(blank(), instances([[200, 100, 240, 120]], ids=id_array([0]), masks=mask))
    assert painted(picture)[105:115, 210:230].all()
    assert not painted(picture)[130:, :].any()


def test_a_pose_is_points_and_limbs():
    points = np.stack([np.linspace(40, 280, 17), np.linspace(60, 200, 17)], axis=1)[None]
    box = [[20, 40, 300, 220]]
    with_limbs = annotate(blank(), instances(box, keypoints=points, skeleton=COCO_17))
    without = annotate(blank(), instances(box, keypoints=points))
    assert painted(without)[tuple(points[0, 8].round().astype(int)[::-1])]
    assert painted(with_limbs).sum() > painted(without).sum()


def test_a_trace_trails_where_the_target_has_been():
    overlay = Overlay(trace=30)
    for x in range(20, 200, 10):
        found = instances([[x, 100, x + 20, 120]], ids=id_array(["car"]))
        picture = overlay.draw(blank(), found)
    assert painted(picture)[110, 60:150].mean() > 0.9
    assert not painted(annotate(blank(), found))[110, 60:150].any()


def test_an_overlay_follows_a_change_of_size():
    overlay, found = Overlay(), instances([[5, 5, 20, 20]])
    assert overlay.draw(blank(64, 48), found).shape == (48, 64, 3)
    big = painted(overlay.draw(blank(3840, 2160), instances([[1000, 1000, 2000, 2000]])))
    assert big[1500, :1500].sum() > 5


def test_an_overlay_draws_what_has_poses_and_what_has_not():
    overlay, box = Overlay(), [[1000, 1000, 2000, 2000]]
    posed = instances(box, keypoints=np.full((1, 17, 2), 1500.0))
    for found, thickness in ((instances(box), 10), (posed, 4), (instances(box), 10)):
        line = painted(overlay.draw(blank(3840, 2160), found))[1250, :1200].sum()
        assert abs(line - thickness) <= 2
