"""Boxes of masks, COCO run lengths and palette pictures."""

from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from PIL import Image

from saccade.ops.masks import (
    davis_palette,
    decode_rle,
    encode_rle,
    fill_box,
    mask_box,
    read_palette_png,
    write_palette_png,
)


def rows(*lines: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in line] for line in lines])


@pytest.mark.parametrize(
    ("mask", "box"),
    [
        (rows("....", ".##.", ".#.."), (1, 1, 3, 3)),
        (rows("#"), (0, 0, 1, 1)),
        (rows("####", "####"), (0, 0, 4, 2)),  # the whole picture
        (rows("#...", "....", "...#"), (0, 0, 4, 3)),  # two parts
        (rows("....", "...."), (0, 0, 0, 0)),  # empty
    ],
)
def test_mask_box(mask: np.ndarray, box: tuple[float, ...]) -> None:
    assert mask_box(mask) == box


@pytest.mark.parametrize(
    ("mask", "runs"),
    [
        (rows("....", "...."), [8]),
        (rows("####", "####"), [0, 8]),  # runs begin with background
        (rows(".#..", ".#.."), [2, 2, 4]),  # down the columns
        (rows("#..#", "...."), [0, 1, 5, 1, 1]),
    ],
)
def test_runs_go_down_the_columns_and_begin_with_background(mask: np.ndarray, runs: list[int]) -> None:
    assert np.array_equal(decode_rle({"size": list(mask.shape), "counts": runs}), mask)
    assert encode_rle(mask)["counts"] == sv.mask_to_rle(mask, compressed=True)


@pytest.mark.parametrize(
    ("counts", "size", "runs"),
    [
        # by hand: 48 + the value for 0 to 15, then two letters with the lower one marked by 32
        ("8", [2, 4], [8]),
        ("08", [2, 4], [0, 8]),
        ("`0", [4, 4], [16]),  # a second letter, for bit 4 alone would be a sign
        ("o3", [127, 1], [127]),
        # from the fourth run on the difference to the one before the last: 2 - 5 = -3, 2 - 3 = -1
        ("353MO", [3, 5], [3, 5, 3, 2, 2]),
    ],
)
def test_compressed_counts_by_hand(counts: str, size: list[int], runs: list[int]) -> None:
    expected = decode_rle({"size": size, "counts": runs})
    assert np.array_equal(decode_rle({"size": size, "counts": counts}), expected)
    assert np.array_equal(decode_rle({"size": size, "counts": counts.encode()}), expected)
    assert encode_rle(expected) == {"size": size, "counts": counts}


@pytest.mark.parametrize("counts", ["9", [3, 4], [4, -2, 6], ""])
def test_runs_that_do_not_fill_the_picture_are_refused(counts: object) -> None:
    with pytest.raises(ValueError, match="expected 8 pixels"):
        decode_rle({"size": [2, 4], "counts": counts})


@pytest.mark.parametrize("size", [[-2, 4], [1 << 20, 1 << 20]])
def test_sizes_that_no_picture_has_are_refused(size: list[int]) -> None:
    with pytest.raises(ValueError, match=f"no picture has {size[0]}x{size[1]} pixels"):
        decode_rle({"size": size, "counts": "8"})


@pytest.mark.parametrize("letter", ["/", "p", "\n"])
def test_letters_that_are_none_of_run_lengths_are_refused(letter: str) -> None:
    with pytest.raises(ValueError, match="is no letter of them"):
        decode_rle({"size": [2, 4], "counts": f"8{letter}"})


def test_rle_of_real_masks_is_that_of_another_library(shared_data: Path) -> None:
    paths = sorted((shared_data / "vos" / "Annotations").glob("*/00000.png"))
    assert len(paths) >= 6
    for path in paths:
        for value in set(np.unique(read_palette_png(path))) - {0}:
            mask = read_palette_png(path) == value
            rle = encode_rle(mask)
            assert rle["counts"] == sv.mask_to_rle(mask, compressed=True)
            assert np.array_equal(decode_rle(rle), mask)


def test_the_palette_is_that_of_davis(shared_data: Path) -> None:
    with Image.open(shared_data / "vos" / "Annotations" / "dogs_jump-multi" / "00000.png") as picture:
        assert davis_palette().ravel().tolist() == picture.getpalette()


def test_the_palette_by_hand() -> None:
    palette = davis_palette()
    # 22 is 10110 in binary: bits 1 and 4 are the first and second of green, bit 2 the first of blue
    by_hand = {
        0: [0, 0, 0],
        1: [128, 0, 0],
        2: [0, 128, 0],
        7: [128, 128, 128],
        8: [64, 0, 0],
        22: [0, 192, 128],
    }
    assert {index: palette[index].tolist() for index in by_hand} == by_hand
    assert len({tuple(color) for color in palette.tolist()}) == 256


def test_palette_png_round_trip(tmp_path: Path) -> None:
    ids = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_palette_png(tmp_path / "a.png", ids)
    assert np.array_equal(read_palette_png(tmp_path / "a.png"), ids)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "P" and np.array_equal(np.array(picture.convert("RGB")), davis_palette()[ids])


def test_gray_pictures_hold_ids_and_coloured_ones_do_not(tmp_path: Path) -> None:
    ids = np.array([[0, 255], [1, 7]], np.uint8)
    Image.fromarray(ids).save(tmp_path / "gray.png")
    assert np.array_equal(read_palette_png(tmp_path / "gray.png"), ids)
    Image.fromarray(np.stack([ids] * 3, axis=2)).save(tmp_path / "three.png")
    assert np.array_equal(read_palette_png(tmp_path / "three.png"), ids)
    Image.fromarray(davis_palette()[ids]).save(tmp_path / "color.png")
    with pytest.raises(ValueError, match=r"color\.png: is a picture of colours \(RGB\).*save a palette PNG"):
        read_palette_png(tmp_path / "color.png")


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_ids_beyond_8_bits_are_refused_rather_than_cut(tmp_path: Path, name: str) -> None:
    kind = np.uint16 if name.endswith("png") else np.int32
    Image.fromarray(np.arange(300, dtype=kind).reshape(15, 20)).save(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name}: has more than 8 bits a pixel; save a palette PNG"):
        read_palette_png(tmp_path / name)


@pytest.mark.parametrize("keep", [30, 60, 780])
def test_a_file_that_ends_early_cannot_be_read(tmp_path: Path, keep: int) -> None:
    write_palette_png(tmp_path / "cut.png", np.ones((40, 60), np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:keep])
    with pytest.raises(OSError):
        read_palette_png(tmp_path / "cut.png")


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((2, 1, 3, 2), slice(1, 3), slice(2, 5)),
        ((2.3, 1.2, 0.1, 0.1), slice(1, 2), slice(2, 3)),
        ((-4, -4, 100, 100), slice(0, 6), slice(0, 8)),
    ],
)
def test_a_box_is_filled(box, rows, columns):
    expected = np.zeros((6, 8), dtype=bool)
    expected[rows, columns] = True
    np.testing.assert_array_equal(fill_box(box, (6, 8)), expected)


def test_a_picture_without_pixels_has_run_lengths() -> None:
    nothing = np.zeros((0, 5), dtype=bool)
    assert decode_rle(encode_rle(nothing)).shape == (0, 5)
