"""The synthetic clip: repeatable, true to its truth, and telling the story that it promises."""

import numpy as np
import pytest

from saccade.data.synthetic import render
from saccade.data.synthetic.balloon import ENVELOPE_END, envelope_half_width, outline
from saccade.data.synthetic.noise import fractal_noise, skyline, value_noise

SMALL = (160, 90)
TARGET, DOUBLE = 0, 1


@pytest.fixture(scope="module")
def clip():
    return list(render(60, size_wh=SMALL))


def test_frames_are_pictures_of_the_size_asked_for(clip):
    assert len(clip) == 60
    for rgb, boxes, visibility in clip:
        assert rgb.shape == (90, 160, 3) and rgb.dtype == np.uint8
        assert boxes.shape == (4, 4) and visibility.shape == (4,)
        assert ((visibility >= 0) & (visibility <= 1)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_the_same_arguments_give_the_same_pixels(clip):
    again = list(render(60, size_wh=SMALL))
    for ours, theirs in zip(clip, again, strict=True):
        assert np.array_equal(ours.rgb, theirs.rgb) and np.array_equal(ours.boxes, theirs.boxes)


def test_another_seed_gives_another_clip(clip):
    other = next(render(60, seed=1, size_wh=SMALL))
    assert not np.array_equal(other.rgb, clip[0].rgb)
    assert not np.array_equal(other.boxes, clip[0].boxes)


def test_the_target_grows_from_three_fifths_to_eight_fifths(clip):
    heights = np.array([frame.boxes[TARGET, 3] - frame.boxes[TARGET, 1] for frame in clip])
    assert heights[-1] / heights[0] == pytest.approx(1.6 / 0.6, rel=0.03)


def test_the_target_is_hidden_once_and_briefly(clip):
    hidden = np.array([frame.visibility[TARGET] for frame in clip]) < 0.5
    edges = np.flatnonzero(np.diff(hidden.astype(int)))
    assert len(edges) == 2
    assert 1 <= hidden.sum() <= 0.08 * len(clip)
    assert min(frame.visibility[TARGET] for frame in clip) < 0.25


def test_the_target_passes_its_double_and_stays_in_front(clip):
    boxes = np.array([frame.boxes for frame in clip])
    gap = boxes[:, DOUBLE, 0] - boxes[:, TARGET, 0]
    assert gap[0] > 0 > gap[-1]
    meets = np.argmin(np.abs(gap))
    assert clip[meets].visibility[TARGET] > 0.99 > clip[meets].visibility[DOUBLE]


def test_the_target_never_leaves_the_frame(clip):
    boxes = np.array([frame.boxes[TARGET] for frame in clip])
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2] <= SMALL[0]).all() and (boxes[:, 3] <= SMALL[1]).all()


def test_the_box_is_where_the_pixels_are():
    rgb, boxes, _ = next(render(300))
    x1, y1, x2, y2 = boxes[TARGET]
    inner = rgb[int(y1) + 4 : int(y1 + 0.6 * (y2 - y1)), int(0.6 * x1 + 0.4 * x2) : int(0.4 * x1 + 0.6 * x2)]
    outer = rgb[int(y1) : int(y2), int(x1) - 14 : int(x1) - 2]
    # cloth is red, cream or the like; the meadow behind it is green
    assert (inner[..., 0].mean() - inner[..., 1].mean()) > 15 > (outer[..., 0].mean() - outer[..., 1].mean())


def test_the_whole_story_is_told_whatever_the_length():
    for frames in (1, 2, 7):
        clip = list(render(frames, size_wh=SMALL))
        assert len(clip) == frames
    long, short = list(render(21, size_wh=SMALL)), list(render(11, size_wh=SMALL))
    assert np.allclose(long[-1].boxes, short[-1].boxes)
    assert np.allclose(long[10].boxes, short[5].boxes)


@pytest.mark.parametrize("size_wh", [(16, 16), (17, 90), (200, 19)])
def test_any_size_can_be_rendered(size_wh):
    for rgb, _, visibility in render(3, size_wh=size_wh):
        assert rgb.shape == (size_wh[1], size_wh[0], 3)
        assert np.isfinite(visibility).all()


@pytest.mark.parametrize(("frames", "size_wh"), [(0, SMALL), (-1, SMALL), (3, (15, 90)), (3, (90, -1))])
def test_nothing_to_render_is_refused_at_once(frames, size_wh):
    with pytest.raises(ValueError, match="at least"):
        render(frames, size_wh=size_wh)


def test_the_outline_encloses_the_envelope_and_the_basket():
    points = outline()
    assert points[:, 1].min() == -1 and points[:, 1].max() == 1
    heights = np.linspace(-1, ENVELOPE_END, 200)
    assert points[:, 0].max() == pytest.approx(envelope_half_width(heights).max(), rel=2e-3)
    assert points[:, 0].min() == -points[:, 0].max()


@pytest.mark.parametrize("cell", [1.0, 3.0, 40.0, 500.0])
def test_noise_stays_in_its_range_and_is_smooth(cell):
    field = value_noise(np.random.default_rng(0), 50, 70, (cell, cell))
    assert field.shape == (50, 70) and field.min() >= 0 and field.max() <= 1
    # smoothstep climbs at most 1.5 / cell a pixel
    assert np.abs(np.diff(field, axis=0)).max() <= 1.5 / cell + 1e-6


def test_octaves_add_detail_within_the_range():
    field = fractal_noise(np.random.default_rng(0), 64, 64, 32.0, octaves=5)
    assert 0 <= field.min() < 0.5 < field.max() <= 1
    assert skyline(np.random.default_rng(0), 40, 10.0).shape == (40,)
