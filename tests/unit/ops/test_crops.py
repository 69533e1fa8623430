"""Crops: which pixels they are made of, borders, and the map between frame and crop."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given
from hypothesis import strategies as st

from saccade.ops.crops import CropView, pixel_window, sample_patch


def numbered(height: int = 60, width: int = 80) -> np.ndarray:
    """A frame whose pixels tell where they are: red is the column, green the row."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0], frame[..., 1] = np.arange(width), np.arange(height)[:, None]
    return frame


def crop(
    frame: np.ndarray | torch.Tensor, centre: tuple[float, float], size: tuple[float, float], **how: object
):
    return sample_patch(frame, torch.tensor([centre]), torch.tensor([size]), **how)  # type: ignore[arg-type]


def test_a_crop_without_resizing_has_the_pixels_of_the_frame() -> None:
    patch, corners = crop(numbered(), (40.0, 30.0), (21.0, 11.0))
    assert patch.dtype == torch.float32 and patch.shape == (1, 3, 11, 21)
    assert patch[0, 0, 0].tolist() == list(range(30, 51)) and patch[0, 1, :, 0].tolist() == list(
        range(25, 36)
    )
    assert corners.tolist() == [[30.0, 25.0, 51.5, 36.5]]  # odd sizes: the second corner is half a pixel out


def test_windows_of_even_size_come_out_one_pixel_larger() -> None:
    window = pixel_window((80, 60), torch.tensor([[40.0, 30.0]]), torch.tensor([[20.0, 10.0]]))
    assert (window.stop - window.first).tolist() == [[21, 11]]


def test_legacy_windows_have_the_size_that_was_asked_for() -> None:
    window = pixel_window((80, 60), torch.tensor([[40.0, 30.0]]), torch.tensor([[20.0, 10.0]]), legacy=True)
    assert (window.stop - window.first).tolist() == [[20, 10]]
    assert window.corners.tolist() == [[31.0, 26.0, 51.0, 36.0]]


@pytest.mark.parametrize(
    ("centre", "nearest"),
    [
        ((2.0, 30.0), (0, None)),  # over the left border
        ((40.0, 58.0), (None, 59)),  # over the lower border
        ((-50.0, -70.0), (0, 0)),  # wholly outside: the corner, everywhere
        ((200.0, 300.0), (79, 59)),
    ],
)
def test_beyond_the_frame_the_border_continues(
    centre: tuple[float, float], nearest: tuple[int | None, int | None]
) -> None:
    patch, _ = crop(numbered(), centre, (11.0, 11.0))
    edge_x = patch[0, 0, :, 0] if centre[0] < 40 else patch[0, 0, :, -1]
    edge_y = patch[0, 1, 0] if centre[1] < 30 else patch[0, 1, -1]
    if nearest[0] is not None:
        assert (edge_x == nearest[0]).all()
    if nearest[1] is not None:
        assert (edge_y == nearest[1]).all()


def test_beyond_the_frame_a_mask_is_empty() -> None:
    patch, _ = crop(np.ones((60, 80, 1), np.uint8), (0.0, 30.0), (21.0, 11.0), is_mask=True)
    assert (patch[..., :10] == 0).all() and (patch[..., 10:] == 1).all()


def test_a_mask_stays_binary_when_it_is_resized() -> None:
    mask = (np.random.default_rng(0).random((60, 80, 1)) < 0.5).astype(np.uint8)
    patch, _ = crop(mask, (40.0, 30.0), (31.0, 31.0), output_wh=(16, 16), is_mask=True)
    assert set(patch.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("mode", "corners"),
    [
        ("inside", (-0.5, 0.5, 80.0, 41.0)),  # 80 x 40: both sides fit; x moved to the left by 30
        ("inside_major", (-20.0, 0.0, 100.5, 60.5)),  # 120 x 60: the height fits, the width sticks out alike
    ],
)
def test_regions_larger_than_the_frame_are_shrunk_and_moved(mode: str, corners: tuple[float, ...]) -> None:
    _, measured = crop(numbered(), (70.0, 20.0), (200.0, 100.0), mode=mode)
    assert measured.tolist() == [list(corners)]


def test_a_region_is_shrunk_no_further_than_allowed() -> None:
    centre, size = torch.tensor([[40.0, 30.0]]), torch.tensor([[160.0, 120.0]])
    window = pixel_window((80, 60), centre, size, mode="inside", max_scale_change=1.5)
    assert ((window.corners[:, 2:] - window.corners[:, :2]) == torch.tensor([[106.5, 80.5]])).all()


def test_large_regions_are_thinned_before_they_are_resized() -> None:
    window = pixel_window((80, 60), torch.tensor([[41.0, 31.0]]), torch.tensor([[60.0, 60.0]]), (16, 16))
    assert window.step.tolist() == [3] and window.offset.tolist() == [[2, 1]]


@pytest.mark.parametrize("mode", ["replicate", "inside", "inside_major"])
def test_arrays_and_tensors_give_the_same_crop(mode: str) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    frame.flags.writeable = False
    planes = torch.from_numpy(frame.copy()).permute(2, 0, 1)
    how = {"output_wh": (16, 12), "mode": mode}
    assert torch.equal(
        crop(frame, (9.0, 50.0), (40.0, 30.0), **how)[0], crop(planes, (9.0, 50.0), (40.0, 30.0), **how)[0]
    )


def test_a_batch_equals_its_single_crops() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    centres, sizes = torch.rand(5, 2) * 60, torch.rand(5, 2) * 50 + 10
    patches, corners = sample_patch(frame, centres, sizes, (16, 12))
    for i in range(5):
        one, its_corners = sample_patch(frame, centres[i : i + 1], sizes[i : i + 1], (16, 12))
        assert torch.equal(patches[i], one[0]) and torch.equal(corners[i], its_corners[0])


def along_one_side(
    length: int, place: float, size: float, ratio: float, mode: str, legacy: bool
) -> tuple[list[int], tuple[float, float]]:
    """The pixels that one side of a crop is made of, and its corners, each by the rule in its words.

    Args:
        ratio: of the region to the output, by the side on which it is smaller.
    """
    place = math.trunc(place)
    step = max(int(ratio - np.float32(0.1)), 1)
    used = list(range(length))[place % step :: step]
    place //= step
    pixels = max(round(size / step), 2)
    if legacy:
        first, stop = place - (pixels - 1) // 2, place + pixels // 2 + 1
    else:
        first, stop = place - (pixels - 1) / 2, place + pixels / 2 + 1
    if mode != "replicate":
        shift = max(-first, 0) - max(stop - len(used), 0)
        first, stop = first + shift, stop + shift
        if (outside := (max(-first, 0) + max(stop - len(used), 0)) // 2) > 0:
            first, stop = -outside, stop - first - outside
    columns = range(math.trunc(first), math.trunc(stop))
    return [used[min(max(column, 0), len(used) - 1)] for column in columns], (step * first, step * stop)


side = st.floats(1, 150, width=32)


# thinned and moved inside; two pixels at least; one that sticks out on both sides, by two, by one
@example((79.0, 59.0), (70.0, 44.0), (8, 8), "inside", None, False)
@example((3.0, 2.0), (150.0, 44.0), (8, 8), "inside_major", None, False)
@example((40.0, 30.0), (1.0, 9.0), None, "replicate", None, False)
@example((40.0, 30.0), (1.0, 9.0), None, "replicate", None, True)
@example((40.0, 30.0), (83.0, 60.0), None, "inside_major", None, False)
@example((40.0, 30.0), (82.0, 60.0), None, "inside_major", None, False)
@example((40.0, 30.0), (81.0, 60.0), None, "inside_major", None, True)
@example((40.0, 30.0), (160.0, 40.0), (40, 20), "replicate", None, False)
@given(
    centre=st.tuples(st.floats(-20, 100, width=32), st.floats(-20, 80, width=32)),
    size=st.tuples(side, side),
    output_wh=st.none() | st.tuples(st.integers(4, 40), st.integers(4, 40)),
    mode=st.sampled_from(["replicate", "inside", "inside_major"]),
    max_scale_change=st.sampled_from([None, 1.5]),
    legacy=st.booleans(),
)
def test_a_crop_is_made_of_the_pixels_that_the_rules_name(
    centre: tuple[float, float],
    size: tuple[float, float],
    output_wh: tuple[int, int] | None,
    mode: str,
    max_scale_change: float | None,
    legacy: bool,
) -> None:
    frame_wh = (80, 60)
    # what falls on a whole number does so in single precision
    sizes = [np.float32(each) for each in size]
    shares = [one / np.float32(whole) for one, whole in zip(sizes, frame_wh, strict=True)]
    if mode != "replicate":
        share = max(shares) if mode == "inside" else min(shares)
        shrink = min(max(share, np.float32(1)), np.float32(max_scale_change or math.inf))
        sizes = [np.trunc(each / shrink) for each in sizes]
    ratio = (
        1.0 if output_wh is None else min(a / np.float32(b) for a, b in zip(sizes, output_wh, strict=True))
    )
    sides = zip(frame_wh, centre, sizes, strict=True)
    (columns, xs), (rows, ys) = (along_one_side(*each, ratio, mode, legacy) for each in sides)

    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    patch, corners = crop(
        frame,
        centre,
        size,
        output_wh=output_wh,
        mode=mode,
        max_scale_change=max_scale_change,
        legacy=legacy,
    )
    assert corners.tolist() == [[xs[0], ys[0], xs[1], ys[1]]]
    expected = torch.from_numpy(frame[np.ix_(rows, columns)]).permute(2, 0, 1)[None].float()
    if output_wh is not None:
        expected = F.interpolate(expected, output_wh[::-1], mode="bilinear", align_corners=False)
    torch.testing.assert_close(patch, expected)


@pytest.mark.parametrize(
    ("centre", "side", "how", "corners"),
    [
        ((320.0, 180.0), 288.0, {}, (176.5, 36.5, 465.0, 325.0)),
        ((320.0, 180.0), 287.0, {}, (177.0, 37.0, 464.5, 324.5)),
        ((100.0, 100.0), 288.0, {}, (-43.5, -43.5, 245.0, 245.0)),
        ((320.0, 180.0), 700.0, "at most 1.5", (-0.5, -140.0, 640.0, 500.5)),
        ((620.0, 20.0), 300.0, "at most 1.5", (339.5, 0.0, 640.0, 300.5)),
    ],
)
def test_corners_that_the_trackers_are_known_to_measure(
    centre: tuple[float, float], side: float, how: object, corners: tuple[float, ...]
) -> None:
    shrinking = {"output_wh": (352, 352), "mode": "inside_major", "max_scale_change": 1.5}
    _, measured = crop(numbered(360, 640), centre, (side, side), **(shrinking if how else {}))
    assert measured.tolist() == [list(corners)]


def test_views_of_a_batch_are_chosen_and_moved() -> None:
    corners = torch.tensor([[0.0, 0.0, 10.0, 20.0], [30.0, 40.0, 70.0, 80.0]])
    views = CropView.of_corners(corners, (20, 20))
    torch.testing.assert_close(views.scale, torch.tensor([0.5**0.5, 2.0]))
    chosen = views[1:].to(torch.device("cpu"))
    assert (chosen.centre.tolist(), chosen.scale.tolist(), chosen.size_wh) == (
        [[49.5, 59.5]],
        [2.0],
        (20, 20),
    )
    assert views[0].to_frame(torch.tensor([9.5, 9.5])).tolist() == [4.5, 9.5]


def test_corners_give_the_view_of_a_crop() -> None:
    _, corners = crop(numbered(), (40.0, 30.0), (21.0, 21.0), output_wh=(42, 42))
    view = CropView.of_corners(corners, (42, 42))
    # a quarter of a pixel to the right and below, and slightly too large: the half pixel of the corner
    torch.testing.assert_close(view.centre, torch.tensor([[40.25, 30.25]]))
    torch.testing.assert_close(view.scale, torch.tensor([21.5 / 42]))


def test_the_middle_of_a_crop_is_the_centre_of_its_view() -> None:
    view = CropView(torch.tensor([[100.0, 50.0]]), torch.tensor([2.0]), (11, 21))
    assert view.to_crop(torch.tensor([[100.0, 50.0]])).tolist() == [[5.0, 10.0]]
    # a box around the centre is as large as the scale says, and around the middle
    assert view.to_crop(torch.tensor([[98.5, 47.5, 4.0, 6.0]])).tolist() == [[4.5, 9.0, 2.0, 3.0]]


def test_coordinates_are_points_or_boxes(unchecked_shapes: None) -> None:
    view = CropView(torch.zeros(1, 2), torch.ones(1), (11, 11))
    with pytest.raises(ValueError, match="got 3 columns"):
        view.to_crop(torch.zeros(1, 3))


finite = st.floats(-500, 500)


@given(
    centre=st.tuples(finite, finite),
    scale=st.floats(0.05, 20),
    box=st.tuples(finite, finite, st.floats(1, 300), st.floats(1, 300)),
    columns=st.sampled_from([2, 4]),
)
def test_frame_to_crop_and_back_is_the_identity(
    centre: tuple[float, float], scale: float, box: tuple[float, ...], columns: int
) -> None:
    view = CropView(torch.tensor([centre]).double(), torch.tensor([scale]).double(), (288, 160))
    there = torch.tensor([box[:columns]]).double()
    torch.testing.assert_close(view.to_frame(view.to_crop(there)), there)
    torch.testing.assert_close(view.to_crop(view.to_frame(there)), there)
