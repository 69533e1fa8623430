"""Things and people in front of a camera, whose place is known because they were put there."""

import cv2
import numpy as np
import pytest

from saccade.core import COCO_17, MPII_16, Instances
from saccade.core.errors import InputError
from saccade.pose import body_model, solve_pnp
from tests.unit.pose.test_geometry import turned

CAMERA = np.array([[800.0, 0, 320], [0, 780.0, 250], [0, 0, 1]])
CUBE = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
PLACES = [((0, 0, 0), (0.2, -0.1, 6)), ((30, 20, 10), (-1, 0.5, 9)), ((-140, -10, 60), (0.4, 0.3, 15))]


def projected(
    model: np.ndarray, angles: tuple[float, ...], at: tuple[float, ...], lens: np.ndarray | None = None
) -> np.ndarray:
    """Where a camera sees the points of a model, (1, K, 2)."""
    turn = cv2.Rodrigues(turned(*angles))[0]
    seen = cv2.projectPoints(np.nan_to_num(model), turn, np.array(at, float), CAMERA, lens)[0][:, 0]
    seen[np.isnan(model).any(1)] = np.nan
    return seen[None]


@pytest.mark.parametrize(("angles", "at"), PLACES, ids=str)
@pytest.mark.parametrize("lens", [None, np.array([-0.2, 0.05, 0.001, -0.001])], ids=["plain", "lens"])
def test_things_are_where_they_were_put(
    angles: tuple[float, ...], at: tuple[float, ...], lens: np.ndarray | None
) -> None:
    found = solve_pnp(projected(CUBE, angles, at, lens), CUBE, CAMERA, distortion=lens)
    np.testing.assert_allclose(found.rotation[0], turned(*angles), atol=1e-4)
    np.testing.assert_allclose(found.translation[0], at, atol=1e-3)
    assert found.error[0] < 1e-3
    measured = [found.angles[name][0] for name in ("yaw", "pitch", "roll")]
    np.testing.assert_allclose(measured, angles, atol=1e-2)


@pytest.mark.parametrize(("angles", "at"), PLACES, ids=str)
def test_people_are_where_they_stand(angles: tuple[float, ...], at: tuple[float, ...]) -> None:
    model = body_model(COCO_17)
    found = solve_pnp(projected(model, angles, at), model, CAMERA)
    np.testing.assert_allclose(found.translation[0], at, atol=1e-2)
    np.testing.assert_allclose([each[0] for each in found.angles.values()], angles, atol=0.1)
    taller = solve_pnp(projected(model, angles, at), body_model(COCO_17, height=3.4), CAMERA)
    np.testing.assert_allclose(taller.translation, 2 * found.translation, atol=2e-2)


def test_the_error_is_what_is_left() -> None:
    noise = np.random.default_rng(0).normal(0, 2, (1, 8, 2))
    found = solve_pnp(projected(CUBE, *PLACES[1]) + noise, CUBE, CAMERA)
    assert 0.5 < found.error[0] < 4
    again = cv2.projectPoints(CUBE, found.rotation[0], found.translation[0], CAMERA, None)[0][:, 0]
    left = ((again - projected(CUBE, *PLACES[1])[0] - noise[0]) ** 2).sum(1).mean() ** 0.5
    assert found.error[0] == pytest.approx(left)


def test_points_that_are_not_known_are_left_out() -> None:
    seen = np.repeat(projected(CUBE, *PLACES[1]), 3, axis=0)
    seen[1, :3] = np.nan
    seen[2, :5] = np.nan
    found = solve_pnp(seen, CUBE, CAMERA)
    np.testing.assert_allclose(found.translation[1], found.translation[0], atol=1e-3)
    for part in found:
        assert np.isnan(part[2]).all() and np.isfinite(part[:2]).all()
    scores = np.ones((3, 8))
    scores[0, :5] = 0.1
    people = Instances(
        boxes=np.zeros((3, 4)), scores=np.ones(3), keypoints=np.nan_to_num(seen), keypoint_scores=scores
    )
    assert np.isnan(solve_pnp(people, CUBE, CAMERA).error).tolist() == [True, False, False]


def test_nobody_is_nowhere() -> None:
    found = solve_pnp(np.zeros((0, 8, 2)), CUBE, CAMERA)
    assert [part.shape for part in found] == [(0, 3, 3), (0, 3), (0,)]
    assert found.angles["yaw"].shape == (0,)


def test_points_in_one_line_place_nothing() -> None:
    model = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [0, 1, 0]])
    seen = projected(model, (10, 0, 0), (0, 0, 9))
    assert np.isfinite(solve_pnp(seen, model, CAMERA).error[0])
    seen[0, 4] = np.nan
    assert np.isnan(solve_pnp(seen, model, CAMERA).error[0])


@pytest.mark.parametrize(
    ("model", "camera", "message"),
    [
        (CUBE[:7], CAMERA, r"the model has shape \(7, 3\) for 8 key points"),
        (
            np.where(np.arange(8)[:, None] < 5, np.nan, CUBE),
            CAMERA,
            "fewer than 4 points, or they are in one",
        ),
        (np.outer(np.arange(8.0), [1, 2, 3]), CAMERA, "or they are in one line"),
        (CUBE, np.zeros((3, 3)), "the camera's matrix is"),
        (CUBE, np.full((3, 3), np.nan), "the camera's matrix is"),
    ],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_what_cannot_be_is_refused(model: np.ndarray, camera: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve_pnp(projected(CUBE, *PLACES[0]), model, camera)


def test_parts_of_the_body_model() -> None:
    names = {}
    for part in ("all", "trunk", "head"):
        rows = body_model(COCO_17, part=part)  # type: ignore[arg-type]
        names[part] = {COCO_17.points[row] for row in np.flatnonzero(np.isfinite(rows).all(1))}
    assert names["trunk"] == {"left_hip", "right_hip", "left_shoulder", "right_shoulder"}
    assert names["head"] == {"nose", "left_eye", "right_eye", "left_ear", "right_ear"}
    assert names["all"] == names["trunk"] | names["head"]
    model = dict(zip(MPII_16.points, body_model(MPII_16, height=3.4), strict=True))
    assert model["head_top"].tolist() == [0, -1.6, 0] and np.isnan(model["left_knee"]).all()
    assert model["left_shoulder"][0] == -model["right_shoulder"][0] == 0.36
