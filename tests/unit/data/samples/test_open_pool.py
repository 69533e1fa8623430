"""Video made on the fly from a small pool: scenes are repeatable, and boxes are where they say."""

import os
import random
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.core.errors import SaccadeWarning
from saccade.data.samples.canvas import CANVAS, TARGET, affine, warp
from saccade.data.samples.flow_tracks import KEPT, flow_tracks, pool_tracks
from saccade.data.samples.open_pool import SPLITS, open_pool
from saccade.data.samples.opening import open_footage
from saccade.data.samples.pool import Pool
from saccade.data.samples.scenes import Tint, paint

FRAMES, SIZE = 8, (200, 150)
RED = (230, 20, 20)


def texture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((SIZE[1], SIZE[0], 3)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stills, one of them with two numbered objects, a clip with masks, and one that moves as a whole."""
    root = tmp_path_factory.mktemp("pool")
    for name in ("blocks_1", "card_1"):
        write(root / "images" / f"{name}.jpg", texture(len(name)))
    numbered = np.zeros(SIZE[::-1], np.uint8)
    numbered[20:60, 30:80], numbered[80:120, 100:140], numbered[0:2, 0:2] = 1, 2, 3
    write(root / "masks/blocks_1.png", numbered)
    (root / "BOXES.csv").write_text("path,x,y,w,h,label\nimages/card_1.jpg,10,20,30,40,ace\n")
    wide = cv2.resize(texture(5), None, fx=1.3, fy=1.3)
    for t in range(FRAMES):
        mask = np.zeros(SIZE[::-1], np.uint8)
        mask[40:80, 40 + 4 * t : 90 + 4 * t] = 255
        write(root / f"clips/boat/{t:05d}.jpg", texture(9))
        write(root / f"masks/boat/{t:05d}.png", mask)
        write(root / f"clips/pan/{t:05d}.jpg", wide[5:155, 3 * t : 200 + 3 * t])
    return root


def test_a_pool_is_looked_through(root):
    pool = Pool.open(root)
    assert [len(still.boxes) for still in pool.stills] == [2, 1]
    assert [(cut.group, len(cut.parts)) for cut in pool.cut_outs] == [("blocks", 1)] * 2 + [("boat", FRAMES)]
    np.testing.assert_array_equal(pool.cut_outs[0].parts[0].box, [30, 20, 50, 40])
    assert pool.cut_outs[1].parts[0].cut().shape == (40, 40, 4)
    np.testing.assert_array_equal(pool.annotated[0].boxes[2], [48, 40, 50, 40])


def test_optical_flow_follows_what_moves(root):
    tracks = flow_tracks([Pool.open(root).clips[1]])
    assert tracks
    for track in tracks:
        moved = np.diff(track.boxes[:, :2], axis=0)
        np.testing.assert_allclose(moved, np.tile([-3, 0], (len(moved), 1)), atol=0.7)


def test_what_was_followed_is_kept_until_a_frame_changes(root, tmp_path):
    folder = shutil.copytree(root, tmp_path / "pool", ignore=shutil.ignore_patterns("saccade-*"))
    pool = Pool.open(folder)
    with pytest.warns(SaccadeWarning, match="2 clips once"):
        tracks = pool_tracks(pool)
    assert (folder / KEPT).is_file() and tracks
    kept = pool_tracks(pool)  # a warning would be an error
    assert [track.frames for track in kept] == [track.frames for track in tracks]
    for track, same in zip(kept, tracks, strict=True):
        np.testing.assert_array_equal(track.boxes, same.boxes)
    os.utime(folder / "clips/pan/00000.jpg", ns=(1, 1))
    with pytest.warns(SaccadeWarning, match="2 clips once"):
        pool_tracks(pool)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.filterwarnings("ignore:.*clips once:saccade.core.errors.SaccadeWarning")
def test_what_is_made_follows_from_the_draws_alone(root, split):
    footage = open_footage("open_pool", root, split)
    for index in range(min(len(footage), 6)):
        first, again, other = (
            footage.shots(index, [0, 0], random.Random(seed)) for seed in (index, index, index + 1)
        )
        for shot, same in zip(first, again, strict=True):
            np.testing.assert_array_equal(shot.image, same.image)
            np.testing.assert_array_equal(shot.box, same.box)
            assert shot.image.shape == (CANVAS, CANVAS, 3) and shot.image.dtype == np.uint8
            assert 0.3 < np.sqrt(shot.box[2:].prod()) / TARGET < 2.5
            centre = shot.box[:2] + shot.box[2:] / 2
            assert (abs(centre - CANVAS / 2) < CANVAS / 2).all()
        assert not np.array_equal(first[0].image, other[0].image)
        assert footage.moments(index).visible.all()
    assert footage.describe(0, [0, 0]) == f"open-{split}#0"


def test_an_object_is_painted_where_its_box_says():
    canvas = np.full((CANVAS, CANVAS, 3), 100, np.uint8)
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = RED, 255
    box = paint(canvas, pixels, affine(np.zeros(2), np.array([50.0, 60.0]), 2.0), Tint(np.ones(3), 0.0))
    np.testing.assert_allclose(box, [50, 60, 60, 40], atol=1)
    np.testing.assert_allclose(canvas[80, 80], RED, atol=1)
    np.testing.assert_array_equal(canvas[30, 30], 100)
    outside = affine(np.zeros(2), np.array([900.0, 0.0]), 1.0)
    assert paint(canvas, pixels, outside, Tint(np.ones(3), 0.0)) is None


def test_shrinking_moves_nothing():
    picture = cv2.GaussianBlur(texture(3), (0, 0), 5)
    centre = np.array([100.0, 75.0])
    canvas = warp(picture, affine(centre, np.array([CANVAS / 2, CANVAS / 2]), 0.4), cv2.BORDER_REPLICATE)
    there = picture[75, 100].astype(int)
    assert abs(canvas[CANVAS // 2, CANVAS // 2].astype(int) - there).max() < 12


def test_another_folder_is_refused(tmp_path):
    write(tmp_path / "images/a.jpg", texture(0))
    with pytest.raises(DatasetError, match="expected pictures in images/"):
        open_pool(tmp_path, "stills")


@pytest.fixture
def copy(root, tmp_path) -> Path:
    """A pool to be spoiled."""
    return shutil.copytree(root, tmp_path / "copy")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,2,three,4", "expected path,x,y,w,h"),
        ("1,2,0,4", "a box of 0 x 4 pixels has no area"),
        ("nan,2,3,4", "has no area"),
    ],
)
def test_a_broken_list_of_boxes_is_named(copy, row, said):
    (copy / "BOXES.csv").write_text(f"path,x,y,w,h\nimages/card_1.jpg,{row}\n")
    with pytest.raises(DatasetError, match=f"BOXES.csv:2: .*{said}"):
        Pool.open(copy)


@pytest.mark.parametrize("mask", ["blocks_1.png", "boat/00000.png"])
def test_a_broken_mask_is_named(copy, mask):
    (copy / "masks" / mask).write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=f"{mask}: not a readable mask"):
        Pool.open(copy)


def test_a_mask_of_another_size_is_named_when_it_is_cut_along(copy):
    write(copy / "masks/blocks_1.png", np.ones((40, 40), np.uint8))
    (part,) = Pool.open(copy).cut_outs[0].parts
    with pytest.raises(DatasetError, match=r"blocks_1.png: the mask is 40x40 large, but its picture 200x150"):
        part.cut()


def test_a_clip_without_frames_is_none(copy):
    (copy / "clips" / "empty").mkdir()
    assert [frames[0].parent.name for frames in Pool.open(copy).clips] == ["boat", "pan"]
