"""Laws of masks and of files: what is written reads back, and order is an order."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saccade.core import Instances
from saccade.core.instances import id_array
from saccade.media import RunWriter, read_boxes_csv
from saccade.media.images import natural_order
from saccade.ops.masks import decode_rle, encode_rle, mask_box, read_palette_png, write_palette_png

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=80))


def slow_counts(mask: np.ndarray) -> list[int]:
    """Run lengths, pixel by pixel."""
    runs, current = [0], False
    for column in mask.T.tolist():
        for pixel in column:
            if pixel != current:
                runs.append(0)
                current = pixel
            runs[-1] += 1
    return runs


@given(masks)
def test_rle_there_and_back(mask: np.ndarray) -> None:
    rle = encode_rle(mask)
    assert np.array_equal(decode_rle(rle), mask)
    assert np.array_equal(decode_rle(rle | {"counts": rle["counts"].encode()}), mask)
    assert np.array_equal(decode_rle(rle | {"counts": slow_counts(mask)}), mask)
    assert all(48 <= ord(letter) < 112 for letter in rle["counts"])


@given(st.integers(1, 3000), st.integers(1, 40), st.data())
def test_rle_of_long_runs(height: int, width: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, height * width))
    mask = (np.arange(height * width) >= first).reshape((height, width), order="F")
    assert np.array_equal(decode_rle(encode_rle(mask)), mask)


@given(masks)
def test_the_box_of_a_mask_is_the_tightest(mask: np.ndarray) -> None:
    x1, y1, x2, y2 = (int(v) for v in mask_box(mask))
    assert mask[y1:y2, x1:x2].sum() == mask.sum()
    if mask.any():
        inside = mask[y1:y2, x1:x2]
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


@settings(max_examples=25)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_palette_pictures_there_and_back(ids: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_palette_png(Path(folder) / "ids.png", ids)
        assert np.array_equal(read_palette_png(Path(folder) / "ids.png"), ids)


targets = st.one_of(st.integers(-5, 10**6), st.text(st.characters(codec="utf-8", exclude_characters="\0\r")))
frames = st.lists(st.lists(targets, unique_by=str, min_size=1, max_size=4), min_size=1, max_size=4)


@settings(max_examples=40)
@given(frames, st.data())
def test_boxes_csv_there_and_back(ids: list[list[object]], data: st.DataObject) -> None:
    number = st.floats(-1e4, 1e4)
    written = []
    for index, row in enumerate(ids):
        boxes = np.array(data.draw(st.lists(st.tuples(*[number] * 4), min_size=len(row), max_size=len(row))))
        written.append(Instances(boxes=boxes, scores=np.ones(len(row)), ids=id_array(row), frame=2 * index))
    with tempfile.TemporaryDirectory() as folder:
        with RunWriter(folder) as run:
            for found in written:
                run.write(found)
        back = list(read_boxes_csv(Path(folder) / "boxes.csv"))
    assert [found.frame for found in back] == [found.frame for found in written]
    for one, other in zip(back, written, strict=True):
        # four decimals of x and of w
        assert np.abs(one.boxes - other.boxes).max() < 2e-4
        named = [str(target) for target in other.ids]
        assert [str(target) for target in (one.ids if one.ids is not None else [""] * len(named))] == named


@given(st.lists(st.text("ab01289_./", min_size=1, max_size=8), max_size=8), st.randoms())
def test_natural_order_does_not_depend_on_the_order_before(names: list[str], random: object) -> None:
    paths = [Path(name) for name in names]
    shuffled = random.sample(paths, len(paths))
    assert natural_order(shuffled) == natural_order(paths)


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=20))
def test_natural_order_counts(numbers: list[int]) -> None:
    ordered = natural_order(Path(f"img{number}.png") for number in numbers)
    assert [int(path.stem[3:]) for path in ordered] == sorted(numbers)
