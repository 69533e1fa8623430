"""Sequences: what boxes say of presence, and frames that are read when they are asked for."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.core import DatasetError, SourceError
from saccade.data import GroundTruth, Presence, Sequence

FILE = Path("groundtruth.txt")


@pytest.mark.parametrize(
    ("box", "presence"),
    [
        pytest.param([5, 6, 7, 8], Presence.PRESENT, id="a box"),
        pytest.param([0, 0, 7, 8], Presence.PRESENT, id="a box in the corner"),
        pytest.param([-20, -9, 7, 8], Presence.PRESENT, id="a box outside of the frame"),
        pytest.param([0, 0, 0, 0], Presence.ABSENT, id="no area: out of view, as in LaSOT"),
        pytest.param([5, 6, 7, 0], Presence.ABSENT, id="no height"),
        pytest.param([np.nan] * 4, Presence.UNKNOWN, id="NaN, as in UAV123"),
        pytest.param([-1] * 4, Presence.UNKNOWN, id="-1, as in OxUvA"),
    ],
)
def test_presence_is_read_out_of_boxes(box: list[float], presence: Presence) -> None:
    truth = GroundTruth.of_boxes(np.array([[1.0, 1.0, 1.0, 1.0], box], dtype=np.float64), FILE)
    assert truth.presence.tolist() == [Presence.PRESENT, presence]
    assert truth.is_present.tolist() == [True, presence is Presence.PRESENT]


def test_negative_size_is_refused_by_line() -> None:
    with pytest.raises(DatasetError, match=r"groundtruth.txt, line 2: the box has negative.*write NaN"):
        GroundTruth.of_boxes(np.array([[1.0, 1.0, 1.0, 1.0], [5.0, 5.0, -3.0, 4.0]]), FILE)


@pytest.mark.usefixtures("unchecked_shapes")
def test_rows_of_truth_must_agree() -> None:
    with pytest.raises(ValueError, match="2 boxes, but presence of 3 frames"):
        GroundTruth(np.ones((2, 4)), np.zeros(3, dtype=np.int8))


def _pictures(folder: Path, count: int) -> tuple[Path, ...]:
    paths = tuple(folder / f"{i}.png" for i in range(count))
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((12, 16, 3), (0, 0, 10 * i), dtype=np.uint8))
    return paths


def test_frames_come_by_index_and_in_order(tmp_path: Path) -> None:
    sequence = Sequence("ramp", _pictures(tmp_path, 4), GroundTruth.of_boxes(np.ones((4, 4)), FILE))
    assert len(sequence) == 4
    frames = list(sequence)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [tuple(frame.image[0, 0]) for frame in frames] == [(10 * i, 0, 0) for i in range(4)], "RGB"
    assert sequence[2].index == 2
    np.testing.assert_array_equal(sequence[2].image, frames[2].image)
    np.testing.assert_array_equal(sequence[-1].image, frames[3].image)
    with pytest.raises(IndexError):
        sequence[4]


def test_frames_are_read_late(tmp_path: Path) -> None:
    paths = _pictures(tmp_path, 3)
    sequence = Sequence("cut", paths, GroundTruth.of_boxes(np.ones((3, 4)), FILE))
    paths[1].write_bytes(paths[1].read_bytes()[:40])
    frames = iter(sequence)
    assert next(frames).index == 0
    with pytest.raises(SourceError, match=r"1\.png"):
        next(frames)


def test_frames_and_truth_must_be_as_many(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'short': 2 frames, but ground truth for 3"):
        Sequence("short", _pictures(tmp_path, 2), GroundTruth.of_boxes(np.ones((3, 4)), FILE))
