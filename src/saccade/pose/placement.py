"""Where people and rigid things stand in front of a camera, from where their points are in its picture."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from saccade.core.errors import InputError
from saccade.pose.body import People, places_of

_FEWEST = 4
"""points from which a placement follows: three leave up to four"""


class Placement(NamedTuple):
    """Where things are in front of a camera: a point p of the model is at `rotation @ p + translation`.

    Camera coordinates have x to the right, y down, and z away from the camera. Rows of what could not be
    placed are NaN.

    Attributes:
        rotation: of each; that of a `body_model` is the identity for somebody upright who faces the camera.
        translation: where the model's origin is, in its unit.
        error: root mean square distance in pixels of the points from where the model has them.
    """

    rotation: Float[np.ndarray, "N 3 3"]
    translation: Float[np.ndarray, "N 3"]
    error: Float[np.ndarray, " N"]

    @property
    def angles(self) -> dict[str, Float[np.ndarray, " N"]]:
        """`yaw`, `pitch` and `roll` in degrees, turned in this order; see `saccade.pose.geometry`."""
        turn = self.rotation
        return {
            "yaw": np.degrees(np.arctan2(turn[:, 2, 0], turn[:, 2, 2])),
            "pitch": -np.degrees(np.arcsin(np.clip(turn[:, 2, 1], -1, 1))),
            "roll": np.degrees(np.arctan2(-turn[:, 0, 1], turn[:, 1, 1])),
        }


def solve_pnp(
    people: People,
    model: Float[np.ndarray, "K 3"],
    camera: Float[np.ndarray, "3 3"],
    *,
    distortion: Float[np.ndarray, " D"] | None = None,
    threshold: float = 0.2,
) -> Placement:
    """Where rigid things, or people as if they were, stand in front of a camera, and how they are turned.

    The placement is the one that brings the points of the model nearest to the key points in the picture
    (OpenCV's SQPnP, then Levenberg-Marquardt). Four points are needed; things with fewer are NaN. Those with
    few points in a plane, such as shoulders and hips, can be turned in two ways with almost the same error
    when they are far away. Of people, the distance is as uncertain as the height.

    Args:
        people: key points of the same K points each; NaN where one is not known.
        model: where they are on the thing, in any unit, x y z; NaN for those that are not part of it. For
            people, see `body_model`.
        camera: focal lengths and middle of the picture in pixels: [[fx, 0, cx], [0, fy, cy], [0, 0, 1]].
        distortion: OpenCV's coefficients of the lens, 4 to 14; none for a picture without distortion.
        threshold: score up to which a key point of `Instances` does not count.

    Raises:
        InputError: when the model has other points than the people, or fewer than four that are not in one
            line, or the camera's matrix is none.
    """
    points = places_of(people, threshold)
    _check_model(model, points.shape[1], camera)
    lens = None if distortion is None else np.asarray(distortion, np.float64)
    is_known = np.isfinite(points).all(2) & np.isfinite(model).all(1)
    rows = [
        _placed(of_one[known], model[known], camera, lens)
        for of_one, known in zip(points, is_known, strict=True)
    ]
    return Placement(
        np.array([turn for turn, _, _ in rows]).reshape(-1, 3, 3),
        np.array([at for _, at, _ in rows]).reshape(-1, 3),
        np.array([error for _, _, error in rows], dtype=np.float64),
    )


def _placed(
    points: Float[np.ndarray, "P 2"],
    model: Float[np.ndarray, "P 3"],
    camera: Float[np.ndarray, "3 3"],
    lens: Float[np.ndarray, " D"] | None,
) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"], float]:
    """Rotation, translation and error of one thing; NaN where its known points do not say."""
    nothing = np.full((3, 3), np.nan), np.full(3, np.nan), np.nan
    if not _spans_plane(model):
        return nothing
    seen, solid, matrix = points.astype(np.float64), model.astype(np.float64), camera.astype(np.float64)
    is_solved, turn, at = cv2.solvePnP(solid, seen, matrix, lens, flags=cv2.SOLVEPNP_SQPNP)
    if not is_solved:
        return nothing
    turn, at = cv2.solvePnPRefineLM(solid, seen, matrix, lens, turn, at)
    again, _ = cv2.projectPoints(solid, turn, at, matrix, lens)
    error = float(np.sqrt(((again[:, 0] - seen) ** 2).sum(1).mean()))
    return (cv2.Rodrigues(turn)[0], at[:, 0], error) if np.isfinite(error) and at[2, 0] > 0 else nothing


def _spans_plane(model: Float[np.ndarray, "P 3"]) -> bool:
    """Whether there are enough points, not all in one line, to place something by."""
    if len(model) < _FEWEST:
        return False
    extents = np.linalg.svd(model - model.mean(0), compute_uv=False)
    return bool(extents[1] > 1e-6 * extents[0])


def _check_model(model: Float[np.ndarray, "K 3"], num_points: int, camera: Float[np.ndarray, "3 3"]) -> None:
    if model.shape != (num_points, 3):
        raise InputError(
            f"the model has shape {model.shape} for {num_points} key points; give one row x, y, z each, NaN "
            f"for those that are not part of it"
        )
    if not _spans_plane(model[np.isfinite(model).all(1)]):
        raise InputError(
            f"the model has fewer than {_FEWEST} points, or they are in one line; nothing can be placed by it"
        )
    if camera.shape != (3, 3) or not np.isfinite(camera).all() or not (np.diag(camera) > 0).all():
        raise InputError(
            f"the camera's matrix is {camera.tolist()}; expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in "
            f"pixels"
        )
