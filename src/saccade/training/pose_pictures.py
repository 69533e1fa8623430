"""Pictures of batches for pose estimators: what a network is shown, and the people that it should find."""

from functools import partial

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from saccade.core import Instances, Skeleton
from saccade.draw.poses import draw_poses as draw_people
from saccade.ops.heat_maps import peaks
from saccade.training.detection import DetectionBatch
from saccade.training.detection_pictures import sheet_of
from saccade.training.pose import PoseBatch

_HEAT, _FIELD, _BOX = (255, 220, 0), (255, 80, 200), (230, 230, 230)
_DARK = 0.35
"""of the brightness of what is not learned"""
_LINE = 3


def draw_poses(batch: PoseBatch, skeleton: Skeleton) -> UInt8[np.ndarray, "H W 3"]:
    """The first pictures of a batch with what should be answered.

    Of one person the joints, in the colours of their sides; of everybody the heat maps in yellow, the fields
    of limbs in pink, and dark what is not learned.
    """
    draw = _draw_scene if "fields" in batch.targets else partial(_draw_person, skeleton=skeleton)
    return sheet_of(len(batch.images), lambda index: draw(batch, index))


def draw_pictures(batch: DetectionBatch, skeleton: Skeleton) -> UInt8[np.ndarray, "H W 3"]:
    """The first pictures of a batch with boxes and joints."""
    return sheet_of(len(batch.images), lambda index: _draw_picture(batch, index, skeleton))


def _draw_person(batch: PoseBatch, index: int, skeleton: Skeleton) -> UInt8[np.ndarray, "h w 3"]:
    pixels, maps = _pixels(batch.images[index]), _plain(batch.targets["heatmaps"][index])
    cells = peaks(maps[None])[0].numpy()
    height, width = pixels.shape[:2]
    _draw_people(
        pixels,
        np.array([[0, 0, width, height]], np.float32),
        (cells + 0.5) * (width / maps.shape[2]) - 0.5,
        _plain(batch.targets["weights"][index])[None].numpy(),
        skeleton,
    )
    return pixels


def _draw_scene(batch: PoseBatch, index: int) -> UInt8[np.ndarray, "h w 3"]:
    pixels = _pixels(batch.images[index])
    fields, maps, masks = (_plain(batch.targets[name][index]) for name in ("fields", "heatmaps", "masks"))
    shown = pixels * (_DARK + (1 - _DARK) * _large(masks[0], pixels))
    lengths = fields.unflatten(0, (-1, 2)).norm(dim=1)
    for shares, color in ((lengths.amax(0), _FIELD), (maps[:-1].amax(0), _HEAT)):
        share = 0.6 * _large(shares, pixels)
        shown = shown * (1 - share) + np.array(color) * share
    return shown.clip(0, 255).astype(np.uint8)


def _draw_picture(batch: DetectionBatch, index: int, skeleton: Skeleton) -> UInt8[np.ndarray, "h w 3"]:
    pixels, target = _pixels(batch.images[index]), batch.targets[index]
    boxes = _plain(target["boxes"]).numpy()
    for x1, y1, x2, y2 in boxes.round().astype(int).tolist():
        cv2.rectangle(pixels, (x1, y1), (x2 - 1, y2 - 1), _BOX, 1)
    points = _plain(target["keypoints"]).numpy()  # type: ignore[typeddict-item]
    _draw_people(pixels, boxes, points[..., :2], (points[..., 2] > 0).astype(np.float32), skeleton)
    return pixels


def _draw_people(
    pixels: UInt8[np.ndarray, "H W 3"],
    boxes: Float[np.ndarray, "N 4"],
    points: Float[np.ndarray, "N K 2"],
    known: Float[np.ndarray, "N K"],
    skeleton: Skeleton,
) -> None:
    people = Instances(
        boxes=boxes,
        scores=np.ones(len(boxes)),
        keypoints=points,
        keypoint_scores=known,
        skeleton=skeleton,
    )
    draw_people(pixels, people, _LINE)


def _plain(values: Tensor) -> Tensor:
    """On the CPU; 0 what is no number."""
    return values.detach().cpu().float().nan_to_num(0.0)


def _pixels(image: Tensor) -> UInt8[np.ndarray, "H W 3"]:
    return np.ascontiguousarray(image.detach().cpu().permute(1, 2, 0).numpy())


def _large(shares: Float[Tensor, "h w"], pixels: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W 1"]:
    """A map of shares in [0, 1] at the size of a picture."""
    return cv2.resize(shares.clamp(0, 1).numpy(), pixels.shape[1::-1])[..., None]
