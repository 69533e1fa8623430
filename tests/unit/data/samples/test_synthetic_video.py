"""Video made of stills: boxes and masks go where the pixels go, and all chance comes from one place."""

import pickle
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError
from saccade.data.samples.augment import Affine
from saccade.data.samples.footage import Footage, Moments, Shot
from saccade.data.samples.synthetic_video import Blend, SyntheticVideo, move, paste

STILL = Affine()


@dataclass
class Pictures:
    """Grey pictures with a red block, or a video in whose last frame alone the block is."""

    name: str = "blocks"
    grey: int = 60
    has_masks: bool = True
    is_video: bool = False
    has_occlusion: bool = False
    box: tuple[int, int, int, int] = (30, 20, 24, 16)

    def __len__(self) -> int:
        return 3

    def moments(self, index: int) -> Moments:
        visible = np.array([False, False, True] if self.is_video else [True])
        boxes = np.tile(np.float32(self.box), (len(visible), 1))
        return Moments(boxes, visible & (self.box[2] > 0), visible)

    def shots(self, index: int, ids: Sequence[int], rng: random.Random) -> list[Shot]:
        assert not self.is_video or list(ids) == [2]
        x, y, w, h = self.box
        image, mask = np.full((80, 100, 3), self.grey + index, np.uint8), np.zeros((80, 100), np.uint8)
        mask[y : y + h, x : x + w] = 1
        image[mask > 0] = (255, 0, 0)
        return [Shot(image, np.float32(self.box), mask if self.has_masks else None)] * len(ids)

    def describe(self, index: int, ids: Sequence[int]) -> str:
        return f"{self.name}/{index}"


def red(image: np.ndarray) -> np.ndarray:
    """Which pixels are more of the block than of anything else."""
    return (image[:, :, 0].astype(int) - image[:, :, 1]) > 100


@pytest.mark.parametrize("is_video", [False, True])
def test_each_frame_moves_in_its_own_way_with_its_mask_and_box(is_video: bool) -> None:
    video = SyntheticVideo(Pictures(is_video=is_video))
    assert isinstance(video, Footage)
    assert (video.is_video, video.has_occlusion, video.has_masks, len(video)) == (False, True, True, 3)
    shots = video.shots(1, [1] * 8, random.Random(3))
    for shot in shots:
        assert shot.mask is not None
        assert np.mean(red(shot.image) != (shot.mask > 0)) < 0.02
        x, y, w, h = shot.box.astype(int)
        assert shot.mask[y : y + h, x : x + w].sum() == shot.mask.sum() > 0
        assert shot.mask[y].any() and shot.mask[:, x + w - 1].any()
    assert len({tuple(shot.box.tolist()) for shot in shots}) == 8


def test_the_same_seed_gives_the_same_frames() -> None:
    for footage in (SyntheticVideo(Pictures()), Blend(Pictures(), Pictures("ground", 20))):
        one, two, three = (footage.shots(0, [1, 1, 1], random.Random(seed)) for seed in (1, 1, 2))
        assert all(np.array_equal(a.image, b.image) for a, b in zip(one, two, strict=True))
        assert not all(np.array_equal(a.image, b.image) for a, b in zip(one, three, strict=True))
        twin = pickle.loads(pickle.dumps(footage))
        assert np.array_equal(twin.shots(0, [1], random.Random(1))[0].image, one[0].image)


def test_without_motion_a_picture_stands_still() -> None:
    footage = SyntheticVideo(Pictures(has_masks=False), STILL)
    (shot,) = footage.shots(0, [1], random.Random(0))
    assert shot.mask is None
    np.testing.assert_array_equal(shot.image, Pictures().shots(0, [1], random.Random(0))[0].image)
    np.testing.assert_allclose(shot.box, Pictures().box)


def test_a_shift_takes_box_and_mask_along() -> None:
    (still,) = Pictures().shots(0, [1], random.Random(0))
    matrix = np.array([[1.0, 0, 7], [0, 1, -5]])
    assert move(still, matrix).box.tolist() == [37, 15, 24, 16]
    bare = move(Shot(still.image, still.box), matrix)
    np.testing.assert_allclose(bare.box, [37, 15, 24, 16])


def test_a_target_that_would_leave_the_frame_stays() -> None:
    # a scale of at least exp(7) or at most exp(-7) leaves a target of pixels' size nowhere
    away = Affine(shift=1000.0)
    footage = SyntheticVideo(Pictures(), away)
    for shot in footage.shots(0, [1] * 5, random.Random(0)):
        assert shot.box[2:].min() >= 1


def test_an_object_is_set_on_another_picture() -> None:
    blend = Blend(Pictures(), Pictures("ground", 20, box=(0, 0, 0, 0)), motion=None)
    assert isinstance(blend, Footage)
    shots = blend.shots(2, [1] * 6, random.Random(5))
    for shot in shots:
        assert shot.mask is not None
        np.testing.assert_array_equal(red(shot.image), shot.mask > 0)
        # what is not the object is one background, not the object's own
        assert len(np.unique(shot.image[shot.mask == 0])) == 1
        assert shot.image[shot.mask == 0].max() <= 22
    assert len({tuple(shot.box.tolist()) for shot in shots}) > 1
    assert blend.moments(0).boxes.shape == (1, 4)
    assert blend.describe(2, [1]) == "blocks/2 on ground"


def test_what_lies_outside_of_the_background_is_cut_off() -> None:
    (item,) = Pictures(box=(0, 0, 100, 80)).shots(0, [1], random.Random(0))
    background = np.zeros((40, 50, 3), np.uint8)
    assert paste(item, background, (0, 0)).box.tolist() == [0, 0, 50, 40]
    assert paste(item, background, (90, 20)).box.tolist() == [40, 0, 10, 40]
    gone = paste(item, background, (500, 500))
    assert not gone.image.any()
    assert gone.box.tolist() == [0, 0, 0, 0]
    assert not background.any()


def test_blends_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="has no masks along which"):
        Blend(Pictures(has_masks=False), Pictures())
    empty = Blend(Pictures(box=(0, 0, 0, 0)), Pictures())
    with pytest.raises(DatasetError, match="blocks/1: nothing is in its mask"):
        empty.shots(1, [1], random.Random(0))
    nowhere = SyntheticVideo(Pictures(is_video=True, box=(0, 0, 0, 0)))
    with pytest.raises(DatasetError, match="blocks/1: its target is nowhere visible"):
        nowhere.shots(1, [1], random.Random(0))
