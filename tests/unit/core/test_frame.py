"""Whatever picture a caller has becomes RGB, uint8 and contiguous, or is refused in words."""

import numpy as np
import pytest
import torch

from saccade.core import Frame, FrameError
from saccade.core.frame import looks_gray

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("picture", "color", "expected"),
    [
        pytest.param(RGB, "rgb", RGB, id="rgb stays as it is"),
        pytest.param(RGB[:, :, ::-1], "bgr", RGB, id="bgr is turned round"),
        pytest.param(RGB[:, :, 0], "rgb", RGB[:, :, :1].repeat(3, 2), id="gray is repeated"),
        pytest.param(RGB[:, :, :1], "bgr", RGB[:, :, :1].repeat(3, 2), id="one channel is gray"),
        pytest.param(np.dstack([RGB, RGB[..., 0]]), "rgb", RGB, id="alpha is dropped"),
        pytest.param(np.dstack([RGB[..., ::-1], RGB[..., 0]]), "bgr", RGB, id="alpha of bgra is dropped"),
        pytest.param(RGB.astype(np.uint16) * 257, "rgb", RGB, id="full scale of 16 bits maps to full scale"),
        pytest.param(np.asfortranarray(RGB), "rgb", RGB, id="column-major memory"),
        pytest.param(RGB[::-1, ::2], "rgb", RGB[::-1, ::2], id="strided view"),
    ],
)
def test_pictures_become_rgb(picture, color, expected):
    image = Frame.of(picture, color=color).image
    np.testing.assert_array_equal(image, expected)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_16_bits_round_to_the_nearest_level():
    levels = np.array([[0, 128, 129, 65406, 65407, 65535]], dtype=np.uint16)
    np.testing.assert_array_equal(Frame.of(levels).image[0, :, 0], [0, 0, 1, 254, 255, 255])


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        pytest.param("clip.mp4", "got str.*saccade.follow opens files", id="a name is no picture"),
        pytest.param(None, "got NoneType.*OpenCV gives None", id="what cv2.imread gives for a missing file"),
        pytest.param([[1, 2], [3, 4]], "got list", id="a list"),
        pytest.param(torch.zeros(4, 4, 3), r"got torch.Tensor of shape \(4, 4, 3\)", id="a tensor"),
        pytest.param(
            np.zeros((3, 6, 8), np.uint8), r"transpose it by .transpose\(1, 2, 0\)", id="channels first"
        ),
        pytest.param(np.zeros((1, 6, 8, 3), np.uint8), "one picture at a time", id="a batch"),
        pytest.param(np.zeros((6, 8, 2), np.uint8), r"got shape \(6, 8, 2\)", id="two channels"),
        pytest.param(np.zeros(6, np.uint8), r"got shape \(6,\)", id="a row"),
        pytest.param(np.zeros((0, 8, 3), np.uint8), "the picture is empty", id="no rows"),
        pytest.param(np.zeros((6, 0), np.uint8), "the picture is empty", id="no columns"),
        pytest.param(np.zeros((6, 8, 3)), r"dtype float64.*255 \* picture", id="floats need a range"),
        pytest.param(np.zeros((6, 8, 3), np.int32), "got dtype int32", id="other integers"),
        pytest.param(np.zeros((6, 8, 3), bool), "got dtype bool", id="booleans"),
    ],
)
def test_anything_else_is_refused(picture, message):
    with pytest.raises(FrameError, match=message) as refusal:
        Frame.of(picture, index=7)
    assert str(refusal.value).startswith("frame 7: ")
    assert "expected a uint8 or uint16 array (H, W, 3)" in str(refusal.value)


def test_a_frame_passes_through():
    frame = Frame.of(RGB, index=3, time=0.5)
    assert Frame.of(frame, index=9, color="bgr") is frame
    assert (frame.index, frame.time, frame.size_wh) == (3, 0.5, (8, 6))


def test_gray_scenes_are_known():
    gray = RGB[:, :, :1].repeat(3, 2)
    assert Frame.of(RGB[:, :, 0]).is_gray
    assert Frame.of(gray).is_gray
    assert not Frame.of(RGB).is_gray


def test_a_compressed_gray_scene_counts_as_gray():
    gray = np.full((40, 40, 3), 100, np.uint8)
    gray[..., 1] += 2
    assert looks_gray(gray)
    gray[..., 2] += 6
    assert not looks_gray(gray)


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("color", ["BGR", "RGB", "gbr", None])
def test_an_unknown_color_order_is_refused(color):
    with pytest.raises(FrameError, match=f"frame 4: got the color order {color!r}; expected 'rgb', or 'bgr'"):
        Frame.of(np.zeros((4, 6, 3), np.uint8), index=4, color=color)
