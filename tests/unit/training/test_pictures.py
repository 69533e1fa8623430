"""Pictures of batches: everything in them lies where the numbers say."""

import errno
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from saccade.core import OutputError
from saccade.data.samples.augment import MASK_RCNN_COLORS, Colors
from saccade.data.samples.sample import FrameSet, Sample
from saccade.training.pictures import draw_batch, save_picture

SIDE, HEAD = 240, 22


def batch_of(colors: Colors, *, mask: bool = False, label: bool = False) -> Sample:
    """One sample of one train and one test frame: blue, with a target in the lower right quarter."""
    blue = torch.tensor([0.0, 0.0, 1.0])[:, None, None].expand(3, 96, 96) * colors.white
    if colors.order == "bgr":
        blue = blue.flip(0)
    image = (blue - torch.tensor(colors.mean)[:, None, None]) / torch.tensor(colors.std)[:, None, None]
    masks, labels = torch.zeros(1, 1, 96, 96), torch.zeros(1, 1, 7, 7)
    masks[..., 48:, 48:] = 1
    labels[..., 4, 4] = 1
    frames = FrameSet(
        images=image[None, None],
        boxes=torch.tensor([[[48.0, 48.0, 32.0, 32.0]]]),
        masks=masks if mask else None,
        labels=labels if label else None,
    )
    proposals = torch.tensor([[[[8.0, 8.0, 20.0, 20.0], [40.0, 40.0, 30.0, 30.0]]]])
    test = frames._replace(proposals=proposals, proposal_ious=torch.tensor([[[-1.0, 1.0]]]))
    return Sample(frames, test, ("toys/0:1,2",))


def test_colours_are_those_of_the_picture_again() -> None:
    for colors in (Colors(), MASK_RCNN_COLORS):
        picture = draw_batch(batch_of(colors), colors)
        assert tuple(picture[HEAD + 20, 20]) == (0, 0, 255)


def test_the_target_is_framed_in_green() -> None:
    picture = draw_batch(batch_of(Colors()), Colors())
    green = (picture == (80, 255, 80)).all(axis=-1)[HEAD:, :SIDE]
    rows, columns = np.nonzero(green)
    scale = SIDE / 96
    assert abs(rows.min() - 48 * scale) <= 2
    assert abs(columns.max() - 80 * scale) <= 2


def test_masks_and_labels_lie_on_the_target() -> None:
    plain = draw_batch(batch_of(Colors()), Colors())
    masked = draw_batch(batch_of(Colors(), mask=True), Colors())
    changed = np.nonzero((plain != masked).any(axis=-1)[HEAD:, :SIDE])
    assert min(changed[0].min(), changed[1].min()) >= SIDE // 2 - 3
    labelled = draw_batch(batch_of(Colors(), label=True), Colors())
    glow = np.abs(labelled[HEAD:, :SIDE].astype(int) - plain[HEAD:, :SIDE]).sum(axis=-1)
    # the 7 cells of an even filter have their middle on that of the 6 of the crop: cell 4 is at 16 * 4
    assert np.unravel_index(glow.argmax(), glow.shape) == pytest.approx((64 * SIDE / 96,) * 2, abs=3)


def test_good_proposals_are_red_and_bad_ones_blue() -> None:
    picture = draw_batch(batch_of(Colors()), Colors())
    test_frame = picture[HEAD:, SIDE + 4 + 12 :]
    near, far = test_frame[100, 100 + 20], test_frame[20, 20 + 20]
    assert near[0] > 100 > near[2]
    assert far[2] > 100 > far[0]


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e30])
@pytest.mark.parametrize(
    "part", ["images", "boxes", "masks", "labels", "proposals", "proposal_ious", "truth_densities"]
)
def test_numbers_that_spoil_a_training_are_drawn_too(part: str, value: float) -> None:
    batch = batch_of(Colors(), mask=True, label=True)
    if part == "truth_densities":
        batch = batch._replace(
            test=batch.test._replace(proposal_ious=None, truth_densities=torch.ones(1, 1, 2))
        )
    getattr(batch.test, part).fill_(value)
    assert draw_batch(batch, Colors()).shape[0] == SIDE + HEAD


def test_it_is_written_as_a_picture_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_picture(draw_batch(batch_of(Colors()), Colors()), tmp_path / "deep" / "batch.png")
    assert cv2.imread(str(tmp_path / "deep" / "batch.png")).shape[0] == SIDE + HEAD

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"batch.png: .*No space left"):
        save_picture(draw_batch(batch_of(Colors()), Colors()), tmp_path / "batch.png")
