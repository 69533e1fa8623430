"""Angles and orientations of bodies whose 3-D pose is known, as a camera far away sees them."""

import numpy as np
import pytest

from saccade.core import BODY_25, COCO_17, COCO_18, LSP_14, MPII_16, SKELETONS, Instances, Skeleton
from saccade.core.errors import InputError
from saccade.pose import angles, body_model, body_orientation, head_orientation


def turned(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Turns a body that faces the camera: by yaw to the picture's right, then to look up, then clockwise."""
    y, p, r = np.radians([-yaw, -pitch, roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(about_z) @ about_x @ about_y


def seen(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, skeleton: Skeleton = COCO_17) -> np.ndarray:
    """The body's key points, (1, K, 2), from far away, 300 pixels a metre."""
    return (body_model(skeleton) @ turned(yaw, pitch, roll).T)[None, :, :2] * 300 + 500


def test_to_the_right_is_to_the_right() -> None:
    """The conventions themselves, in words: noses point where the yaw says, and up with the pitch."""
    nose, ear = COCO_17.points.index("nose"), COCO_17.points.index("left_ear")
    straight = seen()[0]
    assert straight[ear, 0] > straight[nose, 0], "the left ear of somebody who faces us is to the right"
    assert seen(yaw=30)[0, nose, 0] > straight[nose, 0]
    up = seen(pitch=30)[0]
    assert up[nose, 1] - up[ear, 1] < straight[nose, 1] - straight[ear, 1]
    assert seen(roll=30)[0, nose, 0] > straight[nose, 0]


@pytest.mark.parametrize("yaw", [-170, -120, -89, -60, -20, 0, 5, 45, 90, 135, 179])
@pytest.mark.parametrize("roll", [-60, 0, 25])
def test_heads(yaw: float, roll: float) -> None:
    found = head_orientation(seen(yaw, roll=roll), COCO_17)
    if abs(yaw) != 90:  # of a profile, the line through the eyes is a point
        assert found.roll[0] == pytest.approx(roll, abs=1e-6)
        assert found.yaw[0] == pytest.approx(yaw, abs=1e-6)


@pytest.mark.parametrize("pitch", [-30, 20])
def test_who_looks_up_or_down_is_turned_as_far(pitch: float) -> None:
    assert head_orientation(seen(0, pitch), COCO_17).yaw[0] == pytest.approx(0, abs=1e-6)
    assert head_orientation(seen(40, pitch), COCO_17).yaw[0] == pytest.approx(40, abs=12)


@pytest.mark.parametrize(
    ("hidden", "is_known"),
    [
        (("left_ear",), True),
        (("left_ear", "right_ear"), True),
        (("nose",), True),
        (("left_eye", "left_ear"), True),
        (("left_eye", "right_eye"), True),
        (("nose", "left_eye", "left_ear"), False),
        (("nose", "left_eye", "right_eye"), False),
    ],
)
def test_heads_of_which_something_is_hidden(hidden: tuple[str, ...], is_known: bool) -> None:
    points = seen(35)
    points[0, [COCO_17.points.index(name) for name in hidden]] = np.nan
    found = head_orientation(points, COCO_17)
    assert found.yaw[0] == pytest.approx(35, abs=1e-6) if is_known else np.isnan(found.yaw[0])
    one_side = any("eye" in name for name in hidden) and any("ear" in name for name in hidden)
    assert np.isnan(found.roll[0]) == (one_side and "right_eye" not in hidden)


@pytest.mark.parametrize("yaw", [-150, -90, -40, 40, 75, 90, 120])
@pytest.mark.parametrize("roll", [-100, -20, 0, 30])
def test_bodies(yaw: float, roll: float) -> None:
    found = body_orientation(seen(yaw, roll=roll), COCO_17)
    assert found.roll[0] == pytest.approx(roll, abs=1e-6)
    assert found.yaw[0] == pytest.approx(yaw, abs=1e-4)


def test_bodies_without_a_face_have_no_side() -> None:
    points = seen(-50)
    points[0, :5] = np.nan
    assert body_orientation(points, COCO_17).yaw[0] == pytest.approx(50, abs=1e-6)
    points[0, COCO_17.points.index("left_hip")] = np.nan
    assert np.isnan(body_orientation(points, COCO_17).yaw[0])


@pytest.mark.parametrize("skeleton", [COCO_18, BODY_25, MPII_16, LSP_14], ids=lambda s: s.name)
def test_other_skeletons(skeleton: Skeleton) -> None:
    points = seen(50, skeleton=skeleton)
    assert body_orientation(points, skeleton).yaw[0] == pytest.approx(50, abs=1e-6)
    has_face = "nose" in skeleton.points
    assert np.isfinite(head_orientation(points, skeleton).yaw[0]) == has_face
    assert np.isfinite(angles(points, skeleton)["left_knee"][0]) == np.False_, "a model without legs"


def arm(degrees: float) -> np.ndarray:
    """Somebody whose right arm is bent, and who knows no other point."""
    points = np.full((1, 17, 2), np.nan)
    shoulder, elbow, wrist = (
        COCO_17.points.index(f"right_{name}") for name in ("shoulder", "elbow", "wrist")
    )
    points[0, shoulder], points[0, elbow] = (40, 80), (40, 120)
    turn = np.radians(degrees)
    points[0, wrist] = 40 + 30 * np.sin(turn), 120 - 30 * np.cos(turn)
    return points


@pytest.mark.parametrize("degrees", [0, 30, 90, 150, 180, 210])
def test_angles_are_those_between_limbs(degrees: float) -> None:
    found = angles(arm(degrees), COCO_17)
    assert found["right_elbow"][0] == pytest.approx(min(degrees, 360 - degrees), abs=1e-6)
    assert all(np.isnan(of_all[0]) for name, of_all in found.items() if name != "right_elbow")


def test_angles_have_names() -> None:
    both = [f"{side}_{joint}" for side in ("left", "right") for joint in ("elbow", "shoulder", "hip", "knee")]
    assert list(angles(arm(90), COCO_17)) == both
    feet = angles(np.random.default_rng(0).random((3, 25, 2)), BODY_25)
    assert set(feet) == {*both, "left_ankle", "right_ankle"}
    assert all(of_all.shape == (3,) and (of_all >= 0).all() for of_all in feet.values())


def test_a_limb_without_length_has_no_angle() -> None:
    points = arm(90)
    points[0, COCO_17.points.index("right_wrist")] = points[0, COCO_17.points.index("right_elbow")]
    assert np.isnan(angles(points, COCO_17)["right_elbow"][0])


def instances(
    points: np.ndarray, scores: np.ndarray | None, skeleton: Skeleton | None = COCO_17
) -> Instances:
    count = len(points)
    return Instances(
        boxes=np.zeros((count, 4)),
        scores=np.ones(count),
        keypoints=np.nan_to_num(points),
        keypoint_scores=scores,
        skeleton=skeleton,
    )


def test_instances_bring_their_skeleton_and_scores() -> None:
    scores = np.isfinite(arm(70)[..., 0]).astype(float)
    assert angles(instances(arm(70), scores))["right_elbow"][0] == pytest.approx(70)
    assert np.isnan(angles(instances(arm(70), 0.2 * scores))["right_elbow"][0])
    assert angles(instances(arm(70), 0.2 * scores), threshold=0.1)["right_elbow"][0] == pytest.approx(70)
    assert np.isfinite(angles(instances(arm(70), None))["left_knee"][0]) == np.False_, "all at (0, 0)"


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)
def test_nobody_has_no_angles(skeleton: Skeleton) -> None:
    nobody = np.zeros((0, len(skeleton), 2))
    assert all(of_all.shape == (0,) for of_all in angles(nobody, skeleton).values())
    for orientation in (head_orientation, body_orientation):
        assert all(of_all.shape == (0,) for of_all in orientation(nobody, skeleton))


def test_what_is_no_skeletons_is_refused() -> None:
    with pytest.raises(InputError, match="17 key points and the skeleton none; give the one that fits them"):
        angles(arm(90))
    with pytest.raises(InputError, match="17 key points and the skeleton 'mpii16' of 16"):
        head_orientation(arm(90), MPII_16)
    with pytest.raises(InputError, match="these instances have no key points"):
        body_orientation(Instances.empty(), COCO_17)
