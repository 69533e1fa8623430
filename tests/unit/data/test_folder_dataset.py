"""Folders of sequences, laid out as in this or that benchmark, and what can be wrong with them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import Presence, open_dataset


def make_sequence(
    folder: Path, boxes: str, *, pictures: int = 2, place: str = "img", truth: str = "groundtruth_rect.txt"
) -> Path:
    """A sequence whose picture files are empty: nobody looks into them here."""
    (folder / place).mkdir(parents=True)
    for number in range(pictures):
        (folder / place / f"{number + 1}.jpg").touch()
    (folder / truth).write_text(boxes)
    return folder


BOXES = "1,2,3,4\n2,3,3,4\n"


@pytest.mark.parametrize("place", ["img", "color"])
@pytest.mark.parametrize("truth", ["groundtruth_rect.txt", "groundtruth.txt"])
def test_finds_sequences_in_every_layout(tmp_path: Path, place: str, truth: str) -> None:
    make_sequence(tmp_path / "car", BOXES, place=place, truth=truth)
    (sequence,) = open_dataset("folder", tmp_path).sequences
    assert sequence.name == "car"
    assert [path.name for path in sequence.images] == ["1.jpg", "2.jpg"]
    np.testing.assert_array_equal(sequence.truth.boxes, [[1, 2, 3, 4], [2, 3, 3, 4]])


def test_order_is_natural_and_strangers_are_passed_over(tmp_path: Path) -> None:
    for name in ("dog10", "dog2", "Car"):
        make_sequence(tmp_path / name, "1,2,3,4\n" * 11, pictures=11)
    (tmp_path / "results").mkdir()
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "Car" / "img" / "Thumbs.db").touch()
    (tmp_path / "Car" / "img" / "._1.jpg").touch()
    dataset = open_dataset("folder", tmp_path)
    assert [sequence.name for sequence in dataset.sequences] == ["Car", "dog2", "dog10"]
    assert [path.name for path in dataset.sequences[0].images] == [f"{i}.jpg" for i in range(1, 12)]


def test_a_single_sequence_is_a_data_set_too(tmp_path: Path) -> None:
    make_sequence(tmp_path / "car", BOXES)
    dataset = open_dataset("folder", str(tmp_path / "car"))
    assert [sequence.name for sequence in dataset.sequences] == ["car"]


def test_unknown_and_absent_stay_apart(tmp_path: Path) -> None:
    make_sequence(tmp_path / "car", "1,2,3,4\nNaN,NaN,NaN,NaN\n0,0,0,0\n", pictures=3)
    (sequence,) = open_dataset("folder", tmp_path).sequences
    assert sequence.truth.presence.tolist() == [Presence.PRESENT, Presence.UNKNOWN, Presence.ABSENT]


@pytest.mark.parametrize(
    ("boxes", "pictures", "message"),
    [
        pytest.param(
            BOXES, 3, r"img has 3 frames, but .*groundtruth_rect.txt has 2 lines", id="line missing"
        ),
        pytest.param(
            BOXES, 1, r"img has 1 frames, but .*groundtruth_rect.txt has 2 lines", id="frame missing"
        ),
        pytest.param(
            "0,0,0,0\n1,2,3,4\n", 2, "groundtruth_rect.txt, line 1: .*must have area", id="no first box"
        ),
        pytest.param("NaN,NaN,NaN,NaN\n1,2,3,4\n", 2, "line 1: .*must have area", id="first box unknown"),
        pytest.param("", 0, "car: no frames; put the pictures into .*img", id="nothing at all"),
        pytest.param("", 2, "img has 2 frames, but .*groundtruth_rect.txt has 0 lines", id="no lines"),
        pytest.param("1,2,3,4\n1,2,-3,4\n", 2, "groundtruth_rect.txt, line 2", id="negative size"),
    ],
)
def test_inconsistent_sequence_is_refused(tmp_path: Path, boxes: str, pictures: int, message: str) -> None:
    make_sequence(tmp_path / "car", boxes, pictures=pictures)
    with pytest.raises(DatasetError, match=message):
        open_dataset("folder", tmp_path)


def test_half_a_sequence_is_refused(tmp_path: Path) -> None:
    make_sequence(tmp_path / "a", "").joinpath("groundtruth_rect.txt").unlink()
    with pytest.raises(DatasetError, match=r"a: no ground truth; put it into .*groundtruth_rect.txt"):
        open_dataset("folder", tmp_path)
    shutil.rmtree(tmp_path / "a" / "img")
    (tmp_path / "a" / "groundtruth.txt").write_text(BOXES)
    with pytest.raises(DatasetError, match=r"a: no frames; put the pictures into .*img"):
        open_dataset("folder", tmp_path)


def test_otb_numbers_the_boxes_of_several_targets(tmp_path: Path) -> None:
    make_sequence(tmp_path / "Jogging", BOXES, truth="groundtruth_rect.1.txt")
    (tmp_path / "Jogging" / "groundtruth_rect.2.txt").write_text("5,6,7,8\n5,6,7,9\n")
    # OTB's Human4 comes so
    make_sequence(tmp_path / "Human4", "", truth="groundtruth_rect.1.txt")
    (tmp_path / "Human4" / "groundtruth_rect.2.txt").write_text(BOXES)
    sequences = {sequence.name: sequence for sequence in open_dataset("folder", tmp_path).sequences}
    assert list(sequences) == ["Human4_2", "Jogging_1", "Jogging_2"]
    assert {name: sequence.truth.boxes[1].tolist() for name, sequence in sequences.items()} == {
        "Human4_2": [2, 3, 3, 4],
        "Jogging_1": [2, 3, 3, 4],
        "Jogging_2": [5, 6, 7, 9],
    }


def test_frames_beside_the_boxes_are_found_as_in_got10k(tmp_path: Path) -> None:
    make_sequence(tmp_path / "car", BOXES, place=".", truth="groundtruth.txt")
    (sequence,) = open_dataset("folder", tmp_path).sequences
    assert (sequence.name, len(sequence)) == ("car", 2)
    for name, flags in (("absence.label", "0\n1\n"), ("cover.label", "8\n0\n")):
        (tmp_path / "car" / name).write_text(flags)
    (sequence,) = open_dataset("folder", tmp_path).sequences
    assert sequence.truth.presence.tolist() == [Presence.PRESENT, Presence.ABSENT]


def test_vot_is_known_by_its_files(tmp_path: Path) -> None:
    car = make_sequence(tmp_path / "car", "", place="color", truth="sequence")
    for number in (1, 2):
        (car / "color" / f"{number}.jpg").rename(car / "color" / f"{number:08d}.jpg")
    (car / "groundtruth_a.txt").write_text(BOXES)
    (car / "groundtruth_b.txt").write_text("0\n1,2,3,4\n")
    (sequence,) = open_dataset("folder", tmp_path).sequences
    assert dict(sequence.starts) == {"a": 0, "b": 1}
    (car / "groundtruth.txt").write_text("m1,1,2,2,0,4\n0,0,5,0,5,5,0,5\n")
    (sequence,) = open_dataset("folder", tmp_path, lazy=True).sequences
    with pytest.raises(DatasetError, match="its first frame cannot be read"):
        _ = sequence.truth


def test_two_data_sets_in_one_root_are_refused(tmp_path: Path) -> None:
    make_sequence(tmp_path / "car", BOXES)
    make_sequence(tmp_path / "MOT17-02", "", place="img1", truth="seqinfo.ini")
    message = r"holds several data sets: MOT \(MOT17-02\) and boxes \(car\); give each a root of its own"
    with pytest.raises(DatasetError, match=message):
        open_dataset("folder", tmp_path)
    (tmp_path / "MOT17-02" / "seqinfo.ini").unlink()
    (tmp_path / "JPEGImages").mkdir()
    (tmp_path / "Annotations").mkdir()
    with pytest.raises(
        DatasetError, match=rf"several data sets: DAVIS \({tmp_path.name}\) and boxes \(car\)"
    ):
        open_dataset("folder", tmp_path)


def test_a_sequence_of_the_motchallenge_alone(tmp_path: Path) -> None:
    car = make_sequence(tmp_path / "car", "[Sequence]\nseqLength=2\n", place="img1", truth="seqinfo.ini")
    for number in (1, 2):
        (car / "img1" / f"{number}.jpg").rename(car / "img1" / f"{number:06d}.jpg")
    (car / "gt").mkdir()
    (car / "gt" / "gt.txt").write_text("1,5,1,2,3,4,1,1,1\n")
    (sequence,) = open_dataset("folder", car).sequences
    assert (sequence.name, len(sequence), dict(sequence.starts)) == ("car", 2, {5: 0})


def test_missing_root_and_empty_root_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere: no such folder; expected ROOT/<sequence>/img"):
        open_dataset("folder", tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"no sequence in it; expected ROOT/<sequence>/img"):
        open_dataset("folder", tmp_path)


def test_unknown_data_set_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no data set 'folders'; did you mean 'folder'"):
        open_dataset("folders", tmp_path)


def test_reads_the_real_sequences(shared_data: Path) -> None:
    sequences = {
        sequence.name: sequence for sequence in open_dataset("folder", shared_data / "sot").sequences
    }
    lengths = {name: len(sequence) for name, sequence in sequences.items()}
    assert lengths == {
        "OTB_Car1": 250,
        "OTB_Crossing": 120,
        "OTB_Football1": 74,
        "OTB_Human3_first120": 120,
        "OTB_Jumping": 200,
        "OTB_Man": 134,
        "OTB_MotorRolling": 164,
        "UAV123_wakeboard7": 45,
        "VOT2016_bag": 196,
    }
    assert all(sequence.truth.is_present.all() for sequence in sequences.values())
    np.testing.assert_allclose(sequences["VOT2016_bag"].truth.boxes[0], [292.23, 128.36, 145.96, 132.47])
    assert sequences["OTB_MotorRolling"][163].size_wh == (640, 360)
    assert sequences["OTB_Car1"][0].is_gray
