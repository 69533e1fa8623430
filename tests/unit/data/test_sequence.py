"""Sequences: what boxes say of presence, and frames that are read when they are asked for."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.core import DatasetError, SourceError
from saccade.data import BoxAnnotation, Facts, GroundTruth, Presence, Sequence

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


@pytest.mark.parametrize("name", ["", "..", "a/b", "..\\a", "a\0"])
def test_a_name_that_no_result_file_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is no name for a sequence"):
        Sequence(name, _pictures(tmp_path, 2), _boxes([1, 1, 1, 1], [1, 1, 1, 1]))


def _boxes(*rows: list[float]) -> GroundTruth:
    return GroundTruth.of_boxes(np.array(rows, dtype=np.float64), FILE)


def test_the_truth_is_read_late_and_once(tmp_path: Path) -> None:
    calls = []

    def read() -> BoxAnnotation:
        calls.append(1)
        return BoxAnnotation({0: _boxes([1, 1, 1, 1], [2, 2, 2, 2])}, FILE)

    sequence = Sequence("late", _pictures(tmp_path, 2), read)
    assert not calls
    assert sequence.truth.boxes[1, 0] == 2
    assert sequence.objects[0].start == 0
    assert len(calls) == 1


def test_truth_of_another_length_names_both(tmp_path: Path) -> None:
    annotation = BoxAnnotation({0: _boxes([1, 1, 1, 1])}, FILE)
    sequence = Sequence("short", _pictures(tmp_path, 2), lambda: annotation)
    with pytest.raises(DatasetError, match=r"has 2 frames, but groundtruth.txt has 1 lines; give one line"):
        _ = sequence.truth


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param(FILE, "groundtruth.txt: object b has 1 rows, another has 2; give each", id="of a file"),
        pytest.param(None, "ground truth: object b has 1 rows", id="of one's own"),
    ],
)
def test_objects_must_have_as_many_frames(file: Path | None, message: str) -> None:
    long, short = _boxes([1, 1, 1, 1], [2, 2, 2, 2]), _boxes([1, 1, 1, 1])
    with pytest.raises(DatasetError, match=message):
        BoxAnnotation({"a": long, "b": short}, file)


def test_what_else_is_said_is_read_late_and_once(tmp_path: Path) -> None:
    calls = []

    def read() -> Facts:
        calls.append(1)
        return Facts(fps=25.0, category="fox", attributes=("OV",))

    sequence = Sequence("late", _pictures(tmp_path, 1), _boxes([1, 1, 1, 1]), read)
    assert not calls
    assert (sequence.fps, sequence.category, sequence.attributes) == (25, "fox", ("OV",))
    assert len(calls) == 1


def test_a_frame_without_a_polygon_has_none() -> None:
    polygons = np.array([[[0, 0], [4, 0], [4, 4]], np.full((3, 2), np.nan)], dtype=np.float64)
    known = _boxes([0, 0, 4, 4], [1, 1, 2, 2])
    truth = GroundTruth(known.boxes, known.presence, polygons)
    assert truth.polygon(0) is not None
    assert truth.polygon(1) is None
    assert known.polygon(0) is None


def test_several_objects_have_no_one_truth(tmp_path: Path) -> None:
    late = _boxes([0, 0, 0, 0], [1, 1, 1, 1])
    annotation = BoxAnnotation({"late": late, "early": _boxes([1, 1, 1, 1], [0, 0, 0, 0])})
    sequence = Sequence("two", _pictures(tmp_path, 2), annotation)
    assert list(sequence.starts.items()) == [("early", 0), ("late", 1)]
    assert list(sequence.objects) == ["early", "late"]
    with pytest.raises(
        DatasetError, match=r"'two' has 2 objects \(early, late\); this needs a data set with one"
    ):
        _ = sequence.truth
    with pytest.raises(KeyError):
        sequence.objects["other"]


def test_size_is_stated_or_that_of_the_first_frame(tmp_path: Path) -> None:
    paths, truth = _pictures(tmp_path, 1), _boxes([1, 1, 1, 1])
    assert Sequence("read", paths, truth).size_wh == (16, 12)
    assert Sequence("said", paths, truth, Facts(stated_wh=(640, 480))).size_wh == (640, 480)
    paths[0].write_bytes(b"")
    with pytest.raises(DatasetError, match="'broken': its first frame cannot be read"):
        _ = Sequence("broken", paths, truth).size_wh


def test_a_missing_frame_is_noticed_before_the_start(tmp_path: Path) -> None:
    paths = _pictures(tmp_path, 3)
    sequence = Sequence("cut", paths, _boxes(*[[1, 1, 1, 1]] * 3))
    sequence.verify()
    assert not sequence.is_missing
    paths[2].unlink()
    with pytest.raises(DatasetError, match=r"'cut': .*2.png is missing; put the frames there"):
        sequence.verify()
    paths[0].unlink()
    assert sequence.is_missing


def test_nan_means_what_the_data_set_says() -> None:
    boxes = np.array([[1, 1, 1, 1], [np.nan] * 4])
    assert GroundTruth.of_boxes(boxes, FILE, nan=Presence.ABSENT).presence[1] == Presence.ABSENT
    assert GroundTruth.of_boxes(boxes, FILE).presence[1] == Presence.UNKNOWN
