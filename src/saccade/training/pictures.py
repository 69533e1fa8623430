"""Pictures of batches: what a network is shown, and what it should answer, to be looked at in time."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from saccade.core import OutputError
from saccade.data.samples.augment import Colors
from saccade.data.samples.sample import FrameSet, Sample

SAMPLES, FRAMES, PROPOSALS = 6, 4, 16
"""how many samples, frames of a set, and proposals are drawn at most"""
_SIDE = 240
"""pixels of the longer side of a crop in the picture"""
_GAP = 4
_TARGET, _MASK, _LABEL = (80, 255, 80), (255, 80, 200), (255, 220, 0)
_HEAD = 22
"""pixels above each sample, for its name"""
_FAR = 10_000
"""pixels beyond any picture's border: where boxes are drawn that are farther away"""


def save_picture(picture: UInt8[np.ndarray, "H W 3"], path: Path) -> None:
    """Writes the picture of a batch as a PNG.

    Raises:
        OutputError: when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
    except OSError as error:
        raise OutputError(
            f"{path}: the picture of a batch cannot be written ({error.strerror or error}); free space, and "
            f"run the same command again"
        ) from None


def draw_batch(batch: Sample, colors: Colors) -> UInt8[np.ndarray, "H W 3"]:
    """A row for each sample: its train frames, then its test frames.

    On each crop: the target's box in green, its mask in pink, the score map that is wished for in yellow, and
    proposals from blue (far) to red (near). What is not finite is left out: such a batch is looked at too.
    """
    rows = []
    for number, origin in enumerate(batch.origins[:SAMPLES]):
        sets = [_draw_set(frames, number, colors) for frames in (batch.train, batch.test)]
        wide = np.full((sets[0].shape[0], 3 * _GAP, 3), 255, dtype=np.uint8)
        row = np.concatenate([sets[0], wide, sets[1]], axis=1)
        head = np.full((_HEAD, row.shape[1], 3), 30, dtype=np.uint8)
        cv2.putText(
            head, origin, (_GAP, _HEAD - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (230, 230, 230), 1, cv2.LINE_AA
        )
        rows.append(np.concatenate([head, row], axis=0))
    return np.concatenate(rows, axis=0)


def _draw_set(frames: FrameSet, sample: int, colors: Colors) -> UInt8[np.ndarray, "H W 3"]:
    cells = [
        _draw_frame(_pick(frames, index, sample), colors) for index in range(min(len(frames.images), FRAMES))
    ]
    gap = np.full((cells[0].shape[0], _GAP, 3), 30, dtype=np.uint8)
    return np.concatenate([part for cell in cells for part in (cell, gap)], axis=1)


def _pick(frames: FrameSet, frame: int, sample: int) -> FrameSet:
    """One frame of one sample of a batch, on the CPU."""
    return frames.map(lambda part: part[frame, sample].detach().cpu())


def _draw_frame(frame: FrameSet, colors: Colors) -> UInt8[np.ndarray, "h w 3"]:
    picture = _to_pixels(frame.images, colors)
    scale = _SIDE / max(picture.shape[:2])
    size_wh = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    picture = cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)
    if frame.masks is not None:
        mask = cv2.resize(_finite(frame.masks), size_wh)[..., None]
        picture = (picture * (1 - 0.45 * mask) + np.array(_MASK) * 0.45 * mask).clip(0, 255).astype(np.uint8)
    if frame.labels is not None:
        picture = _blend_label(picture, frame.labels, (frame.images.shape[2], frame.images.shape[1]))
    if frame.proposals is not None:
        _draw_proposals(picture, frame, scale)
    _draw_box(picture, frame.boxes, scale, _TARGET, 2)
    is_padding = frame.is_valid is not None and not bool(frame.is_valid)
    return picture // 3 if is_padding else picture


def _draw_proposals(picture: UInt8[np.ndarray, "h w 3"], frame: FrameSet, scale: float) -> None:
    """Colours proposals by how good they are: by their IoU, else by their density under the label."""
    assert frame.proposals is not None
    if not len(frame.proposals):
        return
    if frame.proposal_ious is not None:
        worth = (frame.proposal_ious + 1) / 2
    elif frame.truth_densities is not None:
        worth = frame.truth_densities / frame.truth_densities.max().clamp(min=1e-9)
    else:
        worth = torch.ones(len(frame.proposals))
    order = worth[:PROPOSALS].argsort()
    shades = cv2.applyColorMap((255 * worth.clamp(0, 1)).byte().numpy()[:, None], cv2.COLORMAP_JET)[
        :, 0, ::-1
    ]
    for place in order.tolist():
        _draw_box(picture, frame.proposals[place], scale, tuple(int(v) for v in shades[place]), 1)


def _draw_box(
    picture: UInt8[np.ndarray, "h w 3"],
    box: Float[Tensor, "4"],
    scale: float,
    color: tuple[int, ...],
    thickness: int,
) -> None:
    if not box.isfinite().all():
        return
    x, y, w, h = (box * scale).round().clamp(-_FAR, _FAR).int().tolist()
    cv2.rectangle(picture, (x, y), (x + w, y + h), color, thickness, cv2.LINE_AA)


def _blend_label(
    picture: UInt8[np.ndarray, "h w 3"], label: Float[Tensor, "r c"], size_wh: tuple[int, int]
) -> UInt8[np.ndarray, "h w 3"]:
    """Lets the score map glow where it lies on the crop: its middle is the crop's, whose cells it has."""
    width = size_wh[0] / _cells(size_wh[0], label.shape[1]) * picture.shape[1] / size_wh[0]
    height = size_wh[1] / _cells(size_wh[1], label.shape[0]) * picture.shape[0] / size_wh[1]
    corner = [
        (picture.shape[1] - label.shape[1] * width) / 2,
        (picture.shape[0] - label.shape[0] * height) / 2,
    ]
    place = np.array([[width, 0, corner[0]], [0, height, corner[1]]]) @ np.array(
        [[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]
    )
    glow = cv2.warpAffine(_finite(label), place, picture.shape[1::-1], flags=cv2.INTER_LINEAR)
    shown = 0.7 * glow[..., None]
    return (picture * (1 - shown) + np.array(_LABEL) * shown).astype(np.uint8)


def _finite(shares: Float[Tensor, "r c"]) -> Float32[np.ndarray, "r c"]:
    """A map of shares in [0, 1]; 0 where they are no numbers."""
    return shares.float().nan_to_num(nan=0.0).clamp(0, 1).numpy()


def _cells(side: int, count: int) -> int:
    """Cells of the features along a side; score maps of even filters have one more."""
    return count if side % count == 0 else count - 1


def _to_pixels(image: Float[Tensor, "3 H W"], colors: Colors) -> UInt8[np.ndarray, "H W 3"]:
    """Network input as a picture again."""
    column = (3, 1, 1)
    values = image.float() * torch.tensor(colors.std).view(column) + torch.tensor(colors.mean).view(column)
    pixels = (values * (255 / colors.white)).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return np.ascontiguousarray(pixels if colors.order == "rgb" else pixels[..., ::-1])
